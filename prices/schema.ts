import * as z from 'zod';
import { priceRow } from '../shared/pricing/row.ts';

const name = z.string().min(1);
const day = z.iso.date();

const refusedRow = z.strictObject({
  model: name,
  reason: name,
  /** A price alone is missing for it to be served. */
  unpriced: z.literal(true).optional(),
  source: name,
  sourceDate: day,
});

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
    });
    const refused = new Set<string>();
    table.refused.forEach((row, index) => {
      if (latest.has(row.model)) fail(index, 'is priced and refused', 'refused');
      if (refused.has(row.model)) fail(index, 'is refused twice', 'refused');
      refused.add(row.model);
    });
  });

export type Table = z.infer<typeof tableSchema>;

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
