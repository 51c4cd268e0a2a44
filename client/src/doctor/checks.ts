import { type Check, type Finding, good, note, type Patient } from './check.ts';
import { lookAtCredentials, lookAtRegion, lookAtWho } from './identity.ts';
import { lookAtAdmin, lookAtCall, lookAtClock, lookAtUrl } from './stage.ts';

/** What has to be right for a call to get through, each resting on those before it. */
export const CHECKS: readonly Check[] = [
  {
    name: 'versions',
    look: async ({ clientVersion }) => good(`farebox-client ${clientVersion} on Node ${process.version}`),
  },
  { name: 'region', look: lookAtRegion },
  { name: 'credentials', look: lookAtCredentials },
  { name: 'identity', needs: ['region', 'credentials'], look: lookAtWho },
  { name: 'clock', needs: ['region'], look: lookAtClock },
  { name: 'stage URL', look: lookAtUrl },
  { name: 'a call', needs: ['credentials', 'stage URL'], look: lookAtCall },
  { name: 'admin', needs: ['region', 'credentials'], look: lookAtAdmin },
];

export type Named = Finding & { readonly name: string };

/**
 * Looks at one thing, unless what it rests on is broken.
 *
 * @param before what was found so far
 */
export async function lookAt(check: Check, patient: Patient, before: readonly Named[]): Promise<Named> {
  const broken = before.find(({ name, state }) => state === 'bad' && check.needs?.includes(name));
  const finding =
    broken === undefined ? await check.look(patient) : note(`not looked at: first the ${broken.name}`);
  return { name: check.name, ...finding };
}
