import { REFUSAL, type Refusal } from '../../shared/core/refusal.ts';
import type { Exchange } from '../../shared/ports/app.ts';
import { readBroken } from './answer-form.ts';
import type { CacheSlot } from './cached.ts';
import type { HeldCall } from './call.ts';
import { additions, decide, finish } from './decide.ts';
import type { ProxyDeps } from './deps.ts';
import { type Ending, endingOf, type Promised } from './ending.ts';
import { ownCreated } from './own-created.ts';
import { notRetried, refusalReply } from './reply.ts';

/** OpenAI's answer broke off, or is none: what came of it is not sent on. */
export async function lost(
  call: HeldCall,
  status: number,
  bytes: Uint8Array,
  slot: CacheSlot,
  deps: ProxyDeps,
): Promise<Exchange> {
  const read = readBroken(call.work, bytes);
  const ending = endingOf(call.work, status, { how: 'broken', ...read }, BROKEN.status);
  const exchange = await turnedDown(call, slot, ending, BROKEN, deps);
  const { kept } = read;
  return kept === undefined
    ? exchange
    : { ...exchange, done: exchange.done.then(() => ownCreated(call, { id: kept.object }, deps)) };
}

/** A redirect is neither followed nor passed on: it could lead the key, or the caller, anywhere. */
export function redirected(
  call: HeldCall,
  upstream: Response,
  slot: CacheSlot,
  deps: ProxyDeps,
): Promise<Exchange> {
  deps.log.event('warn', 'upstream_redirected', { call: call.id, status: upstream.status });
  upstream.body?.cancel().catch(() => undefined);
  return turnedDown(call, slot, { kind: 'uncharged', status: REDIRECTED.status }, REDIRECTED, deps);
}

/** Tells the caller something else than OpenAI did. */
async function turnedDown(
  call: HeldCall,
  slot: CacheSlot,
  ending: Ending | Promised,
  refusal: Refusal,
  deps: ProxyDeps,
): Promise<Exchange> {
  const decided = await decide(call, ending, deps);
  const cost = decided.kind === 'outcome' ? decided.outcome.cost : undefined;
  // What is asked for later may cost something, too.
  const reply = cost === 0n ? refusal : notRetried(refusal);
  const response = refusalReply(reply, additions(call, slot, cost));
  return { response, done: finish(call, slot, decided, deps) };
}

const BROKEN: Refusal = {
  kind: REFUSAL,
  status: 502,
  type: 'server_error',
  code: 'upstream_broken',
  message:
    'OpenAI ended its answer before its end. Its cost is on the books as far as it can be known; sent again, the request ' +
    'costs again.',
};
const REDIRECTED: Refusal = {
  kind: REFUSAL,
  status: 502,
  type: 'server_error',
  code: 'upstream_redirected',
  message: 'OpenAI answered with a redirect, which is not followed: nothing was served, nothing is charged.',
};
