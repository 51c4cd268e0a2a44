import { describe, expect, it } from 'vitest';
import { bundledPrices } from '../../../prices/load.ts';
import table from '../../../prices/table.json' with { type: 'json' };
import { BatchInput } from '../../../shared/core/batch-input.ts';
import type { MeteredEndpoint } from '../../../shared/core/endpoint.ts';
import { chatCompletions } from '../../../shared/core/endpoints/chat-completions.ts';
import { decisions } from '../../../shared/core/endpoints/decisions.ts';
import { responses } from '../../../shared/core/endpoints/responses.ts';
import { responsesCompact } from '../../../shared/core/endpoints/responses-compact.ts';
import type { JsonObject } from '../../../shared/core/json.ts';
import { tierOf } from '../../../shared/core/rates.ts';

const prices = bundledPrices();
const TODAY = Date.parse('2026-11-30');
const models = [...new Set(table.prices.map(({ model }) => model))];

function priceOf(model: string) {
  const found = prices.find(model, TODAY);
  if (found.kind !== 'priced') throw new Error(`${model} has no price`);
  return found.price;
}

const USER = { messages: [{ role: 'user', content: 'x' }] };
const ENDPOINTS: readonly (readonly [string, MeteredEndpoint, JsonObject])[] = [
  ['/chat/completions', chatCompletions, USER],
  ['/responses', responses, { input: 'x' }],
  ['/responses/compact', responsesCompact, { input: 'x' }],
];

/** Why a request is refused, by itself or at the price of its model. */
function refusalOf(rules: MeteredEndpoint, model: string, body: JsonObject) {
  const request = { model, ...body };
  return rules.check(request) ?? rules.unpriced?.(request, priceOf(model));
}

describe.each(ENDPOINTS)('%s', (_, rules, body) => {
  it('serves a model at the tiers that its price has, and refuses all others, with those that it has', () => {
    let refused = 0;
    for (const model of models) {
      for (const name of ['auto', 'default', 'scale', 'flex', 'priority', 'fast', 'ultrafast']) {
        const tier = tierOf(name) ?? 'default';
        const isPriced = tier === 'default' || priceOf(model).rates[tier] !== undefined;
        const refusal = refusalOf(rules, model, { ...body, service_tier: name });
        if (!isPriced) refused += 1;
        expect(refusal === undefined, `${model} ${name}`).toBe(isPriced);
        if (isPriced) continue;
        expect(refusal).toMatchObject({ status: 400, code: 'unmetered_option', param: 'service_tier' });
        expect(refusal?.message).toMatch(
          /has no price for service_tier "\w+": it has one for auto or default/,
        );
      }
      expect(refusalOf(rules, model, body)).toBeUndefined();
      expect(refusalOf(rules, model, { ...body, service_tier: null })).toBeUndefined();
    }
    expect(refused).toBeGreaterThan(100);
  });

  it('names the tiers that would be served', () => {
    const ultra = refusalOf(rules, 'gpt-5.5', { ...body, service_tier: 'ultrafast' });
    expect(ultra?.message).toContain('it has one for auto or default, flex, priority or fast');
    expect(refusalOf(rules, 'gpt-6.1-sol', { ...body, service_tier: 'ultrafast' })).toBeUndefined();
  });

  it('writes to a prompt cache of 12 hours where there is a price for it, and to none of another lifetime', () => {
    const ttl = (value: string) => ({ ...body, prompt_cache_options: { ttl: value } });
    expect(refusalOf(rules, 'gpt-6.1-terra', ttl('12h'))).toBeUndefined();
    expect(refusalOf(rules, 'gpt-5', ttl('30m'))).toBeUndefined();
    expect(refusalOf(rules, 'gpt-5', ttl('12h'))).toMatchObject({
      code: 'unmetered_option',
      param: 'prompt_cache_options.ttl',
    });
    expect(refusalOf(rules, 'gpt-6.1-terra', ttl('7d'))).toMatchObject({ param: 'prompt_cache_options.ttl' });
    const kept = (value: string) => ({ ...body, prompt_cache_retention: value });
    expect(refusalOf(rules, 'gpt-5', kept('24h'))).toBeUndefined();
    expect(refusalOf(rules, 'gpt-5', kept('7d'))).toMatchObject({ param: 'prompt_cache_retention' });
  });
});

describe('an option that would be billed at a rate that the price of the model does not have is refused', () => {
  const spoken = (more: JsonObject) => ({ ...USER, ...more });
  const heard = {
    messages: [
      { role: 'user', content: [{ type: 'input_audio', input_audio: { data: '', format: 'wav' } }] },
    ],
  };
  const marked = (value: string) => ({
    messages: [
      {
        role: 'user',
        content: [{ type: 'text', text: 'x', prompt_cache_breakpoint: { mode: 'explicit', ttl: value } }],
      },
    ],
  });
  const tool = (more: JsonObject) => ({ input: 'x', tools: [{ type: 'function', name: 'f' }, more] });

  it.each<[string, MeteredEndpoint, string, JsonObject]>([
    ['modalities', chatCompletions, 'gpt-4o', spoken({ modalities: ['text', 'audio'] })],
    ['messages', chatCompletions, 'gpt-5', heard],
    ['web_search_options', chatCompletions, 'gpt-audio', spoken({ web_search_options: {} })],
    ['prompt_cache_options.ttl', chatCompletions, 'gpt-5', marked('12h')],
    ['prompt_cache_breakpoint.ttl', chatCompletions, 'gpt-6.1-terra', marked('1y')],
    ['tools[1]', responses, 'gpt-audio', tool({ type: 'web_search' })],
    ['tools[1]', responses, 'gpt-5-search-api', tool({ type: 'file_search' })],
    ['tools[1]', responses, 'gpt-audio', tool({ type: 'code_interpreter', container: { type: 'auto' } })],
    ['tools[1]', responses, 'gpt-audio', tool({ type: 'shell' })],
  ])('%s', (param, rules, model, body) => {
    expect(refusalOf(rules, model, body)).toMatchObject({ status: 400, code: 'unmetered_option', param });
  });

  it.each<[string, MeteredEndpoint, string, JsonObject]>([
    ['audio', chatCompletions, 'gpt-audio', { ...heard, modalities: ['text', 'audio'] }],
    ['a search', chatCompletions, 'gpt-4o-search-preview', spoken({ web_search_options: {} })],
    ['a breakpoint', chatCompletions, 'gpt-6.1-terra', marked('12h')],
    ['tools', responses, 'gpt-6.1-sol', tool({ type: 'web_search_preview' })],
    ['a container', responses, 'o3', tool({ type: 'code_interpreter', container: { type: 'auto' } })],
    ['programs', responses, 'gpt-audio', tool({ type: 'programmatic_tool_calling' })],
  ])('and %s where it has one is served', (_, rules, model, body) => {
    expect(refusalOf(rules, model, body)).toBeUndefined();
  });

  it('in decisions, whose cache has one lifetime', () => {
    const body = { input: 'x', questions: [{ type: 'predicate', instructions: 'x' }] };
    const ttl = { ...body, prompt_cache_options: { ttl: '7d' } };
    expect(refusalOf(decisions, 'gpt-6-luna', ttl)).toMatchObject({ param: 'prompt_cache_options.ttl' });
  });

  it('in a line of a batch', () => {
    const input = new BatchInput({ endpoint: '/v1/responses', prices, at: TODAY });
    const body = {
      model: 'gpt-audio',
      max_output_tokens: 9,
      max_tool_calls: 1,
      ...tool({ type: 'web_search' }),
    };
    const line = { custom_id: 'a', method: 'POST', url: '/v1/responses', body };
    expect(input.add(new TextEncoder().encode(JSON.stringify(line)))).toMatchObject({
      code: 'invalid_batch',
      message: expect.stringMatching(/^Line 1 .* no price for web_search/),
    });
  });
});
