import { periodKey } from '../shared/core/period.ts';
import type { Price, PriceLookup, PriceTable, Rates } from '../shared/core/price.ts';
import { type PriceRow, type RateNumbers, type Table, type TierNumbers, tableSchema } from './schema.ts';
import table from './table.json' with { type: 'json' };

/**
 * Reads a price table, as a rule the one that was bundled with the function. A model is found by its exact id alone.
 *
 * The whole table is checked each time: it takes some milliseconds at the start of a function, and a table that was
 * damaged after its review must not price a single call.
 *
 * @throws Error that lists what is wrong with the table, by model
 */
export function loadPrices(data: unknown = table): PriceTable {
  const parsed = tableSchema.safeParse(data);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `  ${where(data, path)}: ${message}`);
    throw new Error(`The price table is not valid:\n${problems.join('\n')}\nRun "npm run prices:update".`);
  }
  return indexed(parsed.data);
}

function indexed({ prices, refused }: Table): PriceTable {
  const byModel = new Map<string, Price[]>();
  for (const row of prices) {
    const periods = byModel.get(row.model);
    if (periods === undefined) byModel.set(row.model, [toPrice(row)]);
    else periods.push(toPrice(row));
  }
  const reasons = new Map(refused.map(({ model, reason }) => [model, reason]));
  return {
    find(model: string, at: number): PriceLookup {
      const day = periodKey('day', at);
      const price = byModel.get(model)?.findLast(({ from }) => from === undefined || from <= day);
      if (price !== undefined) return { kind: 'priced', price };
      const reason = reasons.get(model);
      return reason === undefined ? { kind: 'unknown' } : { kind: 'refused', reason };
    },
  };
}

function toPrice({ rates, calls, longContext, sourceDate, ...row }: PriceRow): Price {
  return {
    model: row.model,
    family: row.family,
    source: `${row.source} (${sourceDate})`,
    contextWindow: row.contextWindow,
    maxOutputTokens: row.maxOutputTokens,
    maxImageTokens: row.maxImageTokens,
    rates: toTiers(rates, calls),
    ...(row.from === undefined ? {} : { from: row.from }),
    ...(row.searchPerCall === undefined ? {} : { searchPerCall: row.searchPerCall }),
    ...(longContext === undefined
      ? {}
      : { longContext: { over: longContext.over, rates: toTiers(longContext.rates, calls) } }),
  };
}

function toTiers(tiers: TierNumbers, calls: RateNumbers | undefined): Price['rates'] {
  return Object.fromEntries(
    Object.entries(tiers).map(([tier, rates]) => [tier, toRates({ ...calls, ...rates })]),
  );
}

function toRates(rates: RateNumbers): Rates {
  return Object.fromEntries(Object.entries(rates).map(([unit, rate]) => [unit, BigInt(rate)]));
}

/** Names the place of a problem by its model, not by its number in the list. */
function where(data: unknown, [list, index, ...rest]: readonly PropertyKey[]): string {
  const row = (data as Record<PropertyKey, Record<PropertyKey, { model?: unknown }>> | null)?.[list ?? '']?.[
    index ?? ''
  ];
  const name =
    typeof row?.model === 'string' ? row.model : `${String(list ?? 'the table')}[${String(index ?? '')}]`;
  return [name, ...rest.map(String)].join('.');
}
