import { describe, expect, test } from 'vitest';
import { embeddings } from '../../../../shared/core/endpoints/embeddings.ts';
import type { JsonValue } from '../../../../shared/core/json.ts';
import { PRICE, RATES } from './support.ts';

const price = {
  ...PRICE,
  rates: { default: { input: RATES.input } },
  contextWindow: 8_192,
  maxOutputTokens: 0,
};
const tokens = (input: JsonValue, bodyBytes = 77) => {
  const { longContext: _, ...short } = price;
  const body = { model: 'test-model', input };
  const { fixed, ...output } = embeddings.worstCase(body, short, { bodyBytes, autoTier: 'default' });
  expect(output).toEqual({ perOutputToken: 0n, maxOutputTokens: 0, explicit: true });
  return Number(fixed / RATES.input);
};

describe('the worst case', () => {
  const cases: [string, JsonValue, number][] = [
    ['a text by its bytes', 'Zürich', 7 + 2],
    ['texts by their bytes', ['Zürich', 'ab'], 7 + 2 + 2 + 2],
    ['tokens by their number', [100_001, 5, 7], 3 + 2],
    ['lists of tokens by their numbers', [[1, 2, 3], [4]], 3 + 2 + 1 + 2],
    ['a long text by what the model takes', 'x'.repeat(50_000), 8_192],
    [
      'many long texts by what a request takes',
      Array.from({ length: 100 }, () => 'x'.repeat(9_000)),
      300_000,
    ],
    ['anything else by the whole body', { text: 'x' }, 77],
    ['a list of anything else by the whole body', ['x', { text: 'x' }], 77],
  ];
  test.each(cases)('counts %s', (_name, input, expected) => {
    expect(tokens(input)).toBe(expected);
  });
});

test('an answer tells its tokens; without them it is unknown', () => {
  const usage = { prompt_tokens: 8, total_tokens: 8 };
  expect(embeddings.served({ model: 'text-embedding-3-small', data: [], usage }, {})).toEqual({
    model: 'text-embedding-3-small',
    counts: { input: 8 },
  });
  expect(embeddings.served({ model: 'text-embedding-3-small', data: [] }, {})).toBeUndefined();
});

test.each<[string, JsonValue]>([
  ['an object', { text: 'x' }],
  ['numbers and texts', [1, 'x'.repeat(1_000)]],
  ['texts and numbers', ['x', 1]],
  ['texts and tokens', ['x', [1]]],
  ['tokens of tokens', [[[1]]]],
  ['tokens that are no whole numbers', [1.5]],
])('an input of %s is refused', (_name, input) => {
  expect(embeddings.check({ model: 'm', input })).toMatchObject({ status: 400, param: 'input' });
});

test('a request needs a model, is sent as it is, and may be answered again', () => {
  const body = { model: 'm', input: 'x' };
  expect(embeddings.check({ input: 'x' })).toMatchObject({ status: 400, param: 'model' });
  expect(embeddings.check(body)).toBeUndefined();
  expect(embeddings.forMetering(body, PRICE)).toBe(body);
  expect(embeddings.cacheable(body)).toBe(true);
});
