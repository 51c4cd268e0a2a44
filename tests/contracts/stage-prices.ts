import { describe, expect, it } from 'vitest';
import type { StagePrice, StagePrices } from '../../shared/ports/stage-prices.ts';

const price = (model: string, from: string, more: Partial<StagePrice> = {}): StagePrice => ({
  model,
  from,
  row: { model, from, rates: { default: { input: 2_000_000 } }, note: 'ü', none: null },
  setBy: 'alice',
  setAt: 1_795_000_000_123,
  ...more,
});

/** What every adapter of the port promises. */
export function stagePricesContract(name: string, open: () => Promise<StagePrices>): void {
  describe(`the prices of a stage (${name})`, () => {
    it('are none at first', async () => {
      expect(await (await open()).all()).toEqual([]);
    });

    it('are kept as they were set, by model and day', async () => {
      const prices = await open();
      const set = [price('a', '2026-01-01'), price('a', '2026-02-01'), price('b:1', '2025-12-31')];
      for (const each of [...set].reverse()) await prices.put(each);
      expect(await prices.all()).toEqual(set);
    });

    it('are replaced by those of the same model and day', async () => {
      const prices = await open();
      await prices.put(price('a', '2026-01-01'));
      const next = price('a', '2026-01-01', { row: { other: true }, setBy: 'bob', setAt: 7 });
      await prices.put(next);
      expect(await prices.all()).toEqual([next]);
    });

    it('are removed one by one', async () => {
      const prices = await open();
      await prices.put(price('a', '2026-01-01'));
      await prices.put(price('a', '2026-02-01'));
      expect(await prices.remove('a', '2026-01-01')).toEqual(price('a', '2026-01-01'));
      expect(await prices.remove('a', '2026-01-01')).toBeUndefined();
      expect(await prices.remove('a', '2026-03-01')).toBeUndefined();
      expect(await prices.all()).toEqual([price('a', '2026-02-01')]);
    });
  });
}
