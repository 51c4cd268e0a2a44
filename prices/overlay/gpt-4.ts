import { BATCH, modelPage, PRICING, PRIORITY, READ, ratesOf, TOOLS, UNKNOWN_IMAGE_TOKENS } from './common.ts';
import type { Group } from './types.ts';
import { VISION } from './vision.ts';

const GPT_4_1 = {
  tools: TOOLS,
  reasons: false,
  contextWindow: 1_047_576,
  maxOutputTokens: 32_768,
  source: PRIORITY,
  sourceDate: READ,
} as const;

const GPT_4O = {
  tools: TOOLS,
  reasons: false,
  contextWindow: 128_000,
  maxOutputTokens: 16_384,
  vision: VISION.gpt4o,
  source: PRIORITY,
  sourceDate: READ,
} as const;

/** "Search content tokens are charged as a fixed block of 8,000 input tokens per call" (these two models alone). */
const SEARCH_BLOCK = 8_000;

const TEXT: readonly Group[] = [
  {
    ...GPT_4_1,
    family: 'gpt-4.1',
    models: ['gpt-4.1', 'gpt-4.1-2025-04-14'],
    base: 'gpt-4.1',
    tiers: { priority: ratesOf('3.5', '0.875', '14'), batch: BATCH },
    vision: VISION.gpt41,
  },
  {
    ...GPT_4_1,
    family: 'gpt-4.1-mini',
    models: ['gpt-4.1-mini', 'gpt-4.1-mini-2025-04-14'],
    base: 'gpt-4.1-mini',
    tiers: { priority: ratesOf('0.7', '0.175', '2.8'), batch: BATCH },
    searchContentTokens: SEARCH_BLOCK,
    vision: VISION.gpt41Mini,
  },
  {
    ...GPT_4_1,
    family: 'gpt-4.1-nano',
    models: ['gpt-4.1-nano', 'gpt-4.1-nano-2025-04-14'],
    base: 'gpt-4.1-nano',
    tiers: { priority: ratesOf('0.2', '0.05', '0.8'), batch: BATCH },
    vision: VISION.gpt41Nano,
  },
  {
    ...GPT_4O,
    family: 'gpt-4o',
    models: ['gpt-4o', 'gpt-4o-2024-08-06', 'gpt-4o-2024-11-20'],
    base: 'gpt-4o',
    tiers: { priority: ratesOf('4.25', '2.125', '17'), batch: BATCH },
  },
  {
    ...GPT_4O,
    family: 'gpt-4o',
    models: ['gpt-4o-2024-05-13'],
    base: 'gpt-4o-2024-05-13',
    tiers: { priority: { rates: { input: '8.75', output: '26.25' } }, batch: BATCH },
    maxOutputTokens: 4_096,
  },
  {
    ...GPT_4O,
    family: 'gpt-4o-mini',
    models: ['gpt-4o-mini', 'gpt-4o-mini-2024-07-18'],
    base: 'gpt-4o-mini',
    tiers: { priority: ratesOf('0.25', '0.125', '1'), batch: BATCH },
    searchContentTokens: SEARCH_BLOCK,
    vision: VISION.gpt4oMini,
  },
  {
    ...GPT_4O,
    family: 'chatgpt-4o-latest',
    models: ['chatgpt-4o-latest'],
    base: 'chatgpt-4o-latest',
    source: modelPage('chatgpt-4o-latest'),
  },
  {
    ...GPT_4O,
    family: 'gpt-4.5-preview',
    models: ['gpt-4.5-preview', 'gpt-4.5-preview-2025-02-27'],
    base: 'gpt-4.5-preview',
    source: modelPage('gpt-4.5-preview'),
  },
];

/** They search in every call, at the price of the preview tool on a model without reasoning: $25 per 1,000. */
const SEARCH: readonly Group[] = [
  {
    ...GPT_4O,
    family: 'gpt-4o-search-preview',
    models: ['gpt-4o-search-preview', 'gpt-4o-search-preview-2025-03-11'],
    base: 'gpt-4o-search-preview',
    tools: { web_search: '0.025' },
    searchPerCall: true,
    source: PRICING,
  },
  {
    ...GPT_4O,
    family: 'gpt-4o-mini-search-preview',
    models: ['gpt-4o-mini-search-preview', 'gpt-4o-mini-search-preview-2025-03-11'],
    // Not the base's entry for gpt-4o-mini, which has a cached rate that this model's page does not list.
    periods: [{ rates: { input: '0.15', output: '0.6' } }],
    tools: { web_search: '0.025' },
    searchPerCall: true,
    vision: VISION.gpt4oMini,
    source: PRICING,
  },
];

const AUDIO_BASE = { ...GPT_4O, tools: {}, vision: UNKNOWN_IMAGE_TOKENS } as const;

/** The base has no audio rates for the previews: they would pass at the price of text. */
const AUDIO: readonly Group[] = [
  {
    ...AUDIO_BASE,
    family: 'gpt-audio',
    models: ['gpt-audio', 'gpt-audio-2025-08-28'],
    base: 'gpt-audio',
    source: modelPage('gpt-audio'),
  },
  {
    ...AUDIO_BASE,
    family: 'gpt-audio',
    models: ['gpt-audio-1.5'],
    base: 'gpt-audio',
    // No page was found that says when it was released.
    regional: true,
    source: modelPage('gpt-audio-1.5'),
  },
  {
    ...AUDIO_BASE,
    family: 'gpt-audio-mini',
    models: ['gpt-audio-mini', 'gpt-audio-mini-2025-10-06', 'gpt-audio-mini-2025-12-15'],
    base: 'gpt-audio-mini',
    source: modelPage('gpt-audio-mini'),
  },
  {
    ...AUDIO_BASE,
    family: 'gpt-4o-audio-preview',
    models: ['gpt-4o-audio-preview', 'gpt-4o-audio-preview-2024-12-17', 'gpt-4o-audio-preview-2025-06-03'],
    base: 'gpt-4o-audio-preview',
    rates: { audio_input: '40', audio_output: '80' },
    source: modelPage('gpt-4o-audio-preview'),
  },
  {
    ...AUDIO_BASE,
    family: 'gpt-4o-audio-preview',
    models: ['gpt-4o-audio-preview-2024-10-01'],
    base: 'gpt-4o-audio-preview',
    rates: { audio_input: '100', audio_output: '200' },
    source: modelPage('gpt-4o-audio-preview'),
  },
  {
    ...AUDIO_BASE,
    family: 'gpt-4o-mini-audio-preview',
    models: ['gpt-4o-mini-audio-preview', 'gpt-4o-mini-audio-preview-2024-12-17'],
    base: 'gpt-4o-mini-audio-preview',
    rates: { audio_input: '10', audio_output: '20' },
    source: modelPage('gpt-4o-mini-audio-preview'),
  },
];

export const GPT_4: readonly Group[] = [...TEXT, ...SEARCH, ...AUDIO];
