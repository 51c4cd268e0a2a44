import type { Picodollars } from './money.ts';
import type { Price, Rates, Tier } from './price.ts';
import { BILLED_CLASSES, type BilledClass } from './usage.ts';

/**
 * The most that one unit of every class can cost. 0 for the tokens that a model does not deal in (its price lists no
 * audio, say): OpenAI refuses a request for them.
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

/** Classes that are counted in calls or sessions; all others are counted in tokens. */
const CALL_CLASSES: ReadonlySet<BilledClass> = new Set([
  'web_search',
  'web_search_preview',
  'file_search',
  'container_1g',
  'container_4g',
  'container_16g',
  'container_64g',
]);

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

/** The rate of one unit, never nothing; `known` is false where it is a bound of Tollgate's and no price of OpenAI's. */
export function rateOf(
  rates: Rates,
  unit: BilledClass,
): { readonly rate: Picodollars; readonly known: boolean } {
  const rate = listedRate(rates, unit);
  if (rate === undefined) return { rate: dearestLike(rates, unit), known: false };
  return { rate, known: rates[unit] !== undefined || !DEARER_THAN_FALLBACK.has(unit) };
}

/** Per class, the highest of several rates. */
export function highest(all: readonly Rates[]): FullRates {
  const full = {} as Record<BilledClass, Picodollars>;
  for (const unit of BILLED_CLASSES) {
    const dealsIn = CALL_CLASSES.has(unit) || all.some((rates) => listedRate(rates, unit) !== undefined);
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

/** The dearest token for a token, the dearest call for a call; of everything, where the price has none of its kind. */
function dearestLike(rates: Rates, unit: BilledClass): Picodollars {
  const sameKind = BILLED_CLASSES.filter((other) => CALL_CLASSES.has(other) === CALL_CLASSES.has(unit));
  const dearest = max(sameKind.map((other) => rates[other] ?? 0n));
  return dearest > 0n ? dearest : max(Object.values(rates));
}
