import type { Picodollars } from './money.ts';
import type { Price, Rates, Tier } from './price.ts';
import { BILLED_CLASSES, type BilledClass, UNITS, type Unit } from './usage.ts';

/**
 * The most that one unit of every class can cost. 0 for the tokens, characters and seconds that a model does not deal in
 * (its price lists no audio, say): OpenAI refuses a request for them.
 */
export type FullRates = Readonly<Record<BilledClass, Picodollars>>;

/**
 * The names of `service_tier` and the rates they are billed at. `fast` is the newer name of `priority`. `scale` is
 * capacity that was paid for in advance; it is charged at the default rates, so that limits still bind. `auto` is
 * no tier an answer should name, and is read as OpenAI's standard processing.
 */
const TIER_NAMES: Readonly<Record<string, Tier>> = {
  auto: 'default',
  default: 'default',
  standard: 'default',
  scale: 'default',
  flex: 'flex',
  batch: 'batch',
  priority: 'priority',
  fast: 'priority',
  ultrafast: 'ultrafast',
};

/** Tiers that never cost more than the default one: where they have no rates, the default ones bound them. */
const CHEAPER_TIERS: ReadonlySet<Tier> = new Set(['flex', 'batch']);

/**
 * Where a class without a rate of its own is billed. OpenAI bills cached tokens of a model without a discount, and
 * written ones of a model without a write price, as plain input; and images as text where a model's page lists no
 * rate for them.
 */
const BILLED_AS: Readonly<Partial<Record<BilledClass, readonly BilledClass[]>>> = {
  cached_input: ['input'],
  cache_write: ['input'],
  cache_write_12h: ['cache_write', 'input'],
  cached_audio_input: ['audio_input'],
  image_input: ['input'],
  cached_image_input: ['image_input', 'cached_input', 'input'],
  web_search: ['web_search_preview'],
};

/** Units of hosted tools, which do not depend on what a model reads and writes. */
const ANY_MODEL: ReadonlySet<Unit> = new Set(['call', 'minute']);

/** Classes that OpenAI is known to price above the class they fall back on. */
const DEARER_THAN_FALLBACK: ReadonlySet<BilledClass> = new Set(['cache_write_12h']);

/** Which rates an answer may have been billed at: more than one only where the price cannot tell. */
export interface Candidates {
  readonly rates: readonly Rates[];
  readonly flags: readonly string[];
}

/** The tier whose rates a `service_tier` is billed at; `undefined` for a name that OpenAI's API did not have. */
export function tierOf(serviceTier: string): Tier | undefined {
  return Object.hasOwn(TIER_NAMES, serviceTier) ? TIER_NAMES[serviceTier] : undefined;
}

/**
 * The rates of one tier. A tier that this price does not list is bounded: the default rates for one that is never
 * dearer, else all of the rates there are, flagged `unpriced_tier` (or `unknown_tier`, where there is no such tier).
 *
 * @param long whether the input is over the long-context threshold
 */
export function candidates(price: Price, tier: Tier | undefined, long: boolean): Candidates {
  const table = long && price.longContext !== undefined ? price.longContext.rates : price.rates;
  if (tier === undefined) return { rates: everyRate(price, long), flags: ['unknown_tier'] };
  const own = table[tier];
  if (own !== undefined) return { rates: [own], flags: [] };
  const bound = CHEAPER_TIERS.has(tier) ? table.default : undefined;
  return { rates: bound === undefined ? everyRate(price, long) : [bound], flags: ['unpriced_tier'] };
}

/**
 * How sure a rate is: `listed`, a price of OpenAI's · `bound`, the dearest that the price has for such a unit · `guess`,
 * the dearest of units that do not compare: nothing says that it is enough.
 */
export type Certainty = 'listed' | 'bound' | 'guess';

/** The rate of one unit, never nothing. */
export function rateOf(
  rates: Rates,
  unit: BilledClass,
): { readonly rate: Picodollars; readonly certainty: Certainty } {
  const listed = listedRate(rates, unit);
  if (listed !== undefined) {
    const own = rates[unit] !== undefined || !DEARER_THAN_FALLBACK.has(unit);
    return { rate: listed, certainty: own ? 'listed' : 'bound' };
  }
  const like = dearestOf(rates, UNITS[unit]);
  if (like > 0n) return { rate: like, certainty: 'bound' };
  return { rate: max(Object.values(rates)), certainty: 'guess' };
}

/** Whether a price has a rate for a class, in some tier, be it the one of the class that it is billed as. */
export function lists(price: Price, unit: BilledClass): boolean {
  return Object.values(price.rates).some((rates) => listedRate(rates, unit) !== undefined);
}

/** Per class, the highest of several rates. */
export function highest(all: readonly Rates[]): FullRates {
  const full = {} as Record<BilledClass, Picodollars>;
  for (const unit of BILLED_CLASSES) {
    const dealsIn = ANY_MODEL.has(UNITS[unit]) || all.some((rates) => listedRate(rates, unit) !== undefined);
    full[unit] = dealsIn ? max(all.map((rates) => rateOf(rates, unit).rate)) : 0n;
  }
  return full;
}

/** The highest of some amounts, none of them negative; 0 of none. */
export function max(amounts: readonly Picodollars[]): Picodollars {
  let most = 0n;
  for (const amount of amounts) if (amount > most) most = amount;
  return most;
}

function everyRate(price: Price, long: boolean): readonly Rates[] {
  const normal = Object.values(price.rates);
  return long ? [...normal, ...Object.values(price.longContext?.rates ?? {})] : normal;
}

function listedRate(rates: Rates, unit: BilledClass): Picodollars | undefined {
  if (rates[unit] !== undefined) return rates[unit];
  return BILLED_AS[unit]?.map((other) => rates[other]).find((rate) => rate !== undefined);
}

function dearestOf(rates: Rates, unit: Unit): Picodollars {
  return max(BILLED_CLASSES.filter((other) => UNITS[other] === unit).map((other) => rates[other] ?? 0n));
}
