import { isKept } from '../../shared/core/created-objects.ts';
import { REFUSAL, type Refusal } from '../../shared/core/refusal.ts';
import { isGiven, refuseUnmetered } from '../../shared/core/request-checks.ts';
import type { Route } from '../../shared/core/treatments.ts';
import { storedTools } from '../../shared/deferred/stored-tools.ts';
import type { Admitted, Asked, Identified, OwnedReference, OwnNames } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { takeFree } from './free-rate.ts';

/** More conversations than these are not read for one call: a batch can name many. */
const MOST_READ = 10;

type Parts = Pick<ProxyDeps, 'freeCalls' | 'objects' | 'upstream' | 'settings'>;

/**
 * A conversation that a metered call goes on from must hold no tools that OpenAI would run, as nothing is held for these.
 * What was put into it here was checked on its way; any other, such as one that an admin gave, is read at OpenAI when a
 * call goes on from it for the first time.
 *
 * @param owned what the call names
 */
export async function checkContext(
  call: Identified,
  owned: readonly OwnedReference[],
  deps: Parts,
): Promise<Refusal | undefined> {
  const unvetted = owned.filter(({ owner: { kind, vetted } }) => kind === 'conversation' && vetted !== true);
  if (unvetted.length > MOST_READ)
    return refuseUnmetered(unvetted[MOST_READ]?.reference.param ?? '', TOO_MANY);
  const signal = AbortSignal.timeout(deps.settings.upstreamTimeoutMs);
  for (const { owner, reference } of unvetted) {
    const tools = await storedTools(owner.id, deps.upstream, signal, () => takeFree(call, 1, deps));
    if (typeof tools === 'object') return tools;
    if (tools === 'unknown') return UNREAD;
    if (tools !== 'none') return refuseUnmetered(reference.param, tools === 'hosted' ? HOSTED : TOO_LONG);
    await deps.objects.vet(owner.id);
  }
  return undefined;
}

/** The ids of items that a call has stored, sent whole, and that nobody owns. */
export function sentIds(found: Route, asked: Asked, names: readonly OwnNames[]): readonly string[] {
  return storesItems(found, asked) ? names.flatMap(({ strangers }) => strangers) : [];
}

/**
 * Before items are stored that were sent whole: an id that nobody owned is written down as sent, so that it does not
 * become the sender's when it comes back in a list. Throws `Unavailable`.
 */
export async function markSent(
  { id: call, projectName: project, user, sent }: Pick<Admitted, 'id' | 'projectName' | 'user' | 'sent'>,
  deps: Pick<ProxyDeps, 'objects'>,
): Promise<void> {
  if (sent.length === 0) return;
  await deps.objects.own(sent.map((id) => ({ id, kind: 'sent_item', project, user, call })));
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
