import { isKept } from '../../shared/core/created-objects.ts';
import { REFUSAL, type Refusal } from '../../shared/core/refusal.ts';
import { isGiven, refuseUnmetered } from '../../shared/core/request-checks.ts';
import type { Route } from '../../shared/core/treatments.ts';
import { storedTools } from '../../shared/deferred/stored-tools.ts';
import type { Asked, Identified, OwnNames } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { markSent } from './own.ts';

/** More conversations than these are not read for one call: a batch can name many. */
const MOST_READ = 10;

type Parts = Pick<ProxyDeps, 'objects' | 'upstream' | 'settings'>;

/**
 * The last look at a call before money is held for it. A conversation that it goes on from must hold no tools that OpenAI
 * would run, as nothing is held for these; and what it stores is marked that it did not make. Throws `Unavailable`.
 */
export async function checkContext(
  call: Identified,
  found: Route,
  asked: Asked,
  own: OwnNames,
  deps: Parts,
): Promise<Refusal | undefined> {
  const names = asked.lines === undefined ? [own] : [own, asked.lines];
  const refusal = asked.work.kind === 'free' ? undefined : await checkTools(names, deps);
  if (refusal !== undefined) return refusal;
  if (storesItems(found, asked)) await Promise.all(names.map((each) => markSent(call, each, deps)));
  return undefined;
}

/**
 * What was put into a conversation here was checked on its way. Any other, such as one that an admin gave, is read at
 * OpenAI when a metered call goes on from it for the first time.
 */
async function checkTools(names: readonly OwnNames[], deps: Parts): Promise<Refusal | undefined> {
  const unvetted = names
    .flatMap(({ owned }) => owned)
    .filter(({ owner: { kind, vetted } }) => kind === 'conversation' && vetted !== true);
  if (unvetted.length > MOST_READ)
    return refuseUnmetered(unvetted[MOST_READ]?.reference.param ?? '', TOO_MANY);
  const signal = AbortSignal.timeout(deps.settings.upstreamTimeoutMs);
  for (const { owner, reference } of unvetted) {
    const tools = await storedTools(owner.id, deps.upstream, signal);
    if (tools === 'unknown') return UNREAD;
    if (tools !== 'none') return refuseUnmetered(reference.param, tools === 'hosted' ? HOSTED : TOO_LONG);
    await deps.objects.vet(owner.id);
  }
  return undefined;
}

function storesItems({ objects, treatment }: Route, { work }: Asked): boolean {
  if (treatment.kind === 'batch') return true;
  if (work.kind === 'free') return objects.creates === 'conversation' || objects.creates === 'item';
  return (
    objects.creates === 'response' && (isKept('response', work.body) || isGiven(work.body, 'conversation'))
  );
}

const HOSTED =
  'This conversation holds tools that OpenAI runs, which would be billed without being named in this request. Delete ' +
  'these items, or begin a new conversation and name the tools in tools.';
const TOO_LONG = 'This conversation is too long to be read for tools that OpenAI would run. Begin a new one.';
const TOO_MANY = `A batch can go on from up to ${MOST_READ} conversations that were not made through this proxy.`;
const UNREAD: Refusal = {
  kind: REFUSAL,
  status: 502,
  type: 'server_error',
  code: 'upstream_unreachable',
  message: 'The conversation cannot be read at OpenAI, so nothing was forwarded. Try again in a moment.',
};
