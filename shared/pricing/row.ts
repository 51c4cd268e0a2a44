import * as z from 'zod';
import { type Price, type Rates, TIERS } from '../core/price.ts';
import { BILLED_CLASSES } from '../core/usage.ts';
import { mostPictureTokens } from '../core/vision.ts';

const name = z.string().min(1);
const day = z.iso.date();
const count = z.int().nonnegative();
/** More units than any quality has: the tokens of an image grow with their square. */
const MOST_UNITS = 1_000;

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

const tokens = z.int().positive();
const quality = z.string().regex(/^[a-z]{1,20}$/, 'must be a quality, such as "high"');
const size = z.string().regex(/^\d{2,5}x\d{2,5}$/, 'must be a size, such as "1024x1024"');

/** `ImageOutput`, as it is kept and as admins give it. */
export const imageOutput = z.union(
  [
    z.strictObject({ sizes: notEmpty(z.record(quality, notEmpty(z.record(size, tokens)))) }),
    z.strictObject({ units: notEmpty(z.record(quality, tokens.max(MOST_UNITS))) }),
  ],
  'must be {"units": {"low": 16}} or {"sizes": {"low": {"1024x1024": 272}}}, for every quality',
);

const fit = z.tuple([z.int().positive(), z.int().positive()]).readonly();
const pictureRule = z.discriminatedUnion('rule', [
  z.strictObject({
    rule: z.literal('patches'),
    percent: z.int().positive(),
    low: fit,
    high: fit,
    original: fit,
    auto: z.enum(['high', 'original']),
  }),
  z.strictObject({ rule: z.literal('tiles'), base: count, tile: count }),
]);
/** `Vision`, as it is kept and as admins give it. */
export const vision = z.strictObject({
  rules: z.array(pictureRule).min(1).readonly(),
  inflation: z.int().min(100),
});

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
    vision: vision.optional(),
    searchPerCall: z.literal(true).optional(),
    /** Absent: it may put out what its answers do not show. */
    reasons: z.literal(false).optional(),
    /** Absent: nothing but `maxOutputTokens` bounds one image. */
    imageOutput: imageOutput.optional(),
    imageToolDefault: z.literal(true).optional(),
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
    if (row.vision !== undefined && row.maxImageTokens < mostPictureTokens(row.vision))
      fail('bills pictures as more than its maxImageTokens');
  });

function notEmpty<R extends Readonly<Record<string, unknown>>>(record: z.ZodType<R>): z.ZodType<R> {
  return record.refine((entries) => Object.keys(entries).length > 0, 'must not be empty');
}

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
    ...(row.vision === undefined ? {} : { vision: row.vision }),
    rates: toTiers(row.rates, row.calls),
    ...(row.from === undefined ? {} : { from: row.from }),
    ...(row.searchPerCall === undefined ? {} : { searchPerCall: row.searchPerCall }),
    ...(row.reasons === undefined ? {} : { reasons: row.reasons }),
    ...(row.imageOutput === undefined ? {} : { imageOutput: row.imageOutput }),
    ...(row.imageToolDefault === undefined ? {} : { imageToolDefault: row.imageToolDefault }),
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
