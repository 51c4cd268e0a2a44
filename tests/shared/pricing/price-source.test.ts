import { describe, expect, it } from 'vitest';
import { bundledPrices } from '../../../prices/load.ts';
import type { PriceTable } from '../../../shared/core/price.ts';
import { createMemoryStagePrices } from '../../../shared/memory/memory-stage-prices.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import type { StagePrice } from '../../../shared/ports/stage-prices.ts';
import { createPriceSource } from '../../../shared/pricing/price-source.ts';
import { stageTable } from '../../../shared/pricing/stage-table.ts';

const NOON = Date.parse('2026-11-25T12:00:00Z');
const ROW = {
  family: 'gpt-4o',
  source: 'https://example.com',
  sourceDate: '2026-11-25',
  contextWindow: 128_000,
  maxOutputTokens: 16_384,
  maxImageTokens: 1_445,
  rates: { default: { input: 3_000_000, output: 12_000_000 } },
};
const set = (from: string, input: number, model = 'gpt-4o', more: object = {}): StagePrice => ({
  model,
  from,
  row: { ...ROW, model, from, rates: { default: { input, output: 12_000_000 } }, ...more },
  setBy: 'alice',
  setAt: NOON,
});

function inputOf(table: PriceTable, model = 'gpt-4o', at = NOON): bigint | string | undefined {
  const found = table.find(model, at);
  if (found.kind === 'priced') return found.price.rates.default?.input;
  return found.kind === 'refused' ? found.reason : 'unknown';
}

describe('the prices of a stage', () => {
  const bundled = bundledPrices();
  const tableOf = (...prices: StagePrice[]) => stageTable(bundled, prices, 'global');

  it('are those of the release, but for the models that admins set', () => {
    expect(inputOf(tableOf(set('2026-11-25', 3_000_000)))).toBe(3_000_000n);
    expect(inputOf(tableOf(set('2026-11-25', 3_000_000)), 'gpt-4o-mini')).toBe(150_000n);
    expect(inputOf(tableOf(set('2026-11-25', 7, 'gpt-7')), 'gpt-7')).toBe(7n);
  });

  it('begin on their day, and the latest that has begun holds', () => {
    const table = tableOf(set('2026-11-25', 3), set('2026-11-26', 4));
    expect(inputOf(table, 'gpt-4o', NOON - 86_400_000)).toBe(2_500_000n);
    expect(inputOf(table)).toBe(3n);
    expect(inputOf(table, 'gpt-4o', NOON + 86_400_000)).toBe(4n);
  });

  it('do not count for a call that began before they were set, on the same day', () => {
    const table = tableOf(set('2026-11-25', 3));
    expect(inputOf(table, 'gpt-4o', NOON - 1)).toBe(2_500_000n);
    expect(inputOf(table, 'gpt-4o', NOON)).toBe(3n);
  });

  it('serve a model that the release refuses', () => {
    expect(inputOf(tableOf(), 'gpt-6-cyber')).toMatch(/no price/);
    expect(inputOf(tableOf(set('2026-11-25', 9, 'gpt-6-cyber')), 'gpt-6-cyber')).toBe(9n);
  });

  it('are paid at a regional endpoint with what that adds', () => {
    const table = stageTable(bundled, [set('2026-11-25', 15, 'gpt-7', { regional: true })], 'regional');
    expect(inputOf(table, 'gpt-7')).toBe(17n);
  });

  it.each([
    ['of another release', { discount: 0.5 }],
    ['without rates', { rates: {} }],
    ['of another model', { model: 'gpt-4' }],
    ['of another day', { from: '2020-01-01' }],
  ])('refuse a model whose price is %s, rather than use the one that it corrects', (_, more) => {
    expect(inputOf(tableOf(set('2026-11-25', 3, 'gpt-4o', more)))).toMatch(/cannot be read/);
  });
});

describe('a running function', () => {
  function start() {
    let now = NOON;
    let reads = 0;
    let broken = false;
    const warnings: string[] = [];
    const prices = createMemoryStagePrices();
    const source = createPriceSource({
      bundled: bundledPrices(),
      stagePrices: {
        async all() {
          reads += 1;
          if (broken) throw new Unavailable('no answer');
          return prices.all();
        },
      },
      endpoint: 'global',
      clock: { now: () => now },
      log: { event: (_, name) => void warnings.push(name), alarm: () => {} },
    });
    return {
      prices,
      warnings,
      input: async () => inputOf(await source.current(), 'gpt-4o', NOON),
      reads: () => reads,
      pass: (ms: number) => {
        now += ms;
      },
      broken: (is: boolean) => {
        broken = is;
      },
    };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('reads the prices once for all calls that come at once', async () => {
    const stage = start();
    await Promise.all([stage.input(), stage.input(), stage.input()]);
    expect(await stage.input()).toBe(2_500_000n);
    expect(stage.reads()).toBe(1);
  });

  it('reads them again after 20 seconds, and lets no call wait for that', async () => {
    const stage = start();
    await stage.input();
    await stage.prices.put(set('2026-11-25', 3));
    stage.pass(19_999);
    expect(await stage.input()).toBe(2_500_000n);
    expect(stage.reads()).toBe(1);
    stage.pass(1);
    expect(await stage.input()).toBe(2_500_000n);
    await settled();
    expect(await stage.input()).toBe(3n);
    expect(stage.reads()).toBe(2);
  });

  it('never uses prices that are 50 seconds old unread', async () => {
    const stage = start();
    await stage.input();
    await stage.prices.put(set('2026-11-25', 3));
    stage.pass(3_600_000);
    expect(await stage.input()).toBe(3n);
  });

  it('keeps the last prices while they cannot be read, and tries again every 5 seconds', async () => {
    const stage = start();
    await stage.prices.put(set('2026-11-25', 3));
    await stage.input();
    await stage.prices.remove('gpt-4o', '2026-11-25');
    stage.broken(true);
    stage.pass(60_000);
    expect(await stage.input()).toBe(3n);
    expect(await stage.input()).toBe(3n);
    expect(stage.reads()).toBe(2);
    expect(stage.warnings).toEqual(['prices_unread']);
    stage.broken(false);
    stage.pass(5_000);
    expect(await stage.input()).toBe(2_500_000n);
  });

  it('serves nothing before it has read them', async () => {
    const stage = start();
    stage.broken(true);
    await expect(stage.input()).rejects.toBeInstanceOf(Unavailable);
    await expect(stage.input()).rejects.toBeInstanceOf(Unavailable);
    stage.broken(false);
    expect(await stage.input()).toBe(2_500_000n);
  });
});
