import type { TierRule, Usd } from './types.ts';

/** OpenAI's price list. Stored copies were read; the pages of single models were preferred where there was one. */
export const PRICING = 'https://developers.openai.com/api/docs/pricing';
/** The price lists of the faster tiers. They say "excludes long context" for the models up to GPT-5.5. */
export const PRIORITY = 'https://openai.com/api-priority-processing';
export const FAST_MODE = 'https://openai.com/api-fast-mode';
export const READ = '2026-11-21';

export function modelPage(model: string): string {
  return `https://developers.openai.com/api/docs/models/${model}`;
}

/** "Batch and Flex prices are 50% lower" (pages of the GPT-5 models and later, o3, o4-mini). */
export const HALF: TierRule = { factor: '0.5', long: true };
export const HALVES = { flex: HALF, batch: HALF };

/**
 * "50% cost discount compared to synchronous APIs" ("Batch" guide). The price list has no cached input in its batch
 * prices of these models: it is billed as plain input of the batch.
 */
export const BATCH: TierRule = { factor: '0.5', long: false, only: ['input', 'output'] };

/** Rates of a tier that are published one by one, in USD for a million tokens, and not for long contexts. */
export function ratesOf(input: string, cached: string, output: string): TierRule {
  return { rates: { input, cached_input: cached, output } };
}

/** Fast mode of the models since GPT-5.6: twice the price, whatever the length of the input. */
export const FAST: TierRule = { factor: '2', long: true };
/** Ultrafast mode: six times the price, which gpt-6.2-sol has from March 2027 on. */
export const ULTRAFAST: TierRule = { factor: '6', long: true };
export const ULTRAFAST_OFFER: TierRule = { factor: '3', long: true };

/** A minute: $0.03, 0.12, 0.48 and 1.92 for 20 of them, "billed by the minute". */
const CONTAINERS: Usd = {
  container_1g: '0.0015',
  container_4g: '0.006',
  container_16g: '0.024',
  container_64g: '0.096',
};

/** Fees of the hosted tools of reasoning models: $10 per 1,000 searches, with either version of the tool. */
export const REASONING_TOOLS: Usd = {
  web_search: '0.01',
  web_search_preview: '0.01',
  file_search: '0.0025',
  ...CONTAINERS,
};

/** The same for all other models, where the preview of web search costs $25 per 1,000 (and its content is free). */
export const TOOLS: Usd = { ...REASONING_TOOLS, web_search_preview: '0.025' };

/** The most tokens of one picture where no rule is published, or where no picture is taken. */
export const UNKNOWN_IMAGE_TOKENS = 25_000;
