import { periodKey } from '../shared/core/period.ts';
import type { Price, PriceLookup, PriceTable, Rates } from '../shared/core/price.ts';
import type { PriceRow, RateNumbers, Table, TierNumbers } from './schema.ts';
import bundled from './table.json' with { type: 'json' };

/** "Data residency endpoints are charged a 10% uplift" ("Data residency" guide). */
const REGIONAL_PERCENT = 110n;

/** Where in the world a stage calls OpenAI: `regional` endpoints charge more for some models. */
export type Endpoint = 'global' | 'regional';

/**
 * The prices that were bundled with the function. They are not validated again at each cold start (that takes longer
 * than all other wiring): the updater validates the table before it writes it, and a test fails when the file is not
 * what the updater writes.
 */
export function bundledPrices(endpoint: Endpoint = 'global'): PriceTable {
  return toPriceTable(bundled as Table, endpoint);
}

/**
 * Makes a table that finds a model by its exact id alone, and the price that holds on the UTC day of the call. A row
 * is converted when it is first asked for.
 *
 * @param table validated, as `parseTable` returns it
 */
export function toPriceTable({ prices, refused }: Table, endpoint: Endpoint = 'global'): PriceTable {
  const rows = Map.groupBy(prices, ({ model }) => model);
  const reasons = new Map(refused.map(({ model, reason }) => [model, reason]));
  const converted = new Map<PriceRow, Price>();
  return {
    find(model: string, at: number): PriceLookup {
      const day = periodKey('day', at);
      const row = rows.get(model)?.findLast(({ from }) => from === undefined || from <= day);
      if (row === undefined) {
        const reason = reasons.get(model);
        return reason === undefined ? { kind: 'unknown' } : { kind: 'refused', reason };
      }
      const price = converted.get(row) ?? toPrice(row, endpoint);
      converted.set(row, price);
      return { kind: 'priced', price };
    },
  };
}

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
    ...(row.longContext === undefined
      ? {}
      : { longContext: { over: row.longContext.over, rates: toTiers(row.longContext.rates, row.calls) } }),
  };
}

function tiersAt(percent: bigint) {
  return (tiers: TierNumbers, calls: RateNumbers | undefined): Price['rates'] =>
    Object.fromEntries(
      Object.entries(tiers).map(([tier, rates]) => [tier, toRates({ ...calls, ...rates }, percent)]),
    );
}

/** Rounded up to a whole picodollar, should one not come out even. */
function toRates(rates: RateNumbers, percent: bigint): Rates {
  const at = (rate: number) => (BigInt(rate) * percent + 99n) / 100n;
  return Object.fromEntries(Object.entries(rates).map(([unit, rate]) => [unit, at(rate)]));
}
