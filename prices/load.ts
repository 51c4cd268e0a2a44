import { periodKey } from '../shared/core/period.ts';
import type { Price, PriceLookup, PriceTable, Rates } from '../shared/core/price.ts';
import { dearestContainers } from '../shared/core/pricing.ts';
import { type Endpoint, type PriceRow, toPrice } from '../shared/pricing/row.ts';
import type { Table } from './schema.ts';
import bundled from './table.json' with { type: 'json' };

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
  const reasons = new Map(refused.map((row) => [row.model, row]));
  const converted = new Map<PriceRow, Price>();
  const rowOf = (model: string, at: number): PriceRow | undefined => {
    const day = periodKey('day', at);
    return rows.get(model)?.findLast(({ from }) => from === undefined || from <= day);
  };
  const priceOf = (row: PriceRow): Price => {
    const price = converted.get(row) ?? toPrice(row, endpoint);
    converted.set(row, price);
    return price;
  };
  const defaults = [...new Set(prices.filter((row) => row.imageToolDefault).map(({ model }) => model))];
  let containers: { readonly day: string; readonly rates: Rates } | undefined;
  return {
    containerRates(at) {
      const day = periodKey('day', at);
      if (containers?.day !== day) {
        const inForce = [...rows.keys()].flatMap((model) => rowOf(model, at) ?? []);
        containers = { day, rates: dearestContainers(inForce.map(priceOf)) };
      }
      return containers.rates;
    },
    defaultImageModel(at) {
      const inForce = defaults
        .flatMap((model) => rowOf(model, at) ?? [])
        .filter((row) => row.imageToolDefault);
      return inForce.sort((a, b) => ((a.from ?? '') < (b.from ?? '') ? -1 : 1)).at(-1)?.model;
    },
    find(model: string, at: number): PriceLookup {
      const row = rowOf(model, at);
      if (row === undefined) {
        const known = reasons.get(model);
        if (known === undefined) return { kind: 'unknown' };
        const { reason, unpriced } = known;
        return { kind: 'refused', reason, ...(unpriced === undefined ? {} : { unpriced }) };
      }
      return { kind: 'priced', price: priceOf(row) };
    },
  };
}
