import type { Deferred, Outcome } from '../../shared/core/ledger.ts';
import type { Picodollars } from '../../shared/core/money.ts';
import type { PriceTable } from '../../shared/core/price.ts';
import { tierOf } from '../../shared/core/rates.ts';
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
  /** OpenAI may have billed it, but said not what: the most that it can have cost is booked. */
  | {
      readonly kind: 'unknown';
      readonly status: number;
      readonly flag: 'no_usage' | 'broken' | 'upstream_lost';
      readonly serviceTier?: string | undefined;
    }
  /**
   * There is no more output than was seen: the caller left and the upstream was cancelled, or OpenAI turned the request
   * down in its midst. Counted, not told.
   */
  | {
      readonly kind: 'counted';
      readonly status: number;
      readonly seenOutputBytes: number | undefined;
      /** What flags it where what was seen bounds nothing. */
      readonly otherwise: 'estimated' | 'no_usage';
      readonly serviceTier?: string | undefined;
    }
  /** Nothing was sent. */
  | { readonly kind: 'unsent'; readonly status: number }
  /** Answered from the cache. */
  | { readonly kind: 'hit'; readonly status: number; readonly saved: Picodollars };

/** No end yet: OpenAI goes on working on it, or keeps it, and is asked later what it used. */
export interface Promised {
  readonly kind: 'deferred';
  readonly status: number;
  readonly deferred: Deferred;
  /** How it ended here, for the case that OpenAI does not tell. Absent: it did not. */
  readonly untold?: Ending;
}

/** How an answer came to its end, as far as that decides its cost. */
export type Seen = Pick<BodyEnd, 'how' | 'served'> & Partial<BodyEnd>;

/**
 * What OpenAI says that it used is owed, whatever else was wrong with the answer. What it did not say, of an answer that
 * it keeps, it may say later.
 *
 * @param status of OpenAI's answer
 * @param shown the status that the caller sees
 */
export function endingOf(work: Work, status: number, seen: Seen, shown = status): Ending | Promised {
  const { how, served, deferred, kept, failed = false } = seen;
  if (served !== undefined) return { kind: 'served', status: shown, served };
  // OpenAI charges nothing for its errors, nor for free endpoints.
  const isFree = work.kind === 'free' && work.rent === undefined;
  if (isFree || status >= 300) return { kind: 'uncharged', status: shown };
  if (deferred !== undefined) return { kind: 'deferred', status: shown, deferred };
  const ending = untoldEnding(seen, shown);
  const isCut = how === 'broken' || (how === 'complete' && failed);
  if (kept === undefined || !isCut) return ending;
  return { kind: 'deferred', status: shown, deferred: kept, untold: ending };
}

function untoldEnding({ how, cutShort, seenOutputBytes, serviceTier }: Seen, status: number): Ending {
  const counted = { kind: 'counted', status, seenOutputBytes, serviceTier } as const;
  if (how === 'left') return { ...counted, otherwise: 'estimated' };
  if (how === 'complete' && cutShort === true) return { ...counted, otherwise: 'no_usage' };
  return { kind: 'unknown', status, flag: how === 'broken' ? 'broken' : 'no_usage', serviceTier };
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
  switch (ending.kind) {
    case 'served':
      return { ...base, ...servedBy(call, ending.served, prices) };
    case 'uncharged':
      return { ...base, cost: 0n };
    case 'unknown':
      return { ...base, cost: mostOf(call, ending.serviceTier), flags: [ending.flag] };
    case 'counted':
      return { ...base, ...countedBy(call, ending) };
    case 'unsent':
      return { ...base, state: 'void', cost: 0n, tally: {} };
    case 'hit':
      return { ...base, cost: 0n, saved: ending.saved, tally: { calls: 1, hits: 1 } };
  }
}

function servedBy({ work, at, held }: HeldCall, served: Served, prices: PriceTable) {
  const price = work.kind === 'free' ? work.rent?.price : work.price;
  if (price === undefined) return { cost: 0n };
  return servedOutcome({ price, at, held: held.call.held }, served, prices);
}

/**
 * Tokens are never more than bytes, so what was seen bounds what was billed for it. Where more may have been put out than
 * could be seen (reasoning, audio), it bounds nothing.
 */
function countedBy(
  call: HeldCall,
  { seenOutputBytes, serviceTier, otherwise }: Extract<Ending, { kind: 'counted' }>,
): Pick<Outcome, 'cost' | 'flags'> {
  const isAllSeen = call.work.kind === 'metered' && call.work.price.reasons === false;
  if (seenOutputBytes === undefined || !isAllSeen)
    return { cost: mostOf(call, serviceTier), flags: [otherwise] };
  return { cost: mostOf(call, serviceTier, seenOutputBytes), flags: ['estimated'] };
}

/**
 * The most that a call can have cost, of what is known of its end: never more than was held, and less where an answer told
 * the tier that served it, since a hold is at the dearest.
 *
 * @param outputTokens at most; absent: as many as were held
 */
function mostOf(
  { work, held, outputCap }: HeldCall,
  serviceTier: string | undefined,
  outputTokens?: number,
): Picodollars {
  const { held: most } = held.call;
  if (work.kind === 'free') return most;
  // A tier of which an answer says nothing yet is named `auto`.
  const tier = serviceTier === undefined || serviceTier === 'auto' ? undefined : tierOf(serviceTier);
  const worst = (tier === undefined ? undefined : work.worstAt?.(tier)) ?? work.worst;
  const output = outputTokens ?? outputCap ?? worst.maxOutputTokens;
  const bound = worst.fixed + worst.perOutputToken * BigInt(output);
  return bound < most ? bound : most;
}
