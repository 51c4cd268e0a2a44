import { describe, expect, it } from 'vitest';
import { responses } from '../../../../shared/core/endpoints/responses.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import { bytesOf, PRICE, RATES } from './support.ts';

const ask = (more: JsonObject = {}) => ({ model: 'm', input: 'x', service_tier: 'default', ...more });
const worst = (body: JsonObject) =>
  responses.worstCase(body, PRICE, { bodyBytes: bytesOf(body), autoTier: 'default' });
const oneWindow = BigInt(PRICE.contextWindow) * 2n * RATES.audio_input;

const STOCK = {
  type: 'function',
  name: 'stock',
  parameters: { type: 'object' },
  allowed_callers: ['programmatic'],
  output_schema: { type: 'object' },
};
const PROGRAM = {
  type: 'program',
  id: 'prog_1',
  call_id: 'call_1',
  code: 'text(await tools.stock({}))',
  fingerprint: 'opaque',
};
const OUTPUT = { type: 'program_output', id: 'po_1', call_id: 'call_1', result: '{}', status: 'completed' };
const CALL = { type: 'function_call', call_id: 'c', name: 'stock', arguments: '{}' };
const RESULT = { type: 'function_call_output', call_id: 'c', output: '{}' };
const caller = { caller: { type: 'program', caller_id: 'call_1' } };

describe('tools that a program of the model calls', () => {
  const tools = [STOCK, { type: 'programmatic_tool_calling' }];

  it('are a hosted tool without a fee: the model reads its context again after each program', () => {
    const body = ask({ tools, max_tool_calls: 1 });
    expect(responses.check(body)).toBeUndefined();
    expect(worst(body).fixed).toBe(2n * oneWindow);
    expect(worst(ask({ tools })).fixed).toBe(9n * oneWindow);
    expect(responses.forMetering(ask({ tools }), PRICE)).toMatchObject({ max_tool_calls: 8 });
  });

  it('are no cheaper on the price of a hosted tool beside them', () => {
    const body = ask({ tools: [...tools, { type: 'file_search' }], max_tool_calls: 1 });
    expect(worst(body).fixed).toBe(2n * oneWindow + 2n * RATES.file_search);
  });

  it('may not arrive in the input', () => {
    const body = ask({ input: [{ type: 'additional_tools', tools }] });
    expect(responses.check(body)).toMatchObject({ status: 400, param: 'input[0].tools' });
  });
});

describe('a program that is sent back', () => {
  const items = [PROGRAM, { ...CALL, ...caller }, { ...RESULT, ...caller }, OUTPUT];

  it('is bounded by its bytes, as are its calls, their results and its output', () => {
    const body = ask({ input: [{ role: 'user', content: 'x' }, ...items] });
    expect(worst(body).fixed).toBe(BigInt(bytesOf(body) + 256) * RATES.cache_write);
    expect(responses.cacheable({ ...body, store: false })).toBe(true);
  });

  it('is held at a picture for each that its output shows', () => {
    const shown = {
      ...OUTPUT,
      result: '[{"image_url":"data:image/png;base64,AAAA"},"data:image/gif;base64,"]',
    };
    const body = ask({ input: [PROGRAM, shown] });
    const text = BigInt(bytesOf(body) + 256) * RATES.cache_write;
    expect(worst(body).fixed).toBe(text + 2n * BigInt(PRICE.maxImageTokens) * RATES.image_input);
  });

  it.each([
    ['a program', { type: 'program', id: 'prog_1' }],
    ['an output', { type: 'program_output', id: 'po_1', call_id: 'call_1' }],
  ])('%s by its id alone is held at the whole window', (_, item) => {
    expect(worst(ask({ input: [item] })).fixed).toBe(oneWindow);
  });
});

describe('a search for tools', () => {
  it("that the caller runs is the caller's tool; one that OpenAI runs is a hosted one", () => {
    const search = { type: 'tool_search', description: 'd', parameters: {} };
    const turns = (more: JsonObject) => worst(ask({ tools: [{ ...search, ...more }] })).fixed;
    const nineWindowsOfText = 9n * BigInt(PRICE.contextWindow) * 2n * RATES.cache_write;
    expect(turns({ execution: 'client' })).toBeLessThan(3_000n * RATES.cache_write);
    expect(turns({ execution: 'server' })).toBe(nineWindowsOfText);
    expect(turns({})).toBe(nineWindowsOfText);
  });
});
