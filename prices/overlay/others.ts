import { BATCH, modelPage, PRICING, READ, TOOLS, UNKNOWN_IMAGE_TOKENS } from './common.ts';
import type { Group } from './types.ts';
import { VISION } from './vision.ts';

const LEGACY_CHAT = {
  tools: TOOLS,
  reasons: false,
  maxOutputTokens: 4_096,
  vision: UNKNOWN_IMAGE_TOKENS,
  source: PRICING,
  sourceDate: READ,
} as const;

const GPT_4_AND_3_5: readonly Group[] = [
  {
    ...LEGACY_CHAT,
    family: 'gpt-4-turbo',
    models: [
      'gpt-4-turbo',
      'gpt-4-turbo-2024-04-09',
      'gpt-4-turbo-preview',
      'gpt-4-0125-preview',
      'gpt-4-1106-preview',
    ],
    base: 'gpt-4-turbo',
    contextWindow: 128_000,
    vision: VISION.gpt4o,
  },
  {
    ...LEGACY_CHAT,
    family: 'gpt-4-vision-preview',
    models: ['gpt-4-vision-preview'],
    base: 'gpt-4-vision-preview',
    contextWindow: 128_000,
    vision: VISION.gpt4o,
  },
  {
    ...LEGACY_CHAT,
    family: 'gpt-4',
    models: ['gpt-4', 'gpt-4-0314', 'gpt-4-0613'],
    base: 'gpt-4',
    contextWindow: 8_192,
    maxOutputTokens: 8_192,
  },
  {
    ...LEGACY_CHAT,
    family: 'gpt-4-32k',
    models: ['gpt-4-32k', 'gpt-4-32k-0314', 'gpt-4-32k-0613'],
    base: 'gpt-4-32k',
    contextWindow: 32_768,
    maxOutputTokens: 32_768,
  },
  {
    ...LEGACY_CHAT,
    family: 'gpt-3.5-turbo',
    models: ['gpt-3.5-turbo', 'gpt-3.5-turbo-0125'],
    base: 'gpt-3.5-turbo',
    contextWindow: 16_385,
  },
  {
    ...LEGACY_CHAT,
    family: 'gpt-3.5-turbo',
    models: ['gpt-3.5-turbo-1106'],
    base: 'gpt-3.5-turbo-1106',
    contextWindow: 16_385,
  },
  {
    ...LEGACY_CHAT,
    family: 'gpt-3.5-turbo',
    models: ['gpt-3.5-turbo-0613'],
    base: 'gpt-3.5-turbo-0613',
    contextWindow: 16_385,
  },
  {
    ...LEGACY_CHAT,
    family: 'gpt-3.5-turbo',
    models: ['gpt-3.5-turbo-0301'],
    base: 'gpt-3.5-0301',
    contextWindow: 16_385,
  },
  {
    ...LEGACY_CHAT,
    family: 'gpt-3.5-turbo-16k',
    models: ['gpt-3.5-turbo-16k', 'gpt-3.5-turbo-16k-0613'],
    base: 'gpt-3.5-turbo-16k',
    contextWindow: 16_385,
    maxOutputTokens: 16_385,
  },
];

const COMPLETION = { ...LEGACY_CHAT, tools: {} } as const;

/** The models of `/completions`. */
const COMPLETIONS: readonly Group[] = [
  {
    ...COMPLETION,
    family: 'gpt-3.5-turbo-instruct',
    models: ['gpt-3.5-turbo-instruct', 'gpt-3.5-turbo-instruct-0914'],
    base: 'gpt-3.5-turbo-instruct',
    contextWindow: 4_096,
  },
  {
    ...COMPLETION,
    family: 'davinci-002',
    models: ['davinci-002'],
    periods: [{ rates: { input: '2', output: '2' } }],
    contextWindow: 16_384,
    maxOutputTokens: 16_384,
  },
  {
    ...COMPLETION,
    family: 'babbage-002',
    models: ['babbage-002'],
    periods: [{ rates: { input: '0.4', output: '0.4' } }],
    contextWindow: 16_384,
    maxOutputTokens: 16_384,
  },
];

/**
 * One input takes at most 8,192 tokens, one request all of its inputs together "a maximum of 300,000 tokens": the
 * request is what is held, so that is the window.
 */
const EMBEDDING = {
  reasons: false,
  contextWindow: 300_000,
  maxOutputTokens: 0,
  vision: 0,
  source: 'https://developers.openai.com/api/docs/api-reference/embeddings/create',
  sourceDate: READ,
} as const;

const EMBEDDINGS: readonly Group[] = ['3-small', '3-large', 'ada-002'].map((name) => ({
  ...EMBEDDING,
  family: `text-embedding-${name}`,
  models: [`text-embedding-${name}`],
  base: `text-embedding-${name}`,
  tiers: { batch: BATCH },
}));

/** Free, on purpose. */
const MODERATION = {
  reasons: false,
  periods: [{ rates: { input: '0', output: '0' } }],
  contextWindow: 32_768,
  maxOutputTokens: 0,
  vision: UNKNOWN_IMAGE_TOKENS,
  source: modelPage('omni-moderation-latest'),
  sourceDate: READ,
} as const;

const MODERATIONS: readonly Group[] = [
  {
    ...MODERATION,
    family: 'omni-moderation',
    models: ['omni-moderation-latest', 'omni-moderation-2024-09-26'],
  },
  {
    ...MODERATION,
    family: 'text-moderation',
    models: ['text-moderation-latest', 'text-moderation-stable', 'text-moderation-007'],
  },
];

export const OTHERS: readonly Group[] = [...GPT_4_AND_3_5, ...COMPLETIONS, ...EMBEDDINGS, ...MODERATIONS];
