import { HALVES, IMAGE_TOKENS, modelPage, PRIORITY, READ, REASONING_TOOLS, ratesOf } from './common.ts';
import type { Group } from './types.ts';

const O_SERIES = {
  tools: REASONING_TOOLS,
  contextWindow: 200_000,
  maxOutputTokens: 100_000,
  maxImageTokens: IMAGE_TOKENS.o1,
  sourceDate: READ,
} as const;

/** The o-series, and what was made of it. */
export const REASONING: readonly Group[] = [
  {
    ...O_SERIES,
    family: 'o4-mini',
    models: ['o4-mini', 'o4-mini-2025-04-16'],
    base: 'o4-mini',
    tiers: {
      ...HALVES,
      priority: ratesOf('2', '0.5', '8'),
    },
    maxImageTokens: IMAGE_TOKENS.patches172,
    source: PRIORITY,
  },
  {
    ...O_SERIES,
    family: 'o3',
    models: ['o3', 'o3-2025-04-16'],
    base: 'o3',
    tiers: {
      ...HALVES,
      priority: ratesOf('3.5', '0.875', '14'),
    },
    source: PRIORITY,
  },
  {
    ...O_SERIES,
    family: 'o3-pro',
    models: ['o3-pro', 'o3-pro-2025-06-10'],
    base: 'o3-pro',
    source: modelPage('o3-pro'),
  },
  {
    ...O_SERIES,
    family: 'o3-mini',
    models: ['o3-mini', 'o3-mini-2025-01-31'],
    base: 'o3-mini',
    maxImageTokens: IMAGE_TOKENS.unknown,
    source: modelPage('o3-mini'),
  },
  {
    ...O_SERIES,
    family: 'o3-deep-research',
    models: ['o3-deep-research', 'o3-deep-research-2025-06-26'],
    base: 'o3-deep-research',
    source: modelPage('o3-deep-research'),
  },
  {
    ...O_SERIES,
    family: 'o4-mini-deep-research',
    models: ['o4-mini-deep-research', 'o4-mini-deep-research-2025-06-26'],
    base: 'o4-mini-deep-research',
    maxImageTokens: IMAGE_TOKENS.patches172,
    source: modelPage('o4-mini-deep-research'),
  },
  {
    ...O_SERIES,
    family: 'o1',
    models: ['o1', 'o1-2024-12-17'],
    base: 'o1',
    source: modelPage('o1'),
  },
  {
    ...O_SERIES,
    family: 'o1-pro',
    models: ['o1-pro', 'o1-pro-2025-03-19'],
    base: 'o1-pro',
    source: modelPage('o1-pro'),
  },
  {
    ...O_SERIES,
    family: 'o1-preview',
    models: ['o1-preview', 'o1-preview-2024-09-12'],
    base: 'o1-preview',
    contextWindow: 128_000,
    maxOutputTokens: 32_768,
    maxImageTokens: IMAGE_TOKENS.unknown,
    source: modelPage('o1-preview'),
  },
  {
    ...O_SERIES,
    family: 'o1-mini',
    models: ['o1-mini', 'o1-mini-2024-09-12'],
    base: 'o1-mini',
    contextWindow: 128_000,
    maxOutputTokens: 65_536,
    maxImageTokens: IMAGE_TOKENS.unknown,
    source: modelPage('o1-mini'),
  },
  {
    ...O_SERIES,
    family: 'codex-mini-latest',
    models: ['codex-mini-latest'],
    base: 'codex-mini',
    maxImageTokens: IMAGE_TOKENS.patches172,
    source: modelPage('codex-mini-latest'),
  },
  {
    ...O_SERIES,
    family: 'computer-use-preview',
    models: ['computer-use-preview', 'computer-use-preview-2025-03-11'],
    base: 'computer-use',
    contextWindow: 8_192,
    maxOutputTokens: 1_024,
    maxImageTokens: IMAGE_TOKENS.computerUse,
    source: modelPage('computer-use-preview'),
  },
];
