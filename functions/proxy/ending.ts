import type { Outcome } from '../../shared/core/ledger.ts';
import { tallySum } from '../../shared/core/ledger-rules.ts';
import type { Picodollars } from '../../shared/core/money.ts';
import type { Price, PriceTable } from '../../shared/core/price.ts';
import { type Cost, costOf, owedCounts } from '../../shared/core/pricing.ts';
import { max } from '../../shared/core/rates.ts';
import { mayReason } from '../../shared/core/reasoning.ts';
import type { Served, UsageCounts } from '../../shared/core/usage.ts';
import type { HeldCall } from './call.ts';

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
      return { ...base, ...servedOutcome(call, ending.served, prices) };
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

function servedOutcome(call: HeldCall, served: Served, prices: PriceTable) {
  if (call.work.kind === 'free') return { cost: 0n };
  const { held } = call.held.call;
  const flags: string[] = [];
  const price = priceServed(call, call.work.price, served, prices, flags);
  const parts = [
    pricePart(price, served),
    ...(served.also ?? []).map((part) => priceOther(call, part, prices)),
  ];
  flags.push(...new Set(parts.flatMap((part) => part.flags)));
  const sum = parts.reduce((total, part) => total + part.cost, 0n);
  const cost = parts.every((part) => part.bounded) ? sum : max([sum, held]);
  if (cost > held) flags.push('over_hold');
  return {
    cost,
    tally: { ...parts.reduce((total, part) => tallySum(total, part.counts), {}), calls: 1 },
    flags,
    ...(served.model === undefined ? {} : { servedModel: served.model }),
    ...(served.serviceTier === undefined ? {} : { serviceTier: served.serviceTier }),
  };
}

interface PricedPart extends Cost {
  readonly counts: UsageCounts;
}

function pricePart(price: Price, served: Served): PricedPart {
  return { ...costOf(price, served), counts: owedCounts(price, served) };
}

/** What another model did for the answer. Nothing bounds what one costs that has no price: not less than was held. */
function priceOther({ at }: HeldCall, part: Served, prices: PriceTable): PricedPart {
  const lookup = part.model === undefined ? undefined : prices.find(part.model, at);
  if (lookup?.kind === 'priced') return pricePart(lookup.price, part);
  return { cost: 0n, flags: ['unpriced'], bounded: false, counts: part.counts };
}

/**
 * The price of the model that OpenAI says it served. One that the table does not have (a snapshot of today, say) is
 * charged as the model that was asked for, and flagged for an admin to look into.
 */
function priceServed(
  call: HeldCall,
  asked: Price,
  served: Served,
  prices: PriceTable,
  flags: string[],
): Price {
  if (served.model === undefined || served.model === asked.model) return asked;
  const lookup = prices.find(served.model, call.at);
  if (lookup.kind === 'priced') return lookup.price;
  flags.push('unpriced');
  return asked;
}

/**
 * Tokens are never more than bytes, so what was seen bounds what was billed for it; never more than was held. Where
 * more may have been put out than could be seen (reasoning, audio), nothing but the hold is a bound.
 */
function estimateOf({ work, held, subject }: HeldCall, seenOutputBytes: number | undefined): Picodollars {
  if (work.kind === 'free') return 0n;
  if (seenOutputBytes === undefined || mayReason(subject.model)) return held.call.held;
  const estimate = work.worst.fixed + work.worst.perOutputToken * BigInt(seenOutputBytes);
  return estimate < held.call.held ? estimate : held.call.held;
}
