import { HALVES, PRICING, PRIORITY, ratesOf } from './common.ts';
import { GPT_5_BASE } from './gpt-5.ts';
import type { Group } from './types.ts';
import { VISION } from './vision.ts';

/** Released on 5 March 2026 and later: from then on regional endpoints cost more. */
const SINCE_MARCH = { ...GPT_5_BASE, regional: true } as const;

const MILLION = {
  ...SINCE_MARCH,
  longContextOver: 272_000,
  contextWindow: 1_050_000,
  vision: VISION.gpt54,
} as const;

export const GPT_5_4: readonly Group[] = [
  {
    ...MILLION,
    family: 'gpt-5.5',
    models: ['gpt-5.5', 'gpt-5.5-2026-04-23'],
    base: 'gpt-5.5',
    tiers: { ...HALVES, priority: ratesOf('12.5', '1.25', '75') },
    vision: VISION.gpt55,
    source: PRIORITY,
  },
  {
    ...MILLION,
    family: 'gpt-5.5-pro',
    models: ['gpt-5.5-pro', 'gpt-5.5-pro-2026-04-23'],
    base: 'gpt-5.5-pro',
    tiers: HALVES,
    vision: VISION.gpt55,
    source: PRICING,
  },
  {
    ...MILLION,
    family: 'gpt-5.4',
    models: ['gpt-5.4', 'gpt-5.4-2026-03-05'],
    base: 'gpt-5.4',
    tiers: { ...HALVES, priority: ratesOf('5', '0.5', '30') },
    source: PRIORITY,
  },
  {
    ...MILLION,
    family: 'gpt-5.4-pro',
    models: ['gpt-5.4-pro', 'gpt-5.4-pro-2026-03-05'],
    base: 'gpt-5.4-pro',
    tiers: HALVES,
    source: PRICING,
  },
  {
    ...SINCE_MARCH,
    family: 'gpt-5.4-mini',
    models: ['gpt-5.4-mini', 'gpt-5.4-mini-2026-03-17'],
    base: 'gpt-5.4-mini',
    tiers: { ...HALVES, priority: ratesOf('1.5', '0.15', '9') },
    vision: VISION.gpt54Mini,
    source: PRIORITY,
  },
  {
    ...SINCE_MARCH,
    family: 'gpt-5.4-nano',
    models: ['gpt-5.4-nano', 'gpt-5.4-nano-2026-03-17'],
    base: 'gpt-5.4-nano',
    tiers: HALVES,
    vision: VISION.gpt54Nano,
    source: PRICING,
  },
];
