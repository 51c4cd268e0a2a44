import { describe, expect, it } from 'vitest';
import { formatUsd } from '../../../shared/core/money.ts';
import type { Price } from '../../../shared/core/price.ts';
import { costOf } from '../../../shared/core/pricing.ts';
import { BILLED_CLASSES, DETAIL_CLASSES, type Served, type UsageCounts } from '../../../shared/core/usage.ts';
import { FULL, M, MILLI, PLAIN } from '../../support/prices.ts';

function cost(price: Price, counts: UsageCounts, serviceTier?: string): { usd: string; flags: string[] } {
  const served: Served = { counts, ...(serviceTier === undefined ? {} : { serviceTier }) };
  const result = costOf(price, served);
  return { usd: formatUsd(result.cost), flags: result.flags };
}

describe('a model that searches the web in every call', () => {
  const searching: Price = { ...FULL, searchPerCall: true };
  it.each([
    [1, 0, 1],
    [3, 0, 3],
    [3, 2, 3],
    [1, 4, 4],
  ])('with %i choices and %i searches told owes %i', (choices, told, owed) => {
    const counts = { input: 1_000, ...(told === 0 ? {} : { web_search: told }) };
    // $0.002 of input, and $0.01 a search.
    expect(costOf(searching, { counts, choices }).cost).toBe(2n * MILLI + BigInt(owed) * 10n * MILLI);
    expect(costOf(FULL, { counts, choices }).cost).toBe(2n * MILLI + BigInt(told) * 10n * MILLI);
  });

  it('owes one where its choices are not told', () => {
    expect(costOf(searching, { counts: { input: 1_000 } }).cost).toBe(12n * MILLI);
  });
});

describe('what a call costs', () => {
  it.each([
    ['input', 1_000, '0.002'],
    ['cached_input', 1_000, '0.0002'],
    ['cache_write', 1_000, '0.0025'],
    ['cache_write_12h', 1_000, '0.005'],
    ['audio_input', 1_000, '0.032'],
    ['cached_audio_input', 1_000, '0.0004'],
    ['image_input', 1_000, '0.008'],
    ['cached_image_input', 1_000, '0.002'],
    ['output', 1_000, '0.01'],
    ['audio_output', 1_000, '0.064'],
    ['image_output', 1_000, '0.03'],
    ['web_search', 3, '0.03'],
    ['web_search_preview', 3, '0.075'],
    ['file_search', 3, '0.0075'],
    ['characters', 4_096, '0.06144'],
    ['audio_seconds', 90, '0.009'],
    ['container_1g', 20, '0.03'],
    ['container_4g', 20, '0.12'],
    ['container_16g', 20, '0.48'],
    ['container_64g', 20, '1.92'],
  ] as const)('%s: %d units cost $%s', (unit, count, usd) => {
    expect(cost(FULL, { [unit]: count })).toEqual({ usd, flags: [] });
  });

  it('has a hand-worked case for every billed class', () => {
    const all = Object.fromEntries(BILLED_CLASSES.map((unit) => [unit, 1]));
    // Per token 2 + 0.2 + 2.5 + 5 + 32 + 0.4 + 8 + 2 + 10 + 64 + 30 = 156.1 millionths, per character 15, per second 100;
    // per call 0.0375 dollars, per minute 0.1275.
    expect(cost(FULL, all)).toEqual({ usd: '0.1652711', flags: [] });
  });

  it('is the plain sum over the classes', () => {
    // 1,000 x $2 + 3,000 x $0.20 + 500 x $10, each for a million, and one search of $0.01.
    expect(cost(FULL, { input: 1_000, cached_input: 3_000, output: 500, web_search: 1 })).toEqual({
      usd: '0.0176',
      flags: [],
    });
  });

  it('counts the details of the output nowhere, as they are in the output', () => {
    const details = Object.fromEntries(DETAIL_CLASSES.map((unit) => [unit, 1_000]));
    expect(cost(FULL, details)).toEqual({ usd: '0', flags: [] });
  });

  it('is exact to the picodollar, far past what a float holds', () => {
    const odd: Price = { ...PLAIN, rates: { default: { input: 33_333_333n, output: 1n } } };
    expect(cost(odd, { input: 900_719_925, output: 1 }).usd).toBe('30023.997199760026');
  });

  it('refuses counts that no answer can have', () => {
    expect(() => costOf(PLAIN, { counts: { input: -1 } })).toThrow(RangeError);
    expect(() => costOf(PLAIN, { counts: { output: 0.5 } })).toThrow(RangeError);
    expect(() => costOf(PLAIN, { counts: { output: Number.NaN } })).toThrow(RangeError);
  });
});

describe('the tier as served', () => {
  it.each([
    [undefined, '0.012'],
    ['default', '0.012'],
    ['auto', '0.012'],
    ['scale', '0.012'],
    ['flex', '0.006'],
    ['priority', '0.024'],
    ['fast', '0.024'],
    ['ultrafast', '0.072'],
  ])('%s: 1,000 in and 1,000 out cost $%s', (tier, usd) => {
    expect(cost(FULL, { input: 1_000, output: 1_000 }, tier)).toEqual({ usd, flags: [] });
  });

  it.each(['warp', 'constructor', '__proto__', ''])(
    'an unknown tier, "%s", costs as much as the dearest, and is flagged',
    (tier) => {
      expect(cost(FULL, { input: 1_000, output: 1_000 }, tier)).toEqual({
        usd: '0.072',
        flags: ['unknown_tier'],
      });
    },
  );

  it('a discount that the price does not list is not given', () => {
    expect(cost(PLAIN, { input: 1_000 }, 'flex')).toEqual({ usd: '0.03', flags: ['unpriced_tier'] });
    expect(cost(FULL, { input: 1_000 }, 'batch')).toEqual({ usd: '0.002', flags: ['unpriced_tier'] });
  });

  it('a faster tier that the price does not list costs as much as the dearest that it does', () => {
    const { ultrafast: _, ...slower } = FULL.rates;
    expect(cost({ ...FULL, rates: slower }, { input: 1_000 }, 'ultrafast')).toEqual({
      usd: '0.004',
      flags: ['unpriced_tier'],
    });
  });
});

describe('long contexts', () => {
  it('272,000 tokens of input are not long', () => {
    expect(cost(FULL, { input: 272_000, output: 1_000 })).toEqual({ usd: '0.554', flags: [] });
  });

  it('272,001 are, and the whole request costs more', () => {
    expect(cost(FULL, { input: 272_001, output: 1_000 })).toEqual({ usd: '1.103004', flags: [] });
  });

  it('the input is counted over all of its classes', () => {
    // 200,000 x $4 + 72,001 x $0.40, each for a million.
    expect(cost(FULL, { input: 200_000, cached_input: 72_001 }).usd).toBe('0.8288004');
  });

  it.each([
    'cached_input',
    'cache_write',
    'cache_write_12h',
    'audio_input',
    'cached_audio_input',
    'image_input',
    'cached_image_input',
  ] as const)('one token of %s makes a full input long', (unit) => {
    expect(costOf(FULL, { counts: { input: 272_000, [unit]: 1 } }).cost).toBeGreaterThan(272_000n * 4n * M);
  });

  it('the output is not counted', () => {
    expect(cost(FULL, { input: 200_000, output: 100_000 }).usd).toBe('1.4');
  });

  it('a tier with no long-context rates is charged the dearest it could mean, and flagged', () => {
    // Not below ultrafast ($12 in), nor below the long default.
    expect(cost(FULL, { input: 300_000 }, 'ultrafast')).toEqual({ usd: '3.6', flags: ['unpriced_tier'] });
    expect(cost(FULL, { input: 300_000 }, 'flex')).toEqual({ usd: '1.2', flags: ['unpriced_tier'] });
  });
});

describe('a class without a rate is never free', () => {
  it.each([
    ['cached_input', '0.03'],
    ['cache_write', '0.03'],
    ['image_input', '0.03'],
    ['cached_image_input', '0.03'],
  ] as const)('%s is billed as plain input, as OpenAI does', (unit, usd) => {
    expect(cost(PLAIN, { [unit]: 1_000 })).toEqual({ usd, flags: [] });
  });

  it('a cached image is billed as cached text where images are billed as text', () => {
    const cached: Price = {
      ...PLAIN,
      rates: { default: { input: 2n * M, cached_input: M, output: 8n * M } },
    };
    expect(cost(cached, { cached_image_input: 1_000 })).toEqual({ usd: '0.001', flags: [] });
  });

  it('cached audio without a discount is billed as audio', () => {
    const audio: Price = {
      ...PLAIN,
      rates: { default: { input: 2n * M, audio_input: 40n * M, output: 8n * M } },
    };
    expect(cost(audio, { cached_audio_input: 1_000 })).toEqual({ usd: '0.04', flags: [] });
  });

  it('a 12-hour cache write is billed as the dearest write there is, and flagged', () => {
    const writes: Price = {
      ...PLAIN,
      rates: { default: { input: 2n * M, cache_write: 3n * M, output: 8n * M } },
    };
    expect(cost(writes, { cache_write_12h: 1_000 })).toEqual({ usd: '0.003', flags: ['unpriced'] });
  });

  it.each(['audio_input', 'audio_output', 'image_output'] as const)(
    '%s is billed as the dearest token, and flagged',
    (unit) => {
      expect(cost(PLAIN, { [unit]: 1_000 })).toEqual({ usd: '0.06', flags: ['unpriced'] });
    },
  );

  it('a tool call is billed as the dearest call, and flagged', () => {
    const searching: Price = {
      ...PLAIN,
      rates: { default: { input: M, output: M, web_search: 10n * MILLI } },
    };
    expect(cost(searching, { file_search: 2 })).toEqual({ usd: '0.02', flags: ['unpriced'] });
  });

  it.each(['file_search', 'container_4g', 'characters', 'audio_seconds'] as const)(
    '%s of a model that has no price of that kind is said to be a guess',
    (unit) => {
      const guess = { cost: 60n * M, flags: ['unpriced'], bounded: false };
      expect(costOf(PLAIN, { counts: { [unit]: 1 } })).toEqual(guess);
      expect(costOf(PLAIN, { counts: { audio_output: 1 } })).toEqual({ ...guess, bounded: true });
    },
  );

  it('a minute is billed as the dearest minute, whatever a call costs', () => {
    const renting: Price = {
      ...PLAIN,
      rates: { default: { input: M, output: M, web_search: 10n * MILLI, container_1g: 2n * MILLI } },
    };
    expect(cost(renting, { container_64g: 20 })).toEqual({ usd: '0.04', flags: ['unpriced'] });
  });

  it('what is free on purpose stays free', () => {
    const free: Price = { ...PLAIN, rates: { default: { input: 0n, output: 0n } } };
    expect(cost(free, { input: 1_000, output: 10 })).toEqual({ usd: '0', flags: [] });
  });
});
