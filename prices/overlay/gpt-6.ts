import {
  FAST,
  FAST_MODE,
  HALF,
  HALVES,
  modelPage,
  PRICING,
  READ,
  REASONING_TOOLS,
  ULTRAFAST,
  ULTRAFAST_OFFER,
} from './common.ts';
import type { Group } from './types.ts';
import { VISION } from './vision.ts';

/**
 * Common to the models since GPT-5.6. `cacheWrite12h` is published for gpt-6.1-terra ($2.50 beside $1) and gpt-6.2-sol
 * ($5 beside $2); the others take the same `ttl`, so they are given the same factor rather than none.
 */
const MODERN = {
  tiers: { ...HALVES, priority: FAST },
  longContextOver: 272_000,
  cacheWrite12h: '2.5',
  tools: REASONING_TOOLS,
  regional: true,
  contextWindow: 1_050_000,
  maxOutputTokens: 128_000,
  vision: VISION.gpt6,
  sourceDate: READ,
} as const;

/** "Flex is unavailable on GPT-6.2 Astra and GPT-6.2 Sol" ("Flex processing" guide). */
const GPT_6_2 = { ...MODERN, tiers: { batch: HALF, priority: FAST }, sourceDate: '2026-11-30' } as const;

const SOL_6_2 = {
  rates: { input: '2', cached_input: '0.1', cache_write: '2.5', output: '10' },
  long: { input: '4', cached_input: '0.2', cache_write: '5', output: '15' },
} as const;

const GPT_6_2_MODELS: readonly Group[] = [
  {
    ...GPT_6_2,
    family: 'gpt-6.2-astra',
    models: ['gpt-6.2-astra'],
    periods: [
      {
        rates: { input: '8', cached_input: '0.4', cache_write: '10', output: '40' },
        long: { input: '16', cached_input: '0.8', cache_write: '20', output: '60' },
      },
    ],
    source: modelPage('gpt-6.2-astra'),
  },
  {
    ...GPT_6_2,
    family: 'gpt-6.2-sol',
    models: ['gpt-6.2-sol'],
    // "Ultrafast costs 3 times the Standard rate through February 28, 2027, and 6 times … starting March 1".
    periods: [
      { ...SOL_6_2, tiers: { ultrafast: ULTRAFAST_OFFER } },
      { ...SOL_6_2, from: '2027-03-01', tiers: { ultrafast: ULTRAFAST } },
    ],
    source: modelPage('gpt-6.2-sol'),
  },
];

/**
 * The models of the Daybreak program, which OpenAI gives to organizations that it approved. Its price list says which
 * model an alias stands for; an answer names that model, whose own price is charged.
 */
const CYBER = {
  ...MODERN,
  tiers: {},
  source: `${PRICING}#cyber-models`,
  sourceDate: '2026-11-30',
} as const;

const CYBER_MODELS: readonly Group[] = [
  {
    ...CYBER,
    family: 'gpt-5.6-cyber',
    models: ['gpt-5.6-cyber', 'gpt-daybreak-red-latest'],
    periods: [
      {
        rates: { input: '12.5', cached_input: '1.25', cache_write: '15.625', output: '75' },
        long: { input: '25', cached_input: '2.5', cache_write: '31.25', output: '112.5' },
      },
    ],
    contextWindow: 400_000,
  },
  {
    ...CYBER,
    family: 'gpt-daybreak-blue-latest',
    models: ['gpt-daybreak-blue-latest'],
    // An alias of gpt-5.6-sol, at its list price: its offer has ended, or ends, and need not hold for the alias.
    periods: [
      {
        rates: { input: '5', cached_input: '0.5', cache_write: '6.25', output: '30' },
        long: { input: '10', cached_input: '1', cache_write: '12.5', output: '45' },
      },
    ],
  },
];

export const GPT_6: readonly Group[] = [
  ...GPT_6_2_MODELS,
  ...CYBER_MODELS,
  {
    ...MODERN,
    family: 'gpt-6-astra',
    models: ['gpt-6-astra'],
    base: 'gpt-6-astra',
    tiers: { ...MODERN.tiers, ultrafast: ULTRAFAST },
    source: modelPage('gpt-6-astra'),
  },
  {
    ...MODERN,
    family: 'gpt-6.1-sol',
    models: ['gpt-6.1-sol'],
    periods: [
      {
        rates: { input: '2', cached_input: '0.1', cache_write: '2.5', output: '10' },
        long: { input: '4', cached_input: '0.2', cache_write: '5', output: '15' },
      },
    ],
    tiers: { ...MODERN.tiers, ultrafast: ULTRAFAST },
    source: modelPage('gpt-6.1-sol'),
  },
  {
    ...MODERN,
    family: 'gpt-6.1-terra',
    models: ['gpt-6.1-terra'],
    periods: [
      {
        rates: { input: '1', cached_input: '0.05', cache_write: '1.25', output: '5' },
        long: { input: '2', cached_input: '0.1', cache_write: '2.5', output: '7.5' },
      },
    ],
    source: modelPage('gpt-6.1-terra'),
  },
  {
    ...MODERN,
    family: 'gpt-6-sol',
    models: ['gpt-6-sol'],
    base: 'gpt-6-sol',
    source: modelPage('gpt-6-sol'),
  },
  {
    ...MODERN,
    family: 'gpt-6-luna',
    models: ['gpt-6-luna'],
    base: 'gpt-6-luna',
    source: modelPage('gpt-6-luna'),
  },
  {
    ...MODERN,
    family: 'gpt-5.6-sol',
    models: ['gpt-5.6-sol', 'gpt-5.6'],
    base: 'gpt-5.6-sol',
    vision: VISION.gpt56,
    // $4/$20 is a promotion, promised "at least through" 21 November 2026. Until a page says what follows, the list
    // price does: a limit that binds a little early is better than one that is overspent.
    periods: [
      {
        from: '2026-11-22',
        rates: { input: '5', cached_input: '0.5', cache_write: '6.25', output: '30' },
        long: { input: '10', cached_input: '1', cache_write: '12.5', output: '45' },
      },
    ],
    source: modelPage('gpt-5.6-sol'),
  },
  {
    ...MODERN,
    family: 'gpt-5.6-terra',
    models: ['gpt-5.6-terra'],
    base: 'gpt-5.6-terra',
    vision: VISION.gpt56,
    source: FAST_MODE,
  },
  {
    ...MODERN,
    family: 'gpt-5.6-luna',
    models: ['gpt-5.6-luna'],
    base: 'gpt-5.6-luna',
    vision: VISION.gpt56,
    source: FAST_MODE,
  },
];
