import { parseTable, type Table } from '../../prices/schema.ts';
import table from '../../prices/table.json' with { type: 'json' };
import type { PriceRow } from '../../shared/pricing/row.ts';
import { type Catalogue, kindOf, type SimulatedModel } from './models.ts';

/** How OpenAI dates its snapshots: `-2024-08-06`, and `-0613` before that. */
const DATE_SUFFIX = /^-(\d{4}-\d{2}-\d{2}|\d{4})$/;

/** The models of the price table as it stands. */
export function pricedModels(): Catalogue {
  return catalogueOf(parseTable(table));
}

/** The models of the simulated account: all that have a price. */
export function catalogueOf({ prices }: Pick<Table, 'prices'>): Catalogue {
  // Of a model with several prices the latest comes last, and stays.
  const rows = new Map(prices.map((row) => [row.model, row]));
  return new Map(
    [...rows.values()].map((row) => [row.model, modelOf(row, snapshotOf(row, [...rows.values()]))]),
  );
}

function modelOf(row: PriceRow, snapshot: string): SimulatedModel {
  return {
    id: row.model,
    snapshot,
    kind: kindOf(row.model),
    contextWindow: row.contextWindow,
    maxOutputTokens: row.maxOutputTokens,
    tiers: Object.keys(row.rates),
    cachesPrompts: row.rates.default?.cached_input !== undefined,
    cacheWrites: row.rates.default?.cache_write !== undefined,
  };
}

/** The newest dated snapshot that costs what the undated name costs, since that is what OpenAI bills for it. */
function snapshotOf(alias: PriceRow, rows: readonly PriceRow[]): string {
  const price = JSON.stringify([alias.rates, alias.longContext]);
  const dated = rows.filter(
    ({ model, rates, longContext }) =>
      model.startsWith(alias.model) &&
      DATE_SUFFIX.test(model.slice(alias.model.length)) &&
      JSON.stringify([rates, longContext]) === price,
  );
  const newest = dated.map(({ model }) => model).sort();
  return newest.at(-1) ?? alias.model;
}
