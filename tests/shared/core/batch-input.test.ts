import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bundledPrices } from '../../../prices/load.ts';
import { BatchInput, type MeasuredBatch } from '../../../shared/core/batch-input.ts';
import { isRefusal, REFUSAL, type Refusal } from '../../../shared/core/refusal.ts';

const AT = Date.parse('2026-11-21T12:00:00Z');
const PRICES = bundledPrices();
const CHAT = '/v1/chat/completions';
const BODY = { model: 'gpt-5', messages: [{ role: 'user', content: 'Hi.' }], max_completion_tokens: 10 };
const RESPONSE = { model: 'gpt-5', input: 'Hi.', max_output_tokens: 10 };

const line = (body: unknown, more: object = {}, url = CHAT) =>
  JSON.stringify({ custom_id: 'a', method: 'POST', url, body, ...more });

function measure(lines: readonly string[], endpoint = CHAT): MeasuredBatch | Refusal {
  const input = new BatchInput({ endpoint, prices: PRICES, at: AT });
  for (const text of lines) {
    const refusal = input.add(new TextEncoder().encode(text));
    if (refusal !== undefined) return refusal;
  }
  const end = input.end();
  if (end.kind === 'free') throw new Error('a batch that costs nothing');
  return end;
}

function measured(lines: readonly string[], endpoint = CHAT): MeasuredBatch {
  const result = measure(lines, endpoint);
  if (isRefusal(result)) throw new Error(result.message);
  return result;
}

describe('The requests of a batch', () => {
  it('are held together, at batch rates where the model has them', () => {
    const one = measured([line(BODY)]);
    // 10 tokens of output at $5 per million; $10 were they answered at once.
    const output = 10n * 5_000_000n;
    expect(one.most).toBeGreaterThan(output);
    expect(one.most).toBeLessThan(output + 500n * 625_000n);
    const two = measured([line(BODY), line(BODY, { custom_id: 'b' })]);
    expect(two.most).toBe(2n * one.most);
    expect(two).toMatchObject({ model: 'gpt-5', price: { family: 'gpt-5' } });
  });

  it('without a maximum are held at all that their model can put out', () => {
    const { max_completion_tokens: _, ...unbounded } = BODY;
    expect(measured([line(unbounded)]).most).toBeGreaterThan(128_000n * 5_000_000n);
  });

  it('may have blank lines between them, and odd line ends', () => {
    expect(measured(['', `${line(BODY)}\r`, '  ']).most).toBeGreaterThan(0n);
  });

  it('are told apart from those that name what OpenAI keeps', () => {
    const content = [{ type: 'input_file', file_id: 'file-1' }];
    const body = { ...RESPONSE, input: [{ role: 'user', content }] };
    const { references } = measured([line(body, {}, '/v1/responses')], '/v1/responses');
    expect(references).toMatchObject([{ id: 'file-1', weak: false }]);
  });

  const refused: [string, string[], RegExp, string?][] = [
    ['no lines', [], /no requests/],
    ['no JSON', ['{"custom_id"'], /Line 1 .*parse/],
    ['a list', ['[]'], /Line 1 .*JSON object/],
    ['no custom_id', [line(BODY, { custom_id: undefined })], /custom_id/],
    ['the same custom_id twice', [line(BODY), line(BODY)], /Line 2 .*used before/],
    ['another method', [line(BODY, { method: 'GET' })], /"method": "POST"/],
    ['another endpoint', [line(BODY, { url: '/v1/responses' })], /"url": "\/v1\/chat\/completions"/],
    ['no body', [line(undefined)], /body must be an object/],
    ['more members', [line(BODY, { headers: {} })], /nothing else/],
    ['two models', [line(BODY), line({ ...BODY, model: 'gpt-5-mini' }, { custom_id: 'b' })], /same model/],
    ['no price', [line({ ...BODY, model: 'gpt-9' })], /gpt-9.* not served/],
    ['a stream', [line({ ...BODY, stream: true })], /no stream/],
    ['a tier', [line({ ...BODY, service_tier: 'priority' })], /leave service_tier out/],
    ['what no call may ask', [line({ ...BODY, tools: [{ type: 'web_search' }] })], /Line 1 .*function/],
    [
      'a name twice',
      [
        line(BODY).replace(
          '"max_completion_tokens":10',
          '"max_completion_tokens":9999,"max_completion_tokens":10',
        ),
      ],
      /twice/,
    ],
  ];
  it.each(refused)('are refused with %s', (_, lines, message) => {
    expect(measure(lines)).toMatchObject({ kind: REFUSAL, status: 400, code: 'invalid_batch' });
    expect(measure(lines)).toMatchObject({ message: expect.stringMatching(message) });
  });

  it('for a model without a price say which, so that it can be counted', () => {
    const wanted = (model: string) => measure([line({ ...BODY, model })]);
    expect(wanted('gpt-9')).toMatchObject({ unpricedModel: 'gpt-9' });
    expect(wanted('gpt-6-cyber')).toMatchObject({ unpricedModel: 'gpt-6-cyber' });
    expect(wanted('gpt-5.1-mini')).not.toHaveProperty('unpricedModel');
  });

  it('are moderated for free, or not at all', () => {
    const moderated = (model: string) => measure([line({ ...BODY, moderation: { model } })]);
    expect(moderated('omni-moderation-latest')).toMatchObject({ kind: 'measured' });
    expect(moderated('omni-moderation-9')).toMatchObject({ param: 'body.moderation.model' });
    expect(moderated('gpt-4o')).toMatchObject({ param: 'body.moderation.model' });
  });

  const refusedResponses: [string, object, RegExp][] = [
    ['in the background', { background: true }, /no background/],
    [
      'with code in a container',
      { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] },
      /max_tool_calls|container/,
    ],
    [
      'with images made by another model',
      { tools: [{ type: 'image_generation', model: 'gpt-image-1' }] },
      /another model/,
    ],
    ['with hosted tools that nothing bounds', { tools: [{ type: 'web_search' }] }, /max_tool_calls/],
  ];
  it.each(refusedResponses)('are refused %s', (_, more, message) => {
    const result = measure([line({ ...RESPONSE, ...more }, {}, '/v1/responses')], '/v1/responses');
    expect(result).toMatchObject({ code: 'invalid_batch', message: expect.stringMatching(message) });
  });

  it('with hosted tools over several turns must name their maximum, as nothing can be added to them', () => {
    const tools = { tools: [{ type: 'web_search' }], max_tool_calls: 2 };
    const { max_output_tokens: _, ...open } = RESPONSE;
    const result = measure([line({ ...open, ...tools }, {}, '/v1/responses')], '/v1/responses');
    expect(result).toMatchObject({ param: 'body.max_output_tokens' });
    expect(
      measured([line({ ...RESPONSE, ...tools }, {}, '/v1/responses')], '/v1/responses').most,
    ).toBeGreaterThan(0n);
  });

  it('read numbers that JavaScript cannot hold, and names that look odd', () => {
    const odd = line({ ...BODY, metadata: { 'a:b': '"x": "y\\\\"', '"': ':' } });
    expect(
      measured([
        odd.replace('"max_completion_tokens":10', '"seed":12345678901234567890,"max_completion_tokens":10'),
      ]).most,
    ).toBeGreaterThan(0n);
  });

  it('never take a name that stands twice for one, whatever is around it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }), (metadata) => {
        const text = line({ ...BODY, metadata: { z: metadata } });
        expect(measure([text])).toMatchObject({ kind: 'measured' });
        expect(measure([text.replace('"model"', '"model":"gpt-5","model"')])).toMatchObject({
          kind: REFUSAL,
        });
      }),
    );
  });
});
