import { periodKey } from '../core/period.ts';
import type { PriceLookup, PriceTable } from '../core/price.ts';
import { dearestContainers } from '../core/pricing.ts';
import type { StagePrice } from '../ports/stage-prices.ts';
import { type Endpoint, priceRow, toPrice } from './row.ts';

/**
 * The prices of a stage: those that its admins set, from the day on which each begins, and for everything else those
 * that the function was built with. A price does not count for calls that began before it was set: they are charged
 * by what they were held with, also those whose cost is told hours later. A price that cannot be read refuses its
 * model: it would correct another, which is not to be trusted then.
 *
 * @param set in the order of their days, for each model
 */
export function stageTable(bundled: PriceTable, set: readonly StagePrice[], endpoint: Endpoint): PriceTable {
  const byModel = Map.groupBy(set, ({ model }) => model);
  const lookups = new Map<StagePrice, PriceLookup>();
  const begunBy = (prices: readonly StagePrice[] = [], at: number): StagePrice | undefined => {
    const day = periodKey('day', at);
    return prices.findLast(({ from, setAt }) => from <= day && setAt <= at);
  };
  const find = (model: string, at: number): PriceLookup => {
    const begun = begunBy(byModel.get(model), at);
    if (begun === undefined) return bundled.find(model, at);
    const found = lookups.get(begun) ?? lookup(begun, endpoint);
    lookups.set(begun, found);
    return found;
  };
  const isDefault = (model: string, at: number): boolean => {
    const found = find(model, at);
    return found.kind === 'priced' && found.price.imageToolDefault === true;
  };
  return {
    find,
    containerRates(at) {
      const own = [...byModel.keys()].map((model) => find(model, at));
      const prices = own.flatMap((found) => (found.kind === 'priced' ? [found.price] : []));
      return dearestContainers([...prices, { rates: { default: bundled.containerRates(at) } }]);
    },
    defaultImageModel(at) {
      const begun = [...byModel.values()].flatMap((prices) => begunBy(prices, at) ?? []);
      const ownDefault = begun
        .filter(({ model }) => isDefault(model, at))
        .sort((a, b) => a.setAt - b.setAt)
        .at(-1)?.model;
      const listed = bundled.defaultImageModel(at);
      return ownDefault ?? (listed !== undefined && isDefault(listed, at) ? listed : undefined);
    },
  };
}

function lookup({ model, from, row }: StagePrice, endpoint: Endpoint): PriceLookup {
  const parsed = priceRow.safeParse(row);
  if (parsed.success && parsed.data.model === model && parsed.data.from === from)
    return { kind: 'priced', price: toPrice(parsed.data, endpoint) };
  return {
    kind: 'refused',
    unpriced: true,
    reason: 'the price that was set for it cannot be read; ask an admin to set it again',
  };
}
