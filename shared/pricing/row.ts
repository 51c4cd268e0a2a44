import * as z from 'zod';
import { type Price, type Rates, TIERS } from '../core/price.ts';
import { BILLED_CLASSES } from '../core/usage.ts';

const name = z.string().min(1);
const day = z.iso.date();
const count = z.int().nonnegative();

/** Picodollars for one unit, by class. Every rate is below 9,007 USD, so a JSON number holds it exactly. */
const rates = z.partialRecord(z.enum(BILLED_CLASSES), count);
/** What some model reads: without a rate for any of them, whatever it is given would be free. */
const TAKEN_IN = ['input', 'characters', 'audio_seconds'] as const;
const tokenRates = rates.refine(
  (classes) => TAKEN_IN.some((unit) => classes[unit] !== undefined),
  `has no rate for ${TAKEN_IN.join(', ')}`,
);
const byTier = z
  .partialRecord(z.enum(TIERS), tokenRates)
  .refine((tiers) => tiers.default !== undefined, 'has no rates for the default tier');

/** What one model costs from a day on, as it is kept: in `prices/table.json`, and in the table of a stage. */
export const priceRow = z
  .strictObject({
    model: name,
    family: name,
    /** The first UTC day on which it holds; absent: from the beginning. */
    from: day.optional(),
    source: name,
    /** The day on which the source was read. */
    sourceDate: day,
    contextWindow: z.int().positive(),
    maxOutputTokens: count,
    maxImageTokens: count,
    searchPerCall: z.literal(true).optional(),
    /** OpenAI's regional endpoints charge 10% more for it. */
    regional: z.literal(true).optional(),
    rates: byTier,
    /** Rates of calls and minutes, the same in every tier that has none of its own. */
    calls: rates.optional(),
    longContext: z.strictObject({ over: z.int().positive(), rates: byTier }).optional(),
  })
  .superRefine((row, context) => {
    const fail = (message: string): void => context.addIssue({ code: 'custom', message });
    if (row.maxOutputTokens > 0 && row.rates.default?.output === undefined) fail('has no output rate');
    if (row.searchPerCall === true && row.calls?.web_search === undefined)
      fail('searches in every call, and has no rate for it');
  });

export type PriceRow = z.infer<typeof priceRow>;
export type RateNumbers = z.infer<typeof rates>;
export type TierNumbers = PriceRow['rates'];

/** "Data residency endpoints are charged a 10% uplift" ("Data residency" guide). */
const REGIONAL_PERCENT = 110n;

/** Where in the world a stage calls OpenAI: `regional` endpoints charge more for some models. */
export type Endpoint = 'global' | 'regional';

/** The price of a row, at OpenAI's global endpoint or at one of its regional ones. */
export function toPrice(row: PriceRow, endpoint: Endpoint): Price {
  const percent = endpoint === 'regional' && row.regional === true ? REGIONAL_PERCENT : 100n;
  const toTiers = tiersAt(percent);
  return {
    model: row.model,
    family: row.family,
    source: `${row.source} (${row.sourceDate})`,
    contextWindow: row.contextWindow,
    maxOutputTokens: row.maxOutputTokens,
    maxImageTokens: row.maxImageTokens,
    rates: toTiers(row.rates, row.calls),
    ...(row.from === undefined ? {} : { from: row.from }),
    ...(row.searchPerCall === undefined ? {} : { searchPerCall: row.searchPerCall }),
    ...(row.regional === undefined ? {} : { regional: row.regional }),
    ...(row.longContext === undefined
      ? {}
      : { longContext: { over: row.longContext.over, rates: toTiers(row.longContext.rates, row.calls) } }),
  };
}

function tiersAt(percent: bigint) {
  return (tiers: TierNumbers, calls: RateNumbers | undefined): Price['rates'] =>
    Object.fromEntries(
      Object.entries(tiers).map(([tier, byClass]) => [tier, toRates({ ...calls, ...byClass }, percent)]),
    );
}

/** Rounded up to a whole picodollar, should one not come out even. */
function toRates(numbers: RateNumbers, percent: bigint): Rates {
  const at = (rate: number) => (BigInt(rate) * percent + 99n) / 100n;
  return Object.fromEntries(Object.entries(numbers).map(([unit, rate]) => [unit, at(rate)]));
}
