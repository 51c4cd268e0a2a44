import type { Deferred, Outcome } from '../../shared/core/ledger.ts';
import type { Picodollars } from '../../shared/core/money.ts';
import type { CacheSlot, Keepable } from './cached.ts';
import type { HeldCall } from './call.ts';
import { withTime } from './containers.ts';
import { defer } from './deferred.ts';
import type { ProxyDeps } from './deps.ts';
import { type Ending, outcomeOf, type Promised } from './ending.ts';
import type { Additions } from './reply.ts';
import { settle } from './settle.ts';

/** What an answer comes to on the books, or what tells it later. */
export type Decided =
  | { readonly kind: 'deferred'; readonly deferred: Deferred }
  | { readonly kind: 'outcome'; readonly outcome: Outcome };

/** Works out what is booked for an answer that ended so; the time of its containers is booked with it. */
export async function decide(call: HeldCall, seen: Ending | Promised, deps: ProxyDeps): Promise<Decided> {
  const ending = seen.kind === 'served' ? { ...seen, served: await withTime(call, seen.served, deps) } : seen;
  const outcomeAt = (at: Ending) => outcomeOf(call, at, deps.prices, deps.clock.now());
  if (ending.kind !== 'deferred') return { kind: 'outcome', outcome: outcomeAt(ending) };
  const { deferred, untold } = ending;
  if (untold === undefined) return { kind: 'deferred', deferred };
  const { cost, flags } = outcomeAt(untold);
  return { kind: 'deferred', deferred: { ...deferred, untold: { cost, flags, status: untold.status } } };
}

/** Books what was decided and keeps the answer; whoever waits for the same answer is let go in any case. */
export async function finish(
  call: HeldCall,
  slot: CacheSlot,
  decided: Decided,
  deps: ProxyDeps,
  complete?: Omit<Keepable, 'cost'>,
): Promise<void> {
  if (decided.kind === 'deferred') {
    await defer(call, decided.deferred, deps);
    return slot.release();
  }
  const { outcome } = decided;
  await Promise.all([
    settle(call, outcome, deps),
    complete && slot.keep({ ...complete, cost: outcome.cost }),
  ]);
  await slot.release();
}

/**
 * What a reply tells of its call.
 *
 * @param cost absent where it is not known yet
 */
export function additions(call: HeldCall, slot: CacheSlot, cost?: Picodollars): Additions {
  const { tightest } = call.held;
  const back = cost === undefined ? 0n : call.held.call.held - cost;
  return {
    callId: call.id,
    cache: slot.label,
    ...(cost === undefined ? {} : { cost }),
    ...(call.outputCap === undefined ? {} : { outputCap: call.outputCap }),
    ...(tightest === undefined ? {} : { remaining: tightest.remaining + back }),
  };
}
