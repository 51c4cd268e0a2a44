import fc from 'fast-check';
import { expect } from 'vitest';
import type { MeteredEndpoint } from '../../../../shared/core/endpoint.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import type { Price, Rates, Tier } from '../../../../shared/core/price.ts';
import { costOf } from '../../../../shared/core/pricing.ts';
import { BILLED_CLASSES } from '../../../../shared/core/usage.ts';
import { bytesOf, PRICE, RATES } from './support.ts';

/** Any prices, also such where OpenAI lists no rate for a class, or where a discount is none. */
export const rates: fc.Arbitrary<Rates> = fc.record(
  Object.fromEntries(BILLED_CLASSES.map((unit) => [unit, fc.bigInt({ min: 0n, max: 4n * RATES[unit] })])),
  {
    requiredKeys: [
      'input',
      'output',
      'audio_input',
      'audio_output',
      'image_output',
      'characters',
      'audio_seconds',
      'web_search',
      'file_search',
      'container_1g',
    ],
  },
);
export const price: fc.Arbitrary<Price> = fc
  .record({ normal: rates, flex: rates, priority: rates, long: rates, searchPerCall: fc.boolean() })
  .map(({ normal, flex, priority, long, searchPerCall }) => ({
    ...PRICE,
    rates: { default: normal, flex, priority },
    longContext: { over: 20_000, rates: { default: long, priority: long } },
    ...(searchPerCall ? { searchPerCall: true as const } : {}),
  }));

/** The tier asked for, what `auto` may be, and the tier that served it. */
export const tiers = fc.constantFrom<[string | null, Tier, string]>(
  [null, 'default', 'default'],
  [null, 'priority', 'priority'],
  ['auto', 'priority', 'default'],
  ['default', 'priority', 'default'],
  ['flex', 'default', 'flex'],
  ['flex', 'default', 'default'],
  ['priority', 'default', 'priority'],
  ['fast', 'default', 'default'],
  ['fast', 'flex', 'fast'],
);

/** Nothing says what served a request of an endpoint without tiers, so that it is billed as standard. */
export const autoTiers = fc.constantFrom<Tier>('default', 'priority');

/** How large each part of the truth is, of what it can be at most, in thousandths; the extremes are likely. */
export const share = fc.oneof(fc.constantFrom(0, 1000), fc.integer({ min: 0, max: 1000 }));
export const shares = fc.tuple(share, share, share, share, share, share);
export const of = (most: number, part: number) => Math.floor((most * part) / 1000);

/** A member that is there, or not. */
export const given = <T>(name: string, value: T | null) => (value === null ? {} : { [name]: value });

/**
 * Asks an endpoint for the worst case of a request, and holds the cost of an answer against it.
 *
 * @param answer what OpenAI says to the request as it is forwarded, at the most output that it may have
 * @param prices of the other models that it can be billed for
 */
export function expectBounded(
  endpoint: MeteredEndpoint,
  body: JsonObject,
  table: Price,
  autoTier: Tier,
  answer: (body: JsonObject, maxOutputTokens: number) => JsonObject,
  prices: ReadonlyMap<string, Price> = new Map(),
) {
  expect(endpoint.check(body)).toBeUndefined();
  const worst = endpoint.worstCase(body, table, { bodyBytes: bytesOf(body), autoTier, prices });
  const capped = worst.sendMaximum === true ? endpoint.withOutputCap(body, worst.maxOutputTokens) : body;
  const served = endpoint.served(answer(endpoint.forMetering(capped, table), worst.maxOutputTokens), body);
  if (served === undefined) expect.fail('the answer has its usage');
  const others = (served.also ?? []).map((part) => {
    const other = prices.get(String(part.model));
    if (other === undefined) expect.fail(`${part.model} was not asked for`);
    return costOf(other, part).cost;
  });
  const cost = others.reduce((sum, other) => sum + other, costOf(table, served).cost);
  expect(cost).toBeLessThanOrEqual(worst.fixed + worst.perOutputToken * BigInt(worst.maxOutputTokens));
}
