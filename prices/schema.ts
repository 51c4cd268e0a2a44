import * as z from 'zod';
import { TIERS } from '../shared/core/price.ts';
import { BILLED_CLASSES } from '../shared/core/usage.ts';

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

const priceRow = z.strictObject({
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
});

const refusedRow = z.strictObject({ model: name, reason: name, source: name, sourceDate: day });

/** The shape of `table.json`. */
const tableSchema = z
  .strictObject({ base: name, prices: z.array(priceRow).min(1), refused: z.array(refusedRow) })
  .superRefine((table, context) => {
    const fail = (index: number, message: string, list: 'prices' | 'refused' = 'prices'): void => {
      context.addIssue({ code: 'custom', path: [list, index], message });
    };
    const latest = new Map<string, string>();
    table.prices.forEach((row, index) => {
      const before = latest.get(row.model);
      const from = row.from ?? '';
      if (before === undefined && from !== '') fail(index, 'the first price of a model must have no "from"');
      if (before !== undefined && from <= before) fail(index, 'is not later than the price before it');
      latest.set(row.model, from);
      if (row.maxOutputTokens > 0 && row.rates.default?.output === undefined)
        fail(index, 'has no output rate');
      if (row.searchPerCall === true && row.calls?.web_search === undefined)
        fail(index, 'searches in every call, and has no rate for it');
    });
    const refused = new Set<string>();
    table.refused.forEach((row, index) => {
      if (latest.has(row.model)) fail(index, 'is priced and refused', 'refused');
      if (refused.has(row.model)) fail(index, 'is refused twice', 'refused');
      refused.add(row.model);
    });
  });

export type Table = z.infer<typeof tableSchema>;
export type PriceRow = Table['prices'][number];
export type RateNumbers = z.infer<typeof rates>;
export type TierNumbers = PriceRow['rates'];

/**
 * Validates a price table.
 *
 * @throws Error that lists everything that is wrong with it, by model
 */
export function parseTable(data: unknown): Table {
  const parsed = tableSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `  ${whereIn(data, path)}: ${message}`);
  throw new Error(`The price table is not valid:\n${problems.join('\n')}`);
}

/** Names the place of a problem by its model rather than by its number in the list. */
function whereIn(data: unknown, path: readonly PropertyKey[]): string {
  const [list = '', index = '', ...rest] = path;
  const row: unknown = Object(Object(Object(data)[list])[index]).model;
  return [typeof row === 'string' ? row : `${String(list)}[${String(index)}]`, ...rest.map(String)].join('.');
}
