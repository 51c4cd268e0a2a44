import {
  HALF,
  HALVES,
  IMAGE_TOKENS,
  modelPage,
  PRICING,
  PRIORITY,
  READ,
  REASONING_TOOLS,
  ratesOf,
  TOOLS,
} from './common.ts';
import type { Group } from './types.ts';

/** Common to the models from GPT-5 to GPT-5.3, which have no long-context price. */
export const GPT_5_BASE = {
  tools: REASONING_TOOLS,
  contextWindow: 400_000,
  maxOutputTokens: 128_000,
  maxImageTokens: IMAGE_TOKENS.gpt5,
  sourceDate: READ,
} as const;

/** The aliases of ChatGPT's own models: smaller, and without reasoning. */
const CHAT_LATEST = {
  ...GPT_5_BASE,
  tools: TOOLS,
  contextWindow: 128_000,
  maxOutputTokens: 16_384,
} as const;

const GPT_5_1_TO_3: readonly Group[] = [
  {
    ...CHAT_LATEST,
    family: 'gpt-5.3-chat-latest',
    models: ['gpt-5.3-chat-latest'],
    base: 'gpt-5.3',
    source: modelPage('gpt-5.3-chat-latest'),
  },
  {
    ...GPT_5_BASE,
    family: 'gpt-5.3-codex',
    models: ['gpt-5.3-codex'],
    base: 'gpt-5.3-codex',
    tiers: { priority: ratesOf('3.5', '0.35', '28') },
    maxImageTokens: IMAGE_TOKENS.gpt52,
    source: PRICING,
  },
  {
    ...GPT_5_BASE,
    family: 'gpt-5.2',
    models: ['gpt-5.2', 'gpt-5.2-2025-12-11'],
    base: 'gpt-5.2',
    tiers: { ...HALVES, priority: ratesOf('3.5', '0.35', '28') },
    maxImageTokens: IMAGE_TOKENS.gpt52,
    source: PRIORITY,
  },
  {
    ...GPT_5_BASE,
    family: 'gpt-5.2-codex',
    models: ['gpt-5.2-codex'],
    base: 'gpt-5.2',
    tiers: { priority: ratesOf('3.5', '0.35', '28') },
    maxImageTokens: IMAGE_TOKENS.gpt52,
    source: PRICING,
  },
  {
    ...CHAT_LATEST,
    family: 'gpt-5.2-chat-latest',
    models: ['gpt-5.2-chat-latest'],
    base: 'gpt-5.2',
    maxImageTokens: IMAGE_TOKENS.gpt52,
    source: modelPage('gpt-5.2-chat-latest'),
  },
  {
    ...GPT_5_BASE,
    family: 'gpt-5.2-pro',
    models: ['gpt-5.2-pro', 'gpt-5.2-pro-2025-12-11'],
    base: 'gpt-5.2-pro',
    tiers: { batch: HALF },
    maxImageTokens: IMAGE_TOKENS.gpt52,
    source: PRICING,
  },
  {
    ...GPT_5_BASE,
    family: 'gpt-5.1',
    models: ['gpt-5.1', 'gpt-5.1-2025-11-13'],
    base: 'gpt-5.1',
    tiers: { ...HALVES, priority: ratesOf('2.5', '0.25', '20') },
    source: PRIORITY,
  },
  {
    ...GPT_5_BASE,
    family: 'gpt-5.1-codex',
    models: ['gpt-5.1-codex', 'gpt-5.1-codex-max'],
    base: 'gpt-5.1',
    tiers: { priority: ratesOf('2.5', '0.25', '20') },
    source: PRIORITY,
  },
  {
    ...GPT_5_BASE,
    family: 'gpt-5.1-codex-mini',
    models: ['gpt-5.1-codex-mini'],
    base: 'gpt-5.1-codex-mini',
    maxImageTokens: IMAGE_TOKENS.patches162,
    source: modelPage('gpt-5.1-codex-mini'),
  },
  {
    ...CHAT_LATEST,
    family: 'gpt-5.1-chat-latest',
    models: ['gpt-5.1-chat-latest'],
    base: 'gpt-5.1',
    source: modelPage('gpt-5.1-chat-latest'),
  },
];

const GPT_5_0: readonly Group[] = [
  {
    ...GPT_5_BASE,
    family: 'gpt-5',
    models: ['gpt-5', 'gpt-5-2025-08-07'],
    base: 'gpt-5',
    tiers: { ...HALVES, priority: ratesOf('2.5', '0.25', '20') },
    source: PRIORITY,
  },
  {
    ...GPT_5_BASE,
    family: 'gpt-5-mini',
    models: ['gpt-5-mini', 'gpt-5-mini-2025-08-07'],
    base: 'gpt-5-mini',
    tiers: { ...HALVES, priority: ratesOf('0.45', '0.045', '3.6') },
    maxImageTokens: IMAGE_TOKENS.patches162,
    source: PRIORITY,
  },
  {
    ...GPT_5_BASE,
    family: 'gpt-5-nano',
    models: ['gpt-5-nano', 'gpt-5-nano-2025-08-07'],
    base: 'gpt-5-nano',
    tiers: HALVES,
    maxImageTokens: IMAGE_TOKENS.patches246,
    source: PRICING,
  },
  {
    ...GPT_5_BASE,
    family: 'gpt-5-codex',
    models: ['gpt-5-codex'],
    base: 'gpt-5',
    tiers: { priority: ratesOf('2.5', '0.25', '20') },
    source: PRIORITY,
  },
  {
    ...GPT_5_BASE,
    family: 'gpt-5-pro',
    models: ['gpt-5-pro', 'gpt-5-pro-2025-10-06'],
    base: 'gpt-5-pro',
    tiers: { batch: HALF },
    maxOutputTokens: 272_000,
    source: modelPage('gpt-5-pro'),
  },
  {
    ...CHAT_LATEST,
    family: 'gpt-5-chat-latest',
    models: ['gpt-5-chat-latest'],
    base: 'gpt-5',
    source: modelPage('gpt-5-chat-latest'),
  },
  {
    ...GPT_5_BASE,
    family: 'gpt-5-search-api',
    models: ['gpt-5-search-api', 'gpt-5-search-api-2025-10-14'],
    periods: [{ rates: { input: '1.25', cached_input: '0.125', output: '10' } }],
    tools: { web_search: '0.01' },
    searchPerCall: true,
    source: PRICING,
  },
];

export const GPT_5: readonly Group[] = [...GPT_5_1_TO_3, ...GPT_5_0];
