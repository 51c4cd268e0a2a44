import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../shared/core/json.ts';
import type { UsageClass, UsageCounts } from '../../../shared/core/usage.ts';
import { chatUsage, embeddingsUsage, responsesUsage } from '../../../shared/core/usage-reader.ts';

const INPUT: readonly UsageClass[] = [
  'input',
  'cached_input',
  'cache_write',
  'cache_write_12h',
  'audio_input',
  'cached_audio_input',
  'image_input',
  'cached_image_input',
];

const sum = (counts: UsageCounts, classes: readonly UsageClass[]) =>
  classes.reduce((total, unit) => total + (counts[unit] ?? 0), 0);

describe('the usage of chat completions is counted in classes that do not overlap', () => {
  const cases: [string, JsonObject, JsonObject, UsageCounts][] = [
    ['no details', {}, {}, { input: 100, output: 50 }],
    ['cached text', { cached_tokens: 60 }, {}, { input: 40, cached_input: 60, output: 50 }],
    [
      'cached and written text',
      { cached_tokens: 60, cache_write_tokens: 30 },
      {},
      { input: 10, cached_input: 60, cache_write: 30, output: 50 },
    ],
    [
      'cached tokens beside audio: taken for text, which saves least',
      { cached_tokens: 60, audio_tokens: 30 },
      {},
      { input: 10, cached_input: 60, audio_input: 30, output: 50 },
    ],
    [
      'more cached than text: then images, then audio',
      { cached_tokens: 90, audio_tokens: 30, image_tokens: 50 },
      {},
      { cached_input: 20, cached_image_input: 50, cached_audio_input: 20, audio_input: 10, output: 50 },
    ],
    [
      'written images: at the rate of written tokens',
      { cache_write_tokens: 80, image_tokens: 50 },
      {},
      { cache_write: 80, image_input: 20, output: 50 },
    ],
    [
      'spoken output and reasoning',
      { audio_tokens: 20 },
      { audio_tokens: 30, reasoning_tokens: 10 },
      { input: 80, audio_input: 20, output: 20, audio_output: 30, reasoning: 10 },
    ],
    [
      'predictions are details of the output',
      {},
      { accepted_prediction_tokens: 20, rejected_prediction_tokens: 5 },
      { input: 100, output: 50, accepted_prediction: 20, rejected_prediction: 5 },
    ],
    [
      'parts above the whole are cut',
      { cached_tokens: 900 },
      { reasoning_tokens: 70 },
      {
        cached_input: 100,
        output: 50,
        reasoning: 50,
      },
    ],
    [
      'audio above the whole is cut',
      { audio_tokens: 101 },
      { audio_tokens: 51 },
      { audio_input: 100, audio_output: 50 },
    ],
    [
      'unreadable parts stay in the whole',
      { cached_tokens: -4, audio_tokens: '3', image_tokens: 1.5 },
      { reasoning_tokens: null },
      {
        input: 100,
        output: 50,
      },
    ],
  ];
  test.each(cases)('%s', (_name, prompt, completion, expected) => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: prompt,
      completion_tokens_details: completion,
    };
    expect(chatUsage(usage)).toEqual(expected);
  });
});

describe('the usage of responses', () => {
  test('tells the lifetimes of written tokens apart', () => {
    const input_tokens_details = {
      cached_tokens: 10,
      cache_write_tokens: 50,
      cache_write_tokens_details: { ttl_30m_tokens: 20, ttl_12h_tokens: 30 },
    };
    const usage = { input_tokens: 100, input_tokens_details, output_tokens: 0, output_tokens_details: {} };
    expect(responsesUsage(usage)).toEqual({
      input: 40,
      cached_input: 10,
      cache_write: 20,
      cache_write_12h: 30,
    });
  });

  test('finds written tokens in their lifetimes alone', () => {
    const input_tokens_details = { cache_write_tokens_details: { ttl_30m_tokens: 20, ttl_12h_tokens: 30 } };
    expect(responsesUsage({ input_tokens: 100, input_tokens_details, output_tokens: 1 })).toMatchObject({
      input: 50,
      cache_write: 20,
      cache_write_12h: 30,
    });
  });
});

describe('a count that is missing or no count', () => {
  const wrong = [undefined, null, '100', -1, 1.5, Number.NaN, 2 ** 53, { rawJSON: '12345678901234567890' }];
  test.each(wrong)('%s is not read as 0', (value) => {
    expect(chatUsage({ prompt_tokens: value, completion_tokens: 1 } as JsonObject)).toBeUndefined();
    expect(chatUsage({ prompt_tokens: 1, completion_tokens: value } as JsonObject)).toBeUndefined();
    expect(responsesUsage({ input_tokens: value, output_tokens: 1 } as JsonObject)).toBeUndefined();
    expect(responsesUsage({ input_tokens: 1, output_tokens: value } as JsonObject)).toBeUndefined();
    expect(embeddingsUsage({ prompt_tokens: value, total_tokens: 3 } as JsonObject)).toBeUndefined();
  });

  test.each([undefined, null, [], 'usage', 7])('a usage that is %s has none', (usage) => {
    expect(chatUsage(usage)).toBeUndefined();
    expect(responsesUsage(usage)).toBeUndefined();
    expect(embeddingsUsage(usage)).toBeUndefined();
  });
});

test('no details, however odd, lose a token or make one', () => {
  const odd = fc.oneof(fc.nat(300), fc.integer(), fc.double(), fc.constantFrom(null, '5', undefined));
  const details = fc.record({
    cached_tokens: odd,
    cache_write_tokens: odd,
    cache_write_tokens_details: fc.record({ ttl_30m_tokens: odd, ttl_12h_tokens: odd }),
    audio_tokens: odd,
    image_tokens: odd,
    reasoning_tokens: odd,
    accepted_prediction_tokens: odd,
    rejected_prediction_tokens: odd,
  });
  fc.assert(
    fc.property(
      fc.nat(200),
      fc.nat(200),
      details,
      details,
      (prompt_tokens, completion_tokens, prompt, completion) => {
        const counts = chatUsage({
          prompt_tokens,
          completion_tokens,
          prompt_tokens_details: prompt,
          completion_tokens_details: completion,
        } as JsonObject);
        if (counts === undefined) expect.fail('both counts are there');
        expect(sum(counts, INPUT)).toBe(prompt_tokens);
        expect(sum(counts, ['output', 'audio_output'])).toBe(completion_tokens);
        for (const units of Object.values(counts)) expect(units).toBeGreaterThan(0);
        for (const unit of ['reasoning', 'accepted_prediction', 'rejected_prediction'] as const) {
          expect(counts[unit] ?? 0).toBeLessThanOrEqual(completion_tokens);
        }
      },
    ),
    { numRuns: 500 },
  );
});
