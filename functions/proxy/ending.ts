import type { Deferred, Outcome } from '../../shared/core/ledger.ts';
import type { Picodollars } from '../../shared/core/money.ts';
import type { PriceTable } from '../../shared/core/price.ts';
import { servedOutcome } from '../../shared/core/told-outcome.ts';
import type { Served } from '../../shared/core/usage.ts';
import type { HeldCall, Work } from './call.ts';
import type { BodyEnd } from './metered-body.ts';

/** How a call that held money came to its end. */
export type Ending =
  /** OpenAI served it and said what it used. */
  | { readonly kind: 'served'; readonly status: number; readonly served: Served }
  /** OpenAI answered and charges nothing: an error, or a free endpoint. */
  | { readonly kind: 'uncharged'; readonly status: number }
  /** OpenAI may have billed it, but said not what: the full hold is booked. */
  | {
      readonly kind: 'unknown';
      readonly status: number;
      readonly flag: 'no_usage' | 'broken' | 'upstream_lost';
    }
  /** The caller left and the upstream was cancelled: counted, not told. */
  | { readonly kind: 'cancelled'; readonly status: number; readonly seenOutputBytes: number | undefined }
  /** Nothing was sent. */
  | { readonly kind: 'unsent'; readonly status: number }
  /** Answered from the cache. */
  | { readonly kind: 'hit'; readonly status: number; readonly saved: Picodollars };

/** No end yet: OpenAI goes on working on it, and tells what it used when it has ended. */
export interface Promised {
  readonly kind: 'deferred';
  readonly status: number;
  readonly deferred: Deferred;
}

type Seen = Pick<BodyEnd, 'how' | 'served'> & Partial<Pick<BodyEnd, 'deferred' | 'seenOutputBytes'>>;

/** What OpenAI says that it used is owed, whatever else was wrong with the answer. */
export function endingOf(
  work: Work,
  status: number,
  { how, served, deferred, seenOutputBytes }: Seen,
): Ending | Promised {
  if (served !== undefined) return { kind: 'served', status, served };
  // OpenAI charges nothing for its errors, nor for free endpoints.
  if (work.kind === 'free' || status >= 300) return { kind: 'uncharged', status };
  if (deferred !== undefined) return { kind: 'deferred', status, deferred };
  if (how === 'left') return { kind: 'cancelled', status, seenOutputBytes };
  return { kind: 'unknown', status, flag: how === 'broken' ? 'broken' : 'no_usage' };
}

/**
 * Works out what a call is booked at.
 *
 * @param at when this is decided, milliseconds since the epoch
 */
export function outcomeOf(call: HeldCall, ending: Ending, prices: PriceTable, at: number): Outcome {
  const base = {
    state: 'settled',
    saved: 0n,
    tally: { calls: 1 },
    flags: [],
    status: ending.status,
    decidedAt: at,
  } as const;
  const { held } = call.held.call;
  switch (ending.kind) {
    case 'served':
      return { ...base, ...servedBy(call, ending.served, prices) };
    case 'uncharged':
      return { ...base, cost: 0n };
    case 'unknown':
      return { ...base, cost: held, flags: [ending.flag] };
    case 'cancelled':
      return { ...base, cost: estimateOf(call, ending.seenOutputBytes), flags: ['estimated'] };
    case 'unsent':
      return { ...base, state: 'void', cost: 0n, tally: {} };
    case 'hit':
      return { ...base, cost: 0n, saved: ending.saved, tally: { calls: 1, hits: 1 } };
  }
}

function servedBy({ work, at, held }: HeldCall, served: Served, prices: PriceTable) {
  if (work.kind === 'free') return { cost: 0n };
  return servedOutcome({ price: work.price, at, held: held.call.held }, served, prices);
}

/**
 * Tokens are never more than bytes, so what was seen bounds what was billed for it; never more than was held. Where
 * more may have been put out than could be seen (reasoning, audio), nothing but the hold is a bound.
 */
function estimateOf({ work, held }: HeldCall, seenOutputBytes: number | undefined): Picodollars {
  if (work.kind === 'free') return 0n;
  if (seenOutputBytes === undefined || work.price.reasons !== false) return held.call.held;
  const estimate = work.worst.fixed + work.worst.perOutputToken * BigInt(seenOutputBytes);
  return estimate < held.call.held ? estimate : held.call.held;
}
