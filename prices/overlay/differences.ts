import { MEDIA_DIFFERENCES } from './differences-media.ts';
import type { Explanation } from './types.ts';

const OFF_BY_ONE =
  'Each model\'s page says "over 272K": exactly 272,000 tokens are not over it. The base is off by one.';

/** Every difference of the table from the base, reviewed by people: `npm run prices:check` fails on any other. */
export const DIFFERENCES: readonly Explanation[] = [
  ...MEDIA_DIFFERENCES,
  {
    models: [
      'gpt-5.4',
      'gpt-5.4-2026-03-05',
      'gpt-5.4-pro',
      'gpt-5.4-pro-2026-03-05',
      'gpt-5.5',
      'gpt-5.5-2026-04-23',
      'gpt-5.5-pro',
      'gpt-5.5-pro-2026-04-23',
      'gpt-6-astra',
    ],
    differs: { longContextOver: ['271999', '272000'] },
    reason: OFF_BY_ONE,
  },
  {
    models: ['gpt-5.6', 'gpt-5.6-sol'],
    differs: {
      longContextOver: ['271999', '272000'],
      'longContextOver from 2026-08-21': ['271999', '272000'],
      'longContextOver from 2026-11-22': ['271999', '272000'],
    },
    reason: OFF_BY_ONE,
  },
  {
    models: ['gpt-5.6-luna', 'gpt-5.6-terra'],
    differs: {
      longContextOver: ['271999', '272000'],
      'longContextOver from 2026-07-30': ['271999', '272000'],
    },
    reason: OFF_BY_ONE,
  },
  {
    models: ['gpt-5.6', 'gpt-5.6-sol'],
    differs: {
      'cache_write from 2026-11-22': ['5', '6.25'],
      'cached_input from 2026-11-22': ['0.4', '0.5'],
      'input from 2026-11-22': ['4', '5'],
      'long.cache_write from 2026-11-22': ['10', '12.5'],
      'long.cached_input from 2026-11-22': ['0.8', '1'],
      'long.input from 2026-11-22': ['8', '10'],
      'long.output from 2026-11-22': ['30', '45'],
      'output from 2026-11-22': ['20', '30'],
    },
    reason:
      'A promotion holds "at least through 21 November 2026" (its page); then the list price, until a page says more.',
  },
  {
    models: [
      'omni-moderation-2024-09-26',
      'omni-moderation-latest',
      'text-moderation-007',
      'text-moderation-latest',
      'text-moderation-stable',
    ],
    differs: { input: ['none', '0'], output: ['none', '0'] },
    reason: 'Moderation is free. The base says so with no price at all, here it is said on purpose.',
  },
  {
    models: ['gpt-6.1-sol', 'gpt-6.1-terra', 'gpt-6.2-astra', 'gpt-6.2-sol', 'gpt-5.6-cyber'],
    differs: { model: ['none', 'listed'] },
    reason: 'The base does not have the model yet. The rates are those of its page.',
  },
  {
    models: ['chat-latest', 'gpt-daybreak-blue-latest', 'gpt-daybreak-red-latest'],
    differs: { model: ['none', 'listed'] },
    reason:
      'The base does not have the alias (of chat-latest it has another name). The price list says what it costs.',
  },
  {
    models: ['gpt-5.3-codex-spark'],
    differs: { model: ['none', 'listed'] },
    reason: 'The base does not have the model. models.dev has these rates, which are those of gpt-5.3-codex.',
  },
  {
    models: ['babbage-002', 'davinci-002', 'gpt-5-search-api', 'gpt-5-search-api-2025-10-14'],
    differs: { model: ['none', 'listed'] },
    reason: 'The base does not have the model. The rates are those of the price list.',
  },
  {
    models: ['gpt-4o-mini-search-preview', 'gpt-4o-mini-search-preview-2025-03-11'],
    differs: { cached_input: ['0.075', 'none'] },
    reason:
      'The base prices it as gpt-4o-mini. The page of the search model lists no cached input, so it is billed as plain input.',
  },
  {
    models: ['gpt-4o-mini-search-preview', 'gpt-4o-mini-search-preview-2025-03-11'],
    differs: { file_search: ['2.5', 'none'] },
    reason: 'It is served by /chat/completions alone, which has no file search.',
  },
  {
    models: ['gpt-4o-mini-search-preview', 'gpt-4o-mini-search-preview-2025-03-11'],
    differs: { web_search: ['10', '25'] },
    reason:
      'It searches in every call, at the $25 per 1,000 of the preview tool on a model without reasoning (price list, "Web search").',
  },
  {
    models: ['gpt-4o-search-preview', 'gpt-4o-search-preview-2025-03-11'],
    differs: { web_search: ['none', '25'] },
    reason:
      'It searches in every call, at the $25 per 1,000 of the preview tool on a model without reasoning (price list, "Web search").',
  },
  {
    models: ['gpt-4.1-mini', 'gpt-4.1-mini-2025-04-14'],
    differs: { web_search: ['10', '13.2'] },
    reason:
      'The fee of $10 per 1,000 and, for these models alone, a block of 8,000 input tokens a call (price list, "Web search").',
  },
  {
    models: ['gpt-4o-mini', 'gpt-4o-mini-2024-07-18'],
    differs: { web_search: ['10', '11.2'] },
    reason:
      'The fee of $10 per 1,000 and, for these models alone, a block of 8,000 input tokens a call (price list, "Web search").',
  },
  {
    models: [
      'chatgpt-4o-latest',
      'codex-mini-latest',
      'computer-use-preview',
      'computer-use-preview-2025-03-11',
      'gpt-3.5-turbo',
      'gpt-3.5-turbo-0125',
      'gpt-3.5-turbo-0301',
      'gpt-3.5-turbo-0613',
      'gpt-3.5-turbo-1106',
      'gpt-3.5-turbo-16k',
      'gpt-3.5-turbo-16k-0613',
      'gpt-4',
      'gpt-4-0125-preview',
      'gpt-4-0314',
      'gpt-4-0613',
      'gpt-4-1106-preview',
      'gpt-4-32k',
      'gpt-4-32k-0314',
      'gpt-4-32k-0613',
      'gpt-4-turbo',
      'gpt-4-turbo-2024-04-09',
      'gpt-4-turbo-preview',
      'gpt-4-vision-preview',
      'gpt-4.1-nano',
      'gpt-4.1-nano-2025-04-14',
      'gpt-4.5-preview',
      'gpt-4.5-preview-2025-02-27',
      'gpt-5.1-codex-mini',
      'gpt-5.3-chat-latest',
      'gpt-5.3-codex',
      'o1',
      'o1-2024-12-17',
      'o1-mini',
      'o1-mini-2024-09-12',
      'o1-preview',
      'o1-preview-2024-09-12',
      'o1-pro',
      'o1-pro-2025-03-19',
      'o3-deep-research',
      'o3-deep-research-2025-06-26',
      'o3-mini',
      'o3-mini-2025-01-31',
      'o3-pro',
      'o3-pro-2025-06-10',
      'o4-mini-deep-research',
      'o4-mini-deep-research-2025-06-26',
    ],
    differs: { file_search: ['none', '2.5'], web_search: ['none', '10'] },
    reason:
      'The base lists the fees of hosted tools for some models. The price list has one for all models of /responses.',
  },
];
