import { callTime } from './call-id.ts';
import type { CallEntry, Outcome } from './ledger.ts';
import { tallySum } from './ledger-rules.ts';
import type { Picodollars } from './money.ts';
import type { Price, PriceTable } from './price.ts';
import { type Cost, costOf, owedCounts } from './pricing.ts';
import { max } from './rates.ts';
import type { Served, UsageCounts } from './usage.ts';

type Told = Pick<Outcome, 'cost' | 'tally' | 'flags' | 'servedModel' | 'serviceTier'>;

/** What a call asked for, and held for it. */
export interface Asked {
  /** Of the model that was asked for. */
  readonly price: Price;
  /** When it was asked, milliseconds since the epoch: prices of that day hold. */
  readonly at: number;
  readonly held: Picodollars;
}

/** What was served, priced; `bounded` is false where it may have cost anything, as one of its models has no price. */
export type Priced = Told & { readonly bounded: boolean };

/** Prices what OpenAI says that it served, by what was asked for. */
export function priceTold(asked: Omit<Asked, 'held'>, served: Served, prices: PriceTable): Priced {
  const flags: string[] = [];
  const price = priceServed(asked, served, prices, flags);
  const parts = [
    pricePart(price, served),
    ...(served.also ?? []).map((part) => priceOther(asked, part, prices)),
  ];
  flags.push(...new Set(parts.flatMap((part) => part.flags)));
  return {
    cost: parts.reduce((total, part) => total + part.cost, 0n),
    bounded: parts.every((part) => part.bounded),
    tally: { ...parts.reduce((total, part) => tallySum(total, part.counts), {}), calls: 1 },
    flags,
    ...(served.model === undefined ? {} : { servedModel: served.model }),
    ...(served.serviceTier === undefined ? {} : { serviceTier: served.serviceTier }),
  };
}

/** What a call is booked at, now that OpenAI told what it served. */
export function servedOutcome(asked: Asked, served: Served, prices: PriceTable): Told {
  const { bounded, ...told } = priceTold(asked, served, prices);
  const cost = bounded ? told.cost : max([told.cost, asked.held]);
  return { ...told, cost, flags: cost > asked.held ? [...told.flags, 'over_hold'] : told.flags };
}

interface PricedPart extends Cost {
  readonly counts: UsageCounts;
}

function pricePart(price: Price, served: Served): PricedPart {
  return { ...costOf(price, served), counts: owedCounts(price, served) };
}

/** What another model did for the answer. Nothing bounds what one costs that has no price: not less than was held. */
function priceOther({ at }: Pick<Asked, 'at'>, part: Served, prices: PriceTable): PricedPart {
  const lookup = part.model === undefined ? undefined : prices.find(part.model, at);
  if (lookup?.kind === 'priced') return pricePart(lookup.price, part);
  return { cost: 0n, flags: ['unpriced'], bounded: false, counts: part.counts };
}

/**
 * The price of the model that OpenAI says it served. One that the table does not have (a snapshot of today, say) is
 * charged as the model that was asked for, and flagged for an admin to look into.
 */
function priceServed(
  { price, at }: Omit<Asked, 'held'>,
  served: Served,
  prices: PriceTable,
  flags: string[],
): Price {
  if (served.model === undefined || served.model === price.model) return price;
  const lookup = prices.find(served.model, at);
  if (lookup.kind === 'priced') return lookup.price;
  flags.push('unpriced');
  return price;
}

/** What an entry's call asked for; `undefined` where the price table has lost the model since. */
export function askedBy(call: CallEntry, prices: PriceTable): Asked | undefined {
  const at = callTime(call.id);
  const lookup = prices.find(call.requestedModel, at);
  return lookup.kind === 'priced' ? { price: lookup.price, at, held: call.held } : undefined;
}

/**
 * The outcome of a call whose answer was taken for a promise, now that OpenAI told what it served.
 *
 * @param now milliseconds since the epoch
 */
export function toldOutcome(call: CallEntry, served: Served, prices: PriceTable, now: number): Outcome {
  const asked = askedBy(call, prices);
  if (asked === undefined) return untoldOutcome(call, 'unpriced', now);
  return settled(servedOutcome(asked, served, prices), now, shownStatus(call));
}

/**
 * The outcome of a call that has ended without telling what it used: its full hold, since OpenAI may bill it; of an answer
 * that broke off, what it can have cost at most by what was seen of it.
 */
export function untoldOutcome(call: CallEntry, flag: 'no_usage' | 'unpriced', now: number): Outcome {
  const { cost, flags } = call.deferred?.untold ?? { cost: call.held, flags: [flag] };
  return settled({ cost, tally: { calls: 1 }, flags }, now, shownStatus(call));
}

/** An outcome that is told after the caller was answered. */
export function settled(told: Told, now: number, status = 200): Outcome {
  return { state: 'settled', saved: 0n, status, decidedAt: now, ...told };
}

/** Only what broke off before anything was sent on was answered with anything but 200. */
function shownStatus({ deferred }: CallEntry): number | undefined {
  return deferred?.untold?.status;
}
