import { describe, expect, it } from 'vitest';
import type { Base } from '../../prices/genai.ts';
import { mergeTable } from '../../prices/merge.ts';
import type { Group } from '../../prices/overlay/types.ts';
import { summarize } from '../../prices/report.ts';
import { perMillion, perUnit, times, toNumber } from '../../shared/core/usd.ts';

const base: Base = {
  name: 'base 1.0',
  entries: ['plain', 'dated', 'long', 'stray'],
  periods(entry) {
    const input = { rates: { input: '2', output: '8' }, fees: {} };
    if (entry === 'plain') return [input];
    if (entry === 'dated')
      return [input, { from: '2026-06-01', rates: { input: '1', output: '4' }, fees: {} }];
    if (entry === 'long') return [{ ...input, long: { input: '4', output: '12' } }];
    throw new Error(`the base has no entry ${entry}`);
  },
  entryOf: (model) => model,
};

const GROUP: Group = {
  family: 'f',
  models: ['f-2026', 'f'],
  base: 'plain',
  contextWindow: 100,
  maxOutputTokens: 10,
  vision: 5,
  source: 'https://example.com',
  sourceDate: '2026-11-21',
};

const rowsOf = (group: Partial<Group>) =>
  mergeTable(base, { groups: [{ ...GROUP, ...group }], refused: [], leftOut: [] }).prices;

describe('the table is made of the base and the overlay', () => {
  it('a row for each exact id, sorted, with both sources', () => {
    expect(rowsOf({})).toEqual([
      expect.objectContaining({ model: 'f', rates: { default: { input: 2_000_000, output: 8_000_000 } } }),
      expect.objectContaining({ model: 'f-2026', source: 'base 1.0 (plain); https://example.com' }),
    ]);
  });

  it('a row for each period, ours after those of the base', () => {
    const own = { from: '2026-12-01', rates: { input: '3', output: '9' } };
    const rows = rowsOf({ models: ['f'], base: 'dated', periods: [own] });
    expect(rows.map(({ from, rates, source }) => [from, rates.default?.input, source])).toEqual([
      [undefined, 2_000_000, 'base 1.0 (dated); https://example.com'],
      ['2026-06-01', 1_000_000, 'base 1.0 (dated); https://example.com'],
      ['2026-12-01', 3_000_000, 'https://example.com'],
    ]);
  });

  it('our rates correct those of the base, and add to them', () => {
    const [row] = rowsOf({ rates: { input: '2.5', audio_input: '40' } });
    expect(row?.rates.default).toEqual({ input: 2_500_000, output: 8_000_000, audio_input: 40_000_000 });
  });

  it('tiers are worked out, the long contexts too where the rule holds for them', () => {
    const [row] = rowsOf({
      base: 'long',
      longContextOver: 272_000,
      cacheWrite12h: '2.5',
      tiers: { flex: { factor: '0.5', long: true }, priority: { rates: { input: '5', output: '20' } } },
    });
    expect(row?.rates).toEqual({
      default: { input: 2_000_000, output: 8_000_000, cache_write_12h: 5_000_000 },
      flex: { input: 1_000_000, output: 4_000_000, cache_write_12h: 2_500_000 },
      priority: { input: 5_000_000, output: 20_000_000 },
    });
    expect(row?.longContext).toEqual({
      over: 272_000,
      rates: {
        default: { input: 4_000_000, output: 12_000_000, cache_write_12h: 10_000_000 },
        flex: { input: 2_000_000, output: 6_000_000, cache_write_12h: 5_000_000 },
      },
    });
  });

  it("a search that is billed a block of input costs that block at each tier's own rate", () => {
    const [row] = rowsOf({
      tools: { web_search: '0.01' },
      searchContentTokens: 8_000,
      tiers: { priority: { rates: { input: '4', output: '16' } } },
    });
    expect(row?.rates.default?.web_search).toBe(26_000_000_000);
    expect(row?.rates.priority?.web_search).toBe(42_000_000_000);
  });

  it.each<[string, Partial<Group>, RegExp]>([
    ['an entry that the base does not have', { base: 'gone' }, /f-2026: the base has no entry gone/],
    ['a long-context price with no threshold', { base: 'long' }, /needs its threshold/],
    ['a threshold with no long-context price', { longContextOver: 272_000 }, /needs its threshold/],
    ['a rate finer than a picodollar', { rates: { input: '0.0000001' } }, /finer than a picodollar/],
    ['a price that is none', { rates: { input: 'free' } }, /free is no price/],
  ])('%s fails the update, and names the model', (_, change, message) => {
    expect(() => rowsOf(change)).toThrow(message);
  });
});

describe('prices are converted exactly', () => {
  it.each([
    ['2.5', 2_500_000n],
    ['0.075', 75_000n],
    ['0.0025', 2_500n],
    ['300', 300_000_000n],
    ['0.000001', 1n],
    [String(0.1 + 0.2 - 0.2), undefined],
  ])('$%s for a million', (usd, picodollars) => {
    if (picodollars === undefined) expect(() => perMillion(usd)).toThrow(/no price/);
    else expect(perMillion(usd)).toBe(picodollars);
  });

  it('factors too', () => {
    expect(times(1_250_000n, '1.7')).toBe(2_125_000n);
    expect(() => times(1n, '0.5')).toThrow(/finer/);
    expect(() => perUnit('-1')).toThrow(/no price/);
    expect(() => toNumber(2n ** 53n)).toThrow(/do not fit/);
  });
});

describe('the summary of an update', () => {
  const overlay = { groups: [GROUP], refused: [], leftOut: ['dated', 'long'] };
  const after = mergeTable(base, overlay);

  it('says what came, went and moved, and what the base has that nobody took', () => {
    const moved = structuredClone(after);
    const [first] = moved.prices;
    if (first?.rates.default !== undefined) first.rates.default.input = 7;
    const before = {
      ...moved,
      prices: [...moved.prices.slice(0, 1), { ...moved.prices[0], model: 'old' }],
    } as typeof after;
    expect(summarize(before, after, base, overlay)).toEqual([
      '- old',
      '~ f: rates.default.input 7 -> 2000000',
      '+ f-2026',
      '? stray is new in the base: add it to the overlay, or to what is left out',
      '2 prices of 2 models, 0 models refused, from base 1.0 and the overlay.',
    ]);
  });

  it('is calm where nothing changed', () => {
    expect(summarize(after, after, base, overlay)[0]).toBe('No price changed.');
  });
});
