import { CONTAINER_UNITS } from './containers.ts';
import type { Picodollars } from './money.ts';
import type { Price, Rates, Tier } from './price.ts';
import { type Certainty, candidates, type FullRates, highest, max, rateOf, tierOf } from './rates.ts';
import { BILLED_CLASSES, type BilledClass, type Served, type UsageCounts } from './usage.ts';

/** Every class that fills the context window, and so counts towards the long-context threshold. */
const INPUT_CLASSES: readonly BilledClass[] = [
  'input',
  'cached_input',
  'cache_write',
  'cache_write_12h',
  'audio_input',
  'cached_audio_input',
  'image_input',
  'cached_image_input',
];

/** What a call cost, and what an admin must look into: `unknown_tier`, `unpriced_tier`, `unpriced`. */
export interface Cost {
  readonly cost: Picodollars;
  readonly flags: string[];
  /** Whether it is the price or above it: not, where something was used of a kind that the price knows nothing of. */
  readonly bounded: boolean;
}

/** What bounds the rates of a request that was not sent yet. */
export interface RateBounds {
  /** The request's `service_tier`; absent is `auto`. */
  readonly requestedTier?: string | undefined;
  /** The dearest tier that `auto` may be served at in this stage's OpenAI project. */
  readonly autoTier: Tier;
  /** The one tier that serves the request, whatever it asks for. */
  readonly servedTier?: Tier;
  /** The most input tokens that the request can come to, tools' results included. */
  readonly maxInputTokens: number;
}

/**
 * Prices what was served: the plain sum of count times rate, exact, at the rates of the tier that served it, and at
 * the long-context rates for the whole request once its input is over the threshold.
 *
 * A price with gaps never makes a unit free. A class without a rate is billed as the class that OpenAI bills it as,
 * or at the dearest rate of its kind with the flag `unpriced`; a tier without rates at the dearest rates that it
 * could mean, with the flag `unpriced_tier` or `unknown_tier`. An absent tier is OpenAI's standard processing. What
 * other models did (`also`) is not in it: it has prices of its own.
 *
 * @returns picodollars, and the flags
 * @throws RangeError when a count is no whole number or negative: the meter that made it is broken
 */
export function costOf(price: Price, served: Served): Cost {
  const counts = owedCounts(price, served);
  const long = price.longContext !== undefined && inputTokens(counts) > price.longContext.over;
  const { rates, flags } = candidates(price, tierOf(served.serviceTier ?? 'default'), long);
  const sums = rates.map((candidate) => sumOf(candidate, counts));
  const found = new Set(sums.flatMap((sum) => sum.certainties));
  const unpriced = found.has('bound') || found.has('guess') ? ['unpriced'] : [];
  return {
    cost: max(sums.map((sum) => sum.cost)),
    flags: [...flags, ...unpriced],
    bounded: !found.has('guess'),
  };
}

/**
 * What was used, with what the answer does not say: a model that searches the web in every call owes one search for
 * each choice (OpenAI's pricing page, "Web search").
 */
export function owedCounts(price: Price, { counts, choices }: Served): UsageCounts {
  if (price.searchPerCall !== true) return counts;
  return { ...counts, web_search: Math.max(counts.web_search ?? 0, choices ?? 1) };
}

/**
 * The highest rate of every class over all tiers and context lengths that a request can be served at: what a worst
 * case is made of. Gaps of the price are filled as `costOf` fills them, but for tokens of a kind that the model does
 * not deal in.
 *
 * `auto`, or none: default and up to `autoTier` · `default`: itself · any other tier: itself or default, as OpenAI
 * may fall back · a name that the API does not have: all tiers. The long-context rates count once `maxInputTokens`
 * is over the threshold.
 */
export function dearestRates(price: Price, bounds: RateBounds): FullRates {
  const tiers = tiersOf(bounds);
  const canBeLong = price.longContext !== undefined && bounds.maxInputTokens > price.longContext.over;
  const lengths = canBeLong ? [false, true] : [false];
  const all: Rates[] = tiers.flatMap((tier) =>
    lengths.flatMap((long) => candidates(price, tier, long).rates),
  );
  return highest(all);
}

function tiersOf({ requestedTier = 'auto', autoTier, servedTier }: RateBounds): (Tier | undefined)[] {
  if (servedTier !== undefined) return [servedTier];
  return ['default', requestedTier === 'auto' ? autoTier : tierOf(requestedTier)];
}

/**
 * The dearest that one token of text in the input can be: plain, cached, or written to the prompt cache.
 *
 * @param rates from `dearestRates`
 * @param ttl the longest lifetime of a cache entry that the request asks for (`ttl` of `prompt_cache_options` and of
 *   the breakpoints in its content); a request that names none gets `30m`
 */
export function dearestTextInput(rates: FullRates, ttl: '30m' | '12h'): Picodollars {
  const written = ttl === '12h' ? rates.cache_write_12h : 0n;
  return max([rates.input, rates.cached_input, rates.cache_write, written]);
}

/** The dearest that one input token of an image can be, billed as an image or as text. See `dearestTextInput`. */
export function dearestImageInput(rates: FullRates, ttl: '30m' | '12h'): Picodollars {
  return max([rates.image_input, rates.cached_image_input, dearestTextInput(rates, ttl)]);
}

/** The dearest that one input token of audio can be, billed as audio or as text. See `dearestTextInput`. */
export function dearestAudioInput(rates: FullRates, ttl: '30m' | '12h'): Picodollars {
  return max([rates.audio_input, rates.cached_audio_input, dearestTextInput(rates, ttl)]);
}

/**
 * The dearest that one token of output can be.
 *
 * @param modalities what the request may be answered with; text is always among it
 */
export function dearestOutput(
  rates: FullRates,
  modalities: { readonly audio?: boolean; readonly image?: boolean } = {},
): Picodollars {
  return max([
    rates.output,
    modalities.audio === true ? rates.audio_output : 0n,
    modalities.image === true ? rates.image_output : 0n,
  ]);
}

/** What a minute of each container costs, at the dearest of several prices. */
export function dearestContainers(prices: readonly Pick<Price, 'rates'>[]): Rates {
  const units = Object.values(CONTAINER_UNITS);
  return Object.fromEntries(
    units.map((unit) => [unit, max(prices.map(({ rates }) => rates.default?.[unit] ?? 0n))]),
  );
}

/** Whether nothing that a price bills costs anything, in any tier. */
export function isFree({ rates, longContext }: Price): boolean {
  const all = [...Object.values(rates), ...Object.values(longContext?.rates ?? {})];
  return all.every((tier) => Object.values(tier).every((rate) => rate === 0n));
}

function inputTokens(counts: UsageCounts): number {
  return INPUT_CLASSES.reduce((total, unit) => total + (counts[unit] ?? 0), 0);
}

function sumOf(
  rates: Rates,
  counts: UsageCounts,
): { readonly cost: Picodollars; readonly certainties: readonly Certainty[] } {
  let cost = 0n;
  const certainties: Certainty[] = [];
  for (const unit of BILLED_CLASSES) {
    const count = counts[unit] ?? 0;
    if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${unit}: ${count} is no count`);
    if (count === 0) continue;
    const { rate, certainty } = rateOf(rates, unit);
    cost += BigInt(count) * rate;
    certainties.push(certainty);
  }
  return { cost, certainties };
}
