import { describe, expect, it } from 'vitest';
import { decisions } from '../../../../shared/core/endpoints/decisions.ts';
import { responsesCompact } from '../../../../shared/core/endpoints/responses-compact.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import { bytesOf, PRICE, RATES } from './support.ts';

const { longContext: _, ...SHORT } = PRICE;
const question = { type: 'predicate', instructions: 'Is it about hedgehogs?' };
const ask = (more: JsonObject = {}) => ({ model: 'gpt-6-luna', input: 'x', questions: [question], ...more });
const context = (body: JsonObject) => ({ bodyBytes: bytesOf(body), autoTier: 'default' as const });

describe('decisions', () => {
  it('are billed their input, cached or not, and nothing else', () => {
    const usage = {
      input_tokens: 500,
      input_tokens_details: { cached_tokens: 300, cache_write_tokens: 100 },
      output_tokens: 12,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 512,
    };
    expect(decisions.served({ model: 'gpt-6-luna', answers: [], usage }, ask())).toEqual({
      model: 'gpt-6-luna',
      counts: { input: 500 },
    });
    expect(decisions.served({ model: 'gpt-6-luna', answers: [] }, ask())).toBeUndefined();
  });

  it('are held as if the input was read for each question, images in all places included', () => {
    const image = { type: 'input_image', image_url: 'https://example.com/a.png' };
    const body = ask({
      input: [
        { role: 'user', content: [image] },
        { type: 'function_call_output', call_id: 'c', output: [image] },
      ],
      questions: [{ ...question, instructions: [image] }, question],
    });
    const images = 2n * 3n * BigInt(PRICE.maxImageTokens) * RATES.image_input;
    const text = 2n * BigInt(bytesOf(body) + 256) * RATES.cache_write;
    const worst = decisions.worstCase(body, SHORT, context(body));
    expect(worst).toMatchObject({ fixed: images + text, perOutputToken: 0n, explicit: true });
  });

  it.each<[string, JsonObject]>([
    ['model', ask({ model: undefined })],
    ['input', ask({ input: {} })],
    ['input[0].content', ask({ input: [{ role: 'user', content: 7 }] })],
    ['questions', ask({ questions: [] })],
    ['questions', ask({ questions: Array.from({ length: 401 }, () => question) })],
    ['questions[0].instructions', ask({ questions: [{ type: 'predicate', instructions: {} }] })],
    ['stream', ask({ stream: true })],
  ])('with a wrong %s are refused', (param, body) => {
    expect(decisions.check(body)).toMatchObject({ status: 400, param });
  });
});

describe('a compaction', () => {
  it('is held at all that its model can put out, as it takes no maximum', () => {
    const body = { model: 'm', input: 'x' };
    const worst = responsesCompact.worstCase(body, SHORT, context(body));
    expect(worst).toMatchObject({ maxOutputTokens: PRICE.maxOutputTokens, explicit: true });
    expect(responsesCompact.forMetering(body, PRICE)).toEqual({ ...body, service_tier: 'auto' });
  });

  it('of what is stored is held at the whole window', () => {
    const body = { model: 'm', previous_response_id: 'resp_1' };
    const { fixed } = responsesCompact.worstCase(body, SHORT, context(body));
    expect(fixed).toBe(BigInt(PRICE.contextWindow) * RATES.audio_input);
  });

  it('is billed its usage', () => {
    const usage = {
      input_tokens: 90,
      input_tokens_details: { cached_tokens: 40 },
      output_tokens: 8,
      total_tokens: 98,
    };
    const answer = {
      object: 'response.compaction',
      output: [{ type: 'compaction', encrypted_content: 'x' }],
      usage,
    };
    expect(responsesCompact.served(answer, {})).toEqual({
      counts: { input: 50, cached_input: 40, output: 8 },
    });
  });

  it.each(['tools', 'stream', 'max_output_tokens'])('takes no %s', (param) => {
    expect(responsesCompact.check({ model: 'm', input: 'x', [param]: [] })).toMatchObject({ param });
  });
});
