import { describe, expect, it } from 'vitest';
import { bundledPrices } from '../../prices/load.ts';
import { formatUsd } from '../../shared/core/money.ts';
import type { Price, Tier } from '../../shared/core/price.ts';
import { costOf } from '../../shared/core/pricing.ts';
import type { UsageCounts } from '../../shared/core/usage.ts';

const prices = bundledPrices();
const TODAY = Date.UTC(2026, 10, 21, 12);

function priceOf(model: string, at = TODAY): Price {
  const found = prices.find(model, at);
  if (found.kind !== 'priced') throw new Error(`${model} is ${found.kind}`);
  return found.price;
}

function usd(model: string, counts: UsageCounts, serviceTier: string = 'default', at = TODAY): string {
  const { cost, flags } = costOf(priceOf(model, at), { counts, serviceTier });
  expect(flags).toEqual([]);
  return formatUsd(cost);
}

describe('a model is found by its exact id', () => {
  it.each(['gpt-4o', 'gpt-4o-2024-08-06', 'gpt-4o-2024-11-20', 'gpt-4o-2024-05-13'])(
    '%s counts as gpt-4o',
    (model) => {
      expect(priceOf(model)).toMatchObject({ model, family: 'gpt-4o' });
    },
  );

  it.each(['gpt-4o-2031-01-01', 'gpt-4', 'gpt-4o-mini-2024-07-18'])(
    '%s never passes for a model whose name it shares',
    (model) => {
      const found = prices.find(model, TODAY);
      expect(found.kind === 'priced' ? found.price.family : found.kind).not.toBe('gpt-4o');
    },
  );

  it.each([
    'gpt-4o-2031-01-01',
    'GPT-4o',
    'gpt-4o ',
    'openai/gpt-4o',
    'ft:gpt-4o-2024-08-06:acme::id',
    '',
    '__proto__',
  ])('"%s" is unknown', (model) => {
    expect(prices.find(model, TODAY)).toEqual({ kind: 'unknown' });
  });

  it('a refused model says why', () => {
    expect(prices.find('gpt-5.1-mini', TODAY)).toEqual({
      kind: 'refused',
      reason: 'OpenAI says that it is not a supported model id',
    });
    expect(prices.find('gpt-realtime', TODAY).kind).toBe('refused');
    for (const model of ['gpt-6.2-astra-law', 'gpt-6-cyber', 'gpt-6-rosalind', 'gpt-rosalind-research'])
      expect(prices.find(model, TODAY)).toMatchObject({ reason: expect.stringMatching(/set-price/) });
  });
});

describe('the price that holds is the one of the UTC day', () => {
  it('also where a tier alone costs more from a day on', () => {
    const last = Date.UTC(2027, 1, 28, 23, 59);
    const ultrafast = (at: number) => usd('gpt-6.2-sol', { input: 1_000_000 }, 'ultrafast', at);
    const long = (at: number) => usd('gpt-6.2-sol', { input: 200_000, output: 1_000 }, 'ultrafast', at);
    expect([ultrafast(last), ultrafast(last + 60_000)]).toEqual(['12', '24']);
    expect([long(last), long(last + 60_000)]).toEqual(['1.23', '2.46']);
    expect(usd('gpt-6.2-sol', { input: 1_000 }, 'fast', last + 60_000)).toBe('0.004');
  });

  it('and not of a tier that a model does not have', () => {
    const flex = costOf(priceOf('gpt-6.2-astra'), { counts: { input: 1_000 }, serviceTier: 'flex' });
    expect([formatUsd(flex.cost), flex.flags]).toEqual(['0.008', ['unpriced_tier']]);
  });

  it.each([
    ['2026-08-20T23:59:59.999Z', '1'],
    ['2026-08-21T00:00:00.000Z', '0.8'],
    ['2026-11-21T23:59:59.999Z', '0.8'],
    ['2026-11-22T00:00:00.000Z', '1'],
  ])('200,000 tokens into gpt-5.6-sol at %s cost $%s', (at, dollars) => {
    expect(usd('gpt-5.6-sol', { input: 200_000 }, 'default', Date.parse(at))).toBe(dollars);
  });

  it('a call before the first dated price has the price from the beginning', () => {
    expect(priceOf('gpt-5.6-luna', 0).from).toBeUndefined();
    expect(priceOf('gpt-5.6-luna').from).toBe('2026-07-30');
  });
});

describe("prices as OpenAI's pages give them", () => {
  const IN_AND_OUT = { input: 100_000, output: 10_000 };

  it.each([
    ['gpt-6-astra', 'default', '1.5'],
    ['gpt-6-astra', 'ultrafast', '9'],
    ['gpt-6.1-sol', 'default', '0.3'],
    ['gpt-6.1-sol', 'fast', '0.6'],
    ['gpt-6.1-sol', 'ultrafast', '1.8'],
    ['gpt-6.1-terra', 'default', '0.15'],
    ['gpt-6.1-terra', 'flex', '0.075'],
    ['gpt-6-luna', 'default', '0.015'],
    ['gpt-5.6-terra', 'fast', '0.64'],
    ['gpt-5.6-luna', 'fast', '0.064'],
    ['gpt-5.5', 'priority', '2'],
    ['gpt-5.4', 'priority', '0.8'],
    ['gpt-5.4-mini', 'priority', '0.24'],
    ['gpt-5-mini', 'priority', '0.081'],
    ['gpt-5', 'flex', '0.1125'],
    ['gpt-4.1', 'priority', '0.49'],
    ['gpt-4o', 'default', '0.35'],
    ['gpt-4o', 'priority', '0.595'],
    ['gpt-4o-2024-05-13', 'default', '0.65'],
    ['gpt-4o-mini', 'default', '0.021'],
    ['o3', 'priority', '0.49'],
    ['o4-mini', 'flex', '0.077'],
  ])('%s at %s: 100,000 in and 10,000 out cost $%s', (model, tier, dollars) => {
    expect(usd(model, IN_AND_OUT, tier)).toBe(dollars);
  });

  it('gpt-6.1-terra is dear from 272,001 tokens on, not from 272,000', () => {
    expect(usd('gpt-6.1-terra', { input: 272_000 })).toBe('0.272');
    expect(usd('gpt-6.1-terra', { input: 272_001 })).toBe('0.544002');
    expect(usd('gpt-5.5', { input: 272_000 })).toBe('1.36');
    expect(usd('gpt-5.5', { input: 272_001 })).toBe('2.72001');
  });

  it('gpt-6.1-terra: cached at 5%, written for 30 minutes at 125%, for 12 hours at 250%', () => {
    expect(usd('gpt-6.1-terra', { cached_input: 100_000 })).toBe('0.005');
    expect(usd('gpt-6.1-terra', { cache_write: 100_000 })).toBe('0.125');
    expect(usd('gpt-6.1-terra', { cache_write_12h: 100_000 })).toBe('0.25');
  });

  it.each([
    ['gpt-audio', '3.2', '6.4'],
    ['gpt-audio-mini', '1', '2'],
    ['gpt-4o-audio-preview', '4', '8'],
    ['gpt-4o-mini-audio-preview', '1', '2'],
  ])('%s: 100,000 tokens of audio cost $%s in and $%s out', (model, heard, spoken) => {
    expect(usd(model, { audio_input: 100_000 })).toBe(heard);
    expect(usd(model, { audio_output: 100_000 })).toBe(spoken);
  });

  it.each([
    ['gpt-5.5', { web_search: 1 }, '0.01'],
    ['gpt-5.5', { web_search_preview: 1 }, '0.01'],
    ['gpt-4o', { web_search: 1 }, '0.01'],
    ['gpt-4o', { web_search_preview: 1 }, '0.025'],
    // The fee, and a block of 8,000 tokens of input at $0.15 and $0.40 a million.
    ['gpt-4o-mini', { web_search: 1 }, '0.0112'],
    ['gpt-4.1-mini', { web_search: 1 }, '0.0132'],
    ['o3', { file_search: 4 }, '0.01'],
    ['gpt-6-sol', { container_1g: 20, container_4g: 20, container_16g: 20, container_64g: 20 }, '2.55'],
  ])('%s with %o costs $%s', (model, counts, dollars) => {
    expect(usd(model, counts)).toBe(dollars);
  });

  it('the search models of /chat/completions say that each call is a search', () => {
    for (const model of ['gpt-4o-search-preview', 'gpt-4o-mini-search-preview', 'gpt-5-search-api']) {
      expect(priceOf(model).searchPerCall).toBe(true);
    }
    expect(usd('gpt-4o-search-preview', { web_search: 1 })).toBe('0.025');
    expect(priceOf('gpt-4o').searchPerCall).toBeUndefined();
  });

  it('embeddings cost their input, moderations nothing', () => {
    expect(usd('text-embedding-3-large', { input: 1_000_000 })).toBe('0.13');
    expect(usd('text-embedding-3-small', { input: 1_000_000 })).toBe('0.02');
    expect(usd('omni-moderation-latest', { input: 1_000_000 })).toBe('0');
  });

  it.each<[string, number, number, number]>([
    ['gpt-4o', 128_000, 16_384, 1_445],
    ['gpt-4o-mini', 128_000, 16_384, 48_169],
    ['gpt-4.1', 1_047_576, 32_768, 1_537],
    ['o3', 200_000, 100_000, 1_275],
    ['gpt-5', 400_000, 128_000, 1_190],
    ['gpt-5-pro', 400_000, 272_000, 4_917],
    ['gpt-6.1-sol', 1_050_000, 128_000, 36_001],
  ])('%s takes %d tokens, puts out %d, and sees an image as %d', (model, window, output, image) => {
    expect(priceOf(model)).toMatchObject({
      contextWindow: window,
      maxOutputTokens: output,
      maxImageTokens: image,
    });
  });

  it('every tier bears the fees of the tools', () => {
    const { rates, longContext } = priceOf('gpt-6.1-sol');
    for (const tier of ['default', 'flex', 'priority', 'ultrafast', 'batch'] satisfies Tier[]) {
      expect(rates[tier]?.file_search).toBe(2_500_000_000n);
      expect(longContext?.rates[tier]?.file_search).toBe(2_500_000_000n);
    }
  });
});
