import { describe, expect, it } from 'vitest';
import { countPicture } from '../../../../local/simulator/vision.ts';
import { bundledPrices } from '../../../../prices/load.ts';
import type { MeteredEndpoint } from '../../../../shared/core/endpoint.ts';
import { chatCompletions } from '../../../../shared/core/endpoints/chat-completions.ts';
import { decisions } from '../../../../shared/core/endpoints/decisions.ts';
import { responses } from '../../../../shared/core/endpoints/responses.ts';
import { responsesCompact } from '../../../../shared/core/endpoints/responses-compact.ts';
import type { JsonObject, JsonValue } from '../../../../shared/core/json.ts';
import { costOf } from '../../../../shared/core/pricing.ts';
import { jpeg, png } from '../../../support/pictures.ts';
import { bytesOf } from './support.ts';

const prices = bundledPrices();
const TODAY = Date.parse('2026-11-30');

function priceOf(model: string) {
  const found = prices.find(model, TODAY);
  if (found.kind !== 'priced') throw new Error(`${model} has no price`);
  return found.price;
}

const dataUrl = (bytes: Uint8Array) => `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
const SMALL = dataUrl(png(320, 320));
const LARGE = dataUrl(png(4_800, 6_400));
const LINK = 'https://x.test/a.png';

type Place = (url: string, detail?: JsonValue) => JsonObject;
const withDetail = (detail: JsonValue | undefined) => (detail === undefined ? {} : { detail });
const inputImage = (url: string, detail?: JsonValue) => ({
  type: 'input_image',
  image_url: url,
  ...withDetail(detail),
});
const said = (part: JsonObject) => ({ input: [{ role: 'user', content: [part] }] });
const IN_CHAT: Place = (url, detail) => ({
  messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url, ...withDetail(detail) } }] }],
});
const IN_INPUT: Place = (url, detail) => said(inputImage(url, detail));
const returned =
  (type: string): Place =>
  (url, detail) => ({ input: [{ type, call_id: 'c', output: [inputImage(url, detail)] }] });
const QUESTION = { questions: [{ type: 'predicate', instructions: 'x' }] };

const PLACES: readonly (readonly [string, MeteredEndpoint, Place])[] = [
  ['a message of a chat', chatCompletions, IN_CHAT],
  ['a message of a response', responses, IN_INPUT],
  ['what a function returned', responses, returned('function_call_output')],
  ['what a custom tool returned', responses, returned('custom_tool_call_output')],
  ['a conversation that is compacted', responsesCompact, IN_INPUT],
  ['what is decided on', decisions, (url, detail) => ({ ...IN_INPUT(url, detail), ...QUESTION })],
];

/** What is held for all but the output, in picodollars. */
function held(rules: MeteredEndpoint, model: string, body: JsonObject): bigint {
  const request = { model, service_tier: 'default', ...body };
  expect(rules.check(rules === decisions ? { model, ...body } : request)).toBeUndefined();
  return rules.worstCase(request, priceOf(model), { bodyBytes: bytesOf(request), autoTier: 'default' }).fixed;
}

/** What is held for a picture, in tokens that are written to the prompt cache: what is no text, a byte a token. */
function tokensOf(
  rules: MeteredEndpoint,
  model: string,
  place: Place,
  url: string,
  detail?: JsonValue,
): number {
  const body = place(url, detail);
  const all = held(rules, model, body) / (priceOf(model).rates.default?.cache_write ?? 1n);
  const inline = url.startsWith('data:') ? url.length : 0;
  return Number(all) - (bytesOf({ model, service_tier: 'default', ...body }) - inline + 256);
}

describe.each(PLACES)('a picture in %s', (_, rules, place) => {
  const tokens = (url: string, detail?: JsonValue) => tokensOf(rules, 'gpt-6.1-sol', place, url, detail);

  it('is held at all that its model makes of the largest, where its size cannot be seen', () => {
    expect(tokens(LINK)).toBe(36_001);
    expect(tokens(LINK, 'original')).toBe(36_001);
    expect(tokens(dataUrl(Buffer.from('unreadable')))).toBe(36_001);
  });

  it('is held by its size where its first bytes tell it', () => {
    expect(tokens(SMALL)).toBe(121);
    expect(tokens(LARGE)).toBe(36_001);
  });

  it('is held at the most of its detail', () => {
    expect(tokens(LINK, 'low')).toBe(309);
    expect(tokens(LINK, 'high')).toBe(3_001);
    expect(tokens(LARGE, 'high')).toBe(3_001);
    expect(tokens(LARGE, null)).toBe(36_001);
    expect(tokens(LARGE, 'tiny')).toBe(36_001);
  });

  it('is not believed to be smaller than one of its headers says', () => {
    expect(tokens(dataUrl(png(1, 1, { again: [4_800, 6_400] })))).toBe(36_001);
    expect(tokens(dataUrl(jpeg(1, 1, { again: [4_800, 6_400] })))).toBe(36_001);
  });
});

describe('where OpenAI documents no detail, none is believed', () => {
  const tokens = (place: Place, url: string) => tokensOf(responses, 'gpt-6.1-sol', place, url, 'low');

  it('for a screenshot', () => {
    const screen: Place = (image_url, detail) => ({
      input: [
        {
          type: 'computer_call_output',
          call_id: 'c',
          output: { type: 'computer_screenshot', image_url, ...withDetail(detail) },
        },
      ],
    });
    expect(tokens(screen, LARGE)).toBe(36_001);
    expect(tokens(screen, SMALL)).toBe(121);
  });

  it('for an image_url of a chat that is no object', () => {
    const body = {
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: LINK, detail: 'low' }] }],
    };
    expect(held(chatCompletions, 'gpt-6.1-sol', body)).toBeGreaterThan(36_000n * 2_500_000n);
  });

  it('nor is a URL that stands beside the id of a file', () => {
    const body = said({ ...inputImage(SMALL), file_id: 'file-1' });
    expect(held(responses, 'gpt-6.1-sol', body)).toBeGreaterThan(36_000n * 2_500_000n);
  });
});

describe('what is billed may not fill the context window', () => {
  const body = (count: number, url: string) => ({
    messages: [
      {
        role: 'user',
        content: Array.from({ length: count }, () => ({ type: 'image_url', image_url: { url } })),
      },
    ],
  });

  it.each([
    ['gpt-4o-mini', 50, 1_000, 1_000],
    ['gpt-4o-mini', 88, 768, 2_048],
    ['gpt-4.1-mini', 200, 2_048, 2_048],
    ['gpt-6.1-sol', 10, 4_800, 6_400],
    ['gpt-6.1-sol', 30, 4_800, 6_400],
    ['gpt-5.4-nano', 30, 3_200, 3_200],
  ])('%s: %d pictures of %d x %d cost no more than was held', (model, count, width, height) => {
    const price = priceOf(model);
    const counted = countPicture(model, { width, height }, 'auto');
    if (counted === undefined) expect.fail('the guide takes such a picture');
    expect(count * counted.filled).toBeLessThanOrEqual(price.contextWindow);
    const input = count * counted.billed;
    const { cost } = costOf(price, { serviceTier: 'default', counts: { cache_write: input } });
    expect(held(chatCompletions, model, body(count, dataUrl(png(width, height))))).toBeGreaterThanOrEqual(
      cost,
    );
    expect(held(chatCompletions, model, body(count, LINK))).toBeGreaterThanOrEqual(cost);
  });

  it.each([
    ['by its id', { file_id: 'file-1' }],
    ['that is sent along', { file_data: 'data:application/pdf;base64,JVBERi0xLjcK', filename: 'a.pdf' }],
  ])('a PDF %s is held at as many pages as its model can look at', (_, file) => {
    const page = countPicture('gpt-4o-mini', { width: 1_700, height: 2_200 }, 'high');
    const { cost } = costOf(priceOf('gpt-4o-mini'), { counts: { input: 100 * (page?.billed ?? 0) } });
    const chat = { messages: [{ role: 'user', content: [{ type: 'file', file }] }] };
    expect(held(chatCompletions, 'gpt-4o-mini', chat)).toBeGreaterThanOrEqual(cost);
    expect(held(responses, 'gpt-4o-mini', said({ type: 'input_file', ...file }))).toBeGreaterThanOrEqual(
      cost,
    );
  });

  it('what is no picture is still held at no more than the window', () => {
    const text = held(chatCompletions, 'gpt-4o-mini', {
      messages: [{ role: 'user', content: 'x'.repeat(999_999) }],
    });
    expect(text).toBe(128_000n * 150_000n);
  });

  it('pictures whose size nobody sees are held at no more than fits the window', () => {
    const many = held(chatCompletions, 'gpt-6.1-sol', body(1_000, LINK));
    expect(many).toBeLessThan(1_050_000n * 6_100_000n);
  });
});
