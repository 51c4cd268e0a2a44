import type { StagePrice, StagePrices } from '../ports/stage-prices.ts';

/** The prices of a stage in memory: for tests, and for trying things out. */
export function createMemoryStagePrices(): StagePrices {
  const prices = new Map<string, StagePrice>();
  const keyOf = (model: string, from: string) => `${encodeURIComponent(model)}#${from}`;
  return {
    async put(price) {
      prices.set(keyOf(price.model, price.from), structuredClone(price));
    },
    async remove(model, from) {
      const found = prices.get(keyOf(model, from));
      prices.delete(keyOf(model, from));
      return found;
    },
    async all() {
      return [...prices].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, price]) => price);
    },
  };
}
