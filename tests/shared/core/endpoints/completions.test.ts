import { describe, expect, test } from 'vitest';
import { completions } from '../../../../shared/core/endpoints/completions.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import { bytesOf, PRICE, RATES, replay } from './support.ts';

const ask = (more: JsonObject = {}): JsonObject => ({ model: 'test-model', prompt: 'Hello', ...more });
const worst = (body: JsonObject) =>
  completions.worstCase(body, PRICE, { bodyBytes: bytesOf(body), autoTier: 'default' });

describe('a request that cannot be bounded is refused', () => {
  test.each([
    ['model', { prompt: 'x' }],
    ['n', ask({ n: '3' })],
    ['best_of', ask({ best_of: 1_000 })],
    ['max_tokens', ask({ max_tokens: -1 })],
    ['stream', ask({ stream: {} })],
    ['prompt', ask({ prompt: { text: 'x' } })],
    ['prompt', ask({ prompt: [1, 'x'.repeat(1_000)] })],
    ['prompt', ask({ prompt: ['x', [1]] })],
    ['prompt', ask({ prompt: [[['x']]] })],
    ['service_tier', ask({ service_tier: 'priority' })],
  ])('%s', (param, body) => {
    expect(completions.check(body)).toMatchObject({ status: 400, param });
  });

  test('and one that only scores its prompt is not', () => {
    expect(completions.check(ask({ max_tokens: 0, echo: true, logprobs: 1 }))).toBeUndefined();
  });
});

describe('the worst case', () => {
  test("takes OpenAI's own maximum of 16 where none is mentioned, and the model's for null", () => {
    expect(worst(ask())).toMatchObject({ maxOutputTokens: 16, explicit: false });
    expect(worst(ask({ max_tokens: null }))).toMatchObject({ maxOutputTokens: 8_000, explicit: false });
    expect(worst(ask({ max_tokens: 40 }))).toMatchObject({ maxOutputTokens: 40, explicit: true });
    expect(worst(ask({ max_tokens: 0 }))).toMatchObject({ maxOutputTokens: 0, explicit: true });
  });

  test.each([
    [1n, ask()],
    [3n, ask({ n: 3 })],
    [5n, ask({ n: 3, best_of: 5 })],
    [6n, ask({ n: 3, prompt: ['a', 'b'] })],
    [2n, ask({ prompt: [[1, 2], [3]] })],
    [1n, ask({ prompt: [1, 2, 3] })],
    [1n, ask({ prompt: null })],
  ])('counts %s completions', (choices, body) => {
    expect(worst(body).perOutputToken).toBe(choices * RATES.output);
  });

  test('gives each of several prompts the context window', () => {
    const prompt = Array.from({ length: 3 }, () => 'x'.repeat(200_000));
    expect(worst(ask({ prompt })).fixed).toBe(3n * BigInt(PRICE.contextWindow) * 2n * RATES.cache_write);
  });
});

test('a stream loses only the usage chunk that the caller did not ask for', () => {
  const body = ask({ stream: true });
  expect(completions.forMetering(body, PRICE)).toEqual({ ...body, stream_options: { include_usage: true } });
  const meter = completions.streamMeter(body);
  expect(replay('completions', meter)).toEqual(['pass', 'pass', 'strip']);
  expect(meter.served()).toEqual({
    model: 'gpt-3.5-turbo-instruct:20230824-v2',
    counts: { input: 5, output: 3 },
    choices: 1,
  });
  expect(meter.seenOutputBytes()).toBe('\n\nHello'.length);
});

test('a whole answer tells its tokens, summed over its choices by OpenAI', () => {
  const usage = { prompt_tokens: 5, completion_tokens: 30, total_tokens: 35 };
  expect(completions.served({ model: 'm', choices: [{ text: 'a' }, { text: 'b' }], usage }, {})).toEqual({
    model: 'm',
    counts: { input: 5, output: 30 },
    choices: 2,
  });
});

test('a cap is set as max_tokens, and the answer may be given again', () => {
  expect(completions.withOutputCap(ask(), 9)).toEqual(ask({ max_tokens: 9 }));
  expect(completions.cacheable(ask())).toBe(true);
});
