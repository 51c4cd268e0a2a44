import type { Area } from '../fault.ts';

const PRICING = { suites: ['tests/shared/core/pricing.test.ts'] };
const DEAREST = { suites: ['tests/shared/core/dearest-rates.test.ts'] };
const SOURCE = { suites: ['tests/shared/pricing/price-source.test.ts'] };
const MONEY = { suites: ['tests/shared/core/money.test.ts'] };

/** What a unit costs, where and when. */
export const pricing: Area = {
  'later-price-does-not-count': {
    file: 'shared/pricing/stage-table.ts',
    find: 'from <= day && setAt <= at',
    replace: 'from <= day',
    sentence: 'A price that was set after a call began does not count for it.',
    ...SOURCE,
  },
  'price-begins-on-its-day': {
    file: 'shared/pricing/stage-table.ts',
    find: 'from <= day && setAt <= at',
    replace: 'setAt <= at',
    sentence: 'A price begins on its day.',
    ...SOURCE,
  },
  'unread-price-refuses': {
    file: 'shared/pricing/stage-table.ts',
    find: 'parsed.success && parsed.data.model === model && parsed.data.from === from',
    replace: 'parsed.success',
    sentence: 'A price that cannot be read refuses its model.',
    ...SOURCE,
  },
  'prices-are-read-again': {
    file: 'shared/pricing/price-source.ts',
    find: 'age >= MOST_AGE_MS',
    replace: 'age >= 1_000 * MOST_AGE_MS',
    sentence: 'A price that an admin sets counts within a minute.',
    ...SOURCE,
  },
  'regional-is-dearer': {
    file: 'shared/pricing/row.ts',
    find: "endpoint === 'regional' && row.regional === true ? REGIONAL_PERCENT : 100n",
    replace: '100n',
    sentence: 'A regional endpoint costs 10 % more.',
    ...SOURCE,
  },
  'rates-are-rounded-up': {
    file: 'shared/pricing/row.ts',
    find: '* percent + 99n) / 100n',
    replace: '* percent) / 100n',
    sentence: 'A rate that does not come out even is rounded up.',
    ...SOURCE,
  },
  'long-context-costs-more': {
    file: 'shared/core/pricing.ts',
    find: 'const long = price.longContext !== undefined && inputTokens(counts) > price.longContext.over;',
    replace: 'const long = false;',
    sentence: 'A request over the threshold costs the long-context rates as a whole.',
    ...PRICING,
  },
  'threshold-is-exact': {
    file: 'shared/core/pricing.ts',
    find: 'inputTokens(counts) > price.longContext.over',
    replace: 'inputTokens(counts) >= price.longContext.over',
    sentence: 'Input of just the threshold costs the usual rates.',
    ...PRICING,
  },
  'dearest-of-all-candidates': {
    file: 'shared/core/pricing.ts',
    find: 'cost: max(sums.map((sum) => sum.cost)),',
    replace: 'cost: sums[0]?.cost ?? 0n,',
    sentence: 'A tier without a price costs the dearest that it could mean.',
    ...PRICING,
  },
  'search-model-owes-searches': {
    file: 'shared/core/pricing.ts',
    find: 'web_search: Math.max(counts.web_search ?? 0, choices ?? 1)',
    replace: 'web_search: counts.web_search ?? 0',
    sentence: 'A model that searches in every call owes a search for each choice.',
    ...PRICING,
  },
  'fallback-tier-is-held-for': {
    file: 'shared/core/pricing.ts',
    find: "return ['default', requestedTier",
    replace: 'return [requestedTier',
    sentence: 'A hold is enough also where OpenAI falls back on its default tier.',
    ...DEAREST,
  },
  'auto-tier-is-held-for': {
    file: 'shared/core/pricing.ts',
    find: "requestedTier === 'auto' ? autoTier : tierOf(requestedTier)",
    replace: 'tierOf(requestedTier)',
    sentence: 'A hold is enough for the dearest tier at which OpenAI may serve a request that names none.',
    ...DEAREST,
  },
  'long-context-is-held-for': {
    file: 'shared/core/pricing.ts',
    find: 'const lengths = canBeLong ? [false, true] : [false];',
    replace: 'const lengths = [false];',
    sentence: 'A hold is enough for a request that may be over the long-context threshold.',
    ...DEAREST,
  },
  'gap-is-not-free': {
    file: 'shared/core/rates.ts',
    find: "if (like > 0n) return { rate: like, certainty: 'bound' };",
    replace: "if (like > 0n) return { rate: 0n, certainty: 'bound' };",
    sentence: 'A price with gaps makes nothing free.',
    ...PRICING,
  },
  'cached-falls-back-on-input': {
    file: 'shared/core/rates.ts',
    find: "cached_input: ['input'],",
    replace: '',
    sentence: 'Cached tokens of a model without a discount cost plain input.',
    ...PRICING,
  },
  'unknown-tier-is-flagged': {
    file: 'shared/core/rates.ts',
    find: "flags: ['unknown_tier']",
    replace: 'flags: []',
    sentence: 'A tier that OpenAI’s API did not have is flagged.',
    ...PRICING,
  },
  'fast-is-priority': {
    file: 'shared/core/rates.ts',
    find: "fast: 'priority',",
    replace: "fast: 'default',",
    sentence: 'The tier `fast` costs what `priority` does.',
    ...PRICING,
  },
  'finer-than-money-is-none': {
    file: 'shared/core/money.ts',
    find: 'return digits % divisor === 0n ? signed(sign, digits / divisor) : undefined;',
    replace: 'return signed(sign, digits / divisor);',
    sentence: 'An amount finer than a picodollar is no amount.',
    ...MONEY,
  },
  'halves-round-away': {
    file: 'shared/core/money.ts',
    find: '(over * 2n + under) / (under * 2n);',
    replace: 'over / under;',
    sentence: 'OpenAI’s invoice is rounded to the nearest picodollar, halves away from zero.',
    ...MONEY,
  },
  'held-at-the-price-of-the-day': {
    file: 'functions/proxy/metered-work.ts',
    find: 'const lookup = prices.find(model, at);',
    replace: 'const lookup = prices.find(model, 0);',
    sentence: 'A call is held at the prices of its day.',
    suites: ['tests/functions/proxy/stage-prices.test.ts'],
  },
  'unbilled-is-not-served': {
    file: 'functions/proxy/metered-work.ts',
    find: 'fixed + perOutputToken === 0n && !isFree',
    replace: 'false',
    sentence: 'A model whose price has nothing for an endpoint is not served there.',
    suites: ['tests/functions/proxy/stage-prices.test.ts'],
  },
};
