import fc from 'fast-check';
import { expect } from 'vitest';
import { countPicture, type PictureTokens } from '../../../../local/simulator/vision.ts';
import { bundledPrices } from '../../../../prices/load.ts';
import table from '../../../../prices/table.json' with { type: 'json' };
import type { MeteredEndpoint } from '../../../../shared/core/endpoint.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import type { Price, Tier } from '../../../../shared/core/price.ts';
import { costOf } from '../../../../shared/core/pricing.ts';
import { tierOf } from '../../../../shared/core/rates.ts';
import type { PictureDetail } from '../../../../shared/core/vision.ts';
import { gif, jpeg, png, webp } from '../../../support/pictures.ts';
import { of, share } from './bounded.ts';
import { bytesOf } from './support.ts';

const prices = bundledPrices();
const TODAY = Date.parse('2026-11-30');

export function priceOf(model: string): Price {
  const found = prices.find(model, TODAY);
  if (found.kind !== 'priced') throw new Error(`${model} has no price`);
  return found.price;
}

/** Every model that sees pictures and writes text, at its price of today; those whose rules differ most are likely. */
const seeing = [...new Set(table.prices.filter((row) => 'vision' in row).map(({ model }) => model))];
export const seeingPrice: fc.Arbitrary<Price> = fc
  .oneof(
    fc.constantFrom('gpt-6.1-sol', 'gpt-5.4-nano', 'gpt-4o-mini', 'gpt-4.1-mini', 'gpt-5.5', 'gpt-4o'),
    fc.constantFrom(...seeing),
  )
  .map(priceOf);

/** A tier that a request may name, what `auto` is in this stage, and which of the tiers it allows served it. */
export interface Tiers {
  readonly named: string | null;
  readonly auto: Tier;
  readonly served: string;
}

/** Such tiers as a price has: OpenAI serves at the one that was asked for, or falls back on its default. */
export const tiersOf = ({ rates }: Price): fc.Arbitrary<Tiers> => {
  const names = [null, 'auto', 'default', 'flex', 'priority', 'fast', 'ultrafast'].filter((name) => {
    const tier = name === null ? 'default' : (tierOf(name) ?? 'default');
    return rates[tier] !== undefined;
  });
  return fc
    .record({
      named: fc.constantFrom(...names),
      auto: fc.constantFrom<Tier>('default', 'priority'),
      falls: fc.boolean(),
    })
    .map(({ named, auto, falls }) => {
      const isAuto = named === null || named === 'auto';
      const most = isAuto ? (rates[auto] === undefined ? 'default' : auto) : named;
      return { named, auto, served: falls ? 'default' : most };
    });
};

const edge = fc.oneof(
  fc.constantFrom(1, 32, 33, 512, 768, 1_600, 2_048, 4_800, 6_000, 6_400),
  fc.integer({ min: 1, max: 16_000 }),
);
const FORMATS = {
  png,
  jpeg,
  gif,
  lossy: (width: number, height: number) => webp('VP8 ', width, height),
  lossless: (width: number, height: number) => webp('VP8L', width, height),
  extended: (width: number, height: number) => webp('VP8X', width, height),
};

/** A picture as a caller sends it, and what it is. */
export interface SentPicture {
  readonly url: string;
  readonly detail: string | null;
  readonly width: number;
  readonly height: number;
}

/** Pictures of every size, detail and form, some of which nobody here can look at. */
export const picture: fc.Arbitrary<SentPicture> = fc
  .record({
    width: edge,
    height: edge,
    detail: fc.constantFrom<PictureDetail | null>(null, 'auto', 'low', 'high', 'original'),
    form: fc.constantFrom<keyof typeof FORMATS | 'link' | 'odd'>(
      'png',
      'jpeg',
      'gif',
      'lossy',
      'lossless',
      'extended',
      'link',
      'link',
      'odd',
    ),
  })
  .map(({ form, ...sent }) => ({ ...sent, url: urlOf(form, sent.width, sent.height) }));

function urlOf(form: keyof typeof FORMATS | 'link' | 'odd', width: number, height: number): string {
  if (form === 'link') return 'https://x.test/a.png';
  if (form === 'odd') return `data:image/png;base64,\n${png(1, 1).toString('base64')}`;
  return `data:image/png;base64,${FORMATS[form](width, height).toString('base64')}`;
}

/** A picture once more and again, as agents send screenshots. */
export const pictures = fc.oneof(
  fc.array(picture, { maxLength: 4 }),
  fc
    .tuple(picture, fc.integer({ min: 5, max: 120 }))
    .map(([one, times]) => Array.from({ length: times }, () => one)),
);

/** What OpenAI's guide counts for pictures; `undefined` where it refuses one. */
export function countAll(model: string, sent: readonly SentPicture[]): PictureTokens | undefined {
  let [billed, filled] = [0, 0];
  for (const { width, height, detail } of sent) {
    const counted = countPicture(model, { width, height }, detail ?? 'auto');
    if (counted === undefined) return undefined;
    billed += counted.billed;
    filled += counted.filled;
  }
  return { billed, filled };
}

/** "Up to 1,500 images" in a request (guide "Images and vision"). */
const MOST_PICTURES = 1_500;

/** The most tokens that can be billed for so many of the window which nobody sees: pages with pictures, and text. */
export function mostShown(model: string, window: number, sent: SentPicture): number {
  const counted = countPicture(model, sent, sent.detail ?? 'auto');
  if (counted === undefined) return window;
  const pages = Math.min(MOST_PICTURES, Math.floor(window / counted.filled));
  return Math.max(window, pages * counted.billed + window - pages * counted.filled);
}

/** A text, of a few bytes to as many as the context takes, and about as many as where a long context begins. */
export const said = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.integer({ min: 0, max: 3_000 }).map((size) => 'x'.repeat(size)),
  fc.constantFrom(127_000, 271_000, 272_500, 1_040_000).map((size) => 'x'.repeat(size)),
);

/** In thousandths: how much of the most was read, of that cached, of the rest written to the cache, and put out. */
export interface UsageParts {
  readonly input: number;
  readonly cached: number;
  readonly written: number;
  readonly output: number;
}
export const usageParts: fc.Arbitrary<UsageParts> = fc.oneof(
  fc.constantFrom(0, 1_000).map((output) => ({ input: 1_000, cached: 0, written: 1_000, output })),
  fc.record({ input: share, cached: share, written: share, output: share }),
);

/** `usage` of an answer, never more than there can be. */
export function usageOf(
  [inName, outName]: readonly [string, string],
  most: { readonly input: number; readonly audio?: number; readonly output: number; readonly long?: boolean },
  parts: UsageParts,
): JsonObject {
  const input = of(most.input, parts.input);
  const cached_tokens = of(input, parts.cached);
  const cache_write_tokens = of(input - cached_tokens, parts.written);
  return {
    [`${inName}_tokens`]: input,
    [`${inName}_tokens_details`]: {
      cached_tokens,
      cache_write_tokens,
      cache_write_tokens_details: { ttl_12h_tokens: most.long === true ? cache_write_tokens : 0 },
      audio_tokens: Math.min(input, most.audio ?? 0),
    },
    [`${outName}_tokens`]: of(most.output, parts.output),
  };
}

/** What the bound is told of a price, in a test that shows that it must be told no less. */
export type Telling = (price: Price) => Price;

/**
 * Holds a request by what is told of its price, and holds the cost of an answer, at that price, against it.
 *
 * @param answer what OpenAI says to the request as it is forwarded, at the most output that it may have; `undefined`
 *   where it refuses it
 */
export function expectHeld(
  rules: MeteredEndpoint,
  body: JsonObject,
  price: Price,
  { auto }: Pick<Tiers, 'auto'>,
  answer: (forwarded: JsonObject) => JsonObject | undefined,
  tell: Telling = (told) => told,
): void {
  if (rules.unpriced?.(body, price) !== undefined) return;
  expect(rules.check(body)).toBeUndefined();
  const told = tell(price);
  const worst = rules.worstCase(body, told, { bodyBytes: bytesOf(body), autoTier: auto });
  const capped = worst.sendMaximum === true ? rules.withOutputCap(body, worst.maxOutputTokens) : body;
  const answered = answer(rules.forMetering(capped, price));
  if (answered === undefined) return;
  const served = rules.served(answered, body);
  if (served === undefined) expect.fail('the answer has its usage');
  const held = worst.fixed + worst.perOutputToken * BigInt(worst.maxOutputTokens);
  expect(costOf(price, served).cost).toBeLessThanOrEqual(held);
}

/** That a property finds what it looks for: told less, the bound is seen to be too low. */
export function expectCaught(property: fc.IProperty<never> | fc.IProperty<unknown>, numRuns: number): void {
  expect(fc.check(property as fc.IProperty<unknown>, { numRuns, endOnFailure: true }).failed).toBe(true);
}

/** Facts of a price without which a bound is too low. */
export const TOLD_LESS = {
  pictures: (price: Price) => ({
    ...price,
    maxImageTokens: Math.floor((price.maxImageTokens * 2) / 3),
    ...(price.vision === undefined
      ? {}
      : {
          vision: {
            ...price.vision,
            rules: price.vision.rules.map((rule) =>
              rule.rule === 'tiles'
                ? { ...rule, tile: Math.floor(rule.tile / 2) }
                : { ...rule, percent: Math.floor((rule.percent * 2) / 3) },
            ),
          },
        }),
  }),
  'what pictures fill': (price: Price) => ({
    ...price,
    ...(price.vision === undefined ? {} : { vision: { ...price.vision, inflation: 100 } }),
  }),
  'long contexts': ({ longContext: _, ...price }: Price) => price,
  'its window': (price: Price) => ({ ...price, contextWindow: Math.floor(price.contextWindow / 2) }),
  output: (price: Price) => ({ ...price, maxOutputTokens: Math.floor(price.maxOutputTokens * 0.9) }),
  'writing to the cache': (price: Price) => ({
    ...price,
    rates: Object.fromEntries(
      Object.entries(price.rates).map(([tier, { cache_write: _, cache_write_12h: __, ...rates }]) => [
        tier,
        rates,
      ]),
    ),
  }),
  tiers: (price: Price) => {
    const { default: rates = {} } = price.rates;
    return { ...price, rates: { default: rates, flex: rates, priority: rates, ultrafast: rates } };
  },
} as const satisfies Readonly<Record<string, Telling>>;
