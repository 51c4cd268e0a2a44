import { describe, expect, it } from 'vitest';
import { bundledPrices } from '../../../prices/load.ts';
import { batchedEndpoint } from '../../../shared/core/batch.ts';
import { BatchOutput } from '../../../shared/core/batch-output.ts';
import type { Price, PriceTable } from '../../../shared/core/price.ts';

const AT = Date.parse('2026-11-21T12:00:00Z');
const PRICES: PriceTable = bundledPrices();
const HELD = 10n ** 12n;

function priceOf(model: string): Price {
  const found = PRICES.find(model, AT);
  if (found.kind !== 'priced') throw new Error(`no price of ${model}`);
  return found.price;
}

const chat = (prompt_tokens: number, completion_tokens: number, more: object = {}) => ({
  custom_id: 'a',
  response: {
    status_code: 200,
    body: {
      model: 'gpt-5',
      service_tier: 'default',
      usage: { prompt_tokens, completion_tokens },
      choices: [],
      ...more,
    },
  },
  error: null,
});

function outcome(lines: readonly (object | string)[], completed?: number, pieces = 7, held = HELD) {
  const rules = batchedEndpoint('/v1/chat/completions');
  if (rules === undefined) throw new Error('no such endpoint');
  const output = new BatchOutput(rules, { price: priceOf('gpt-5'), at: AT, held }, PRICES);
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += pieces) output.push(bytes.subarray(at, at + pieces));
  output.endLine();
  return output.outcome(completed, AT);
}

describe('The lines of a batch’s output', () => {
  it.each([1, 7, 64, 100_000])('are summed at batch rates, in pieces of %i bytes', (pieces) => {
    // gpt-5 in a batch: $0.625 and $5 per million tokens.
    const result = outcome([chat(1_000, 10), chat(500, 20)], 2, pieces);
    expect(result).toMatchObject({
      state: 'settled',
      cost: 1_500n * 625_000n + 30n * 5_000_000n,
      tally: { calls: 1, input: 1_500, output: 30 },
      flags: [],
      servedModel: 'gpt-5',
      serviceTier: 'batch',
    });
  });

  it('cost nothing where they tell of an error, or of a request that was not run', () => {
    const failed = { response: { status_code: 400, body: { error: { message: 'no' } } }, error: null };
    const unrun = { response: null, error: { code: 'batch_expired', message: 'expired' } };
    expect(outcome([chat(1_000, 10), failed, unrun], 1)).toMatchObject({
      cost: 1_000n * 625_000n + 10n * 5_000_000n,
      flags: [],
    });
  });

  it('cost nothing where they turn their request down in an answer of status 200', () => {
    const usage = undefined;
    const refused = { usage, status: 'failed', error: { code: 'rate_limit_exceeded' }, output: [] };
    const cost = 1_000n * 625_000n + 10n * 5_000_000n;
    expect(outcome([chat(1_000, 10), chat(0, 0, refused)], 2)).toMatchObject({ cost, flags: [] });
    const unclear = { ...refused, error: { code: 'server_error' } };
    expect(outcome([chat(1_000, 10), chat(0, 0, unclear)], 2)).toMatchObject({ flags: ['no_usage'] });
  });

  it('cost nothing where nothing was run', () => {
    expect(outcome([], 0)).toMatchObject({ cost: 0n, flags: [] });
  });

  it.each<[string, (object | string)[], number | undefined]>([
    ['an answer without usage', [chat(1_000, 10, { usage: null })], 1],
    ['an answer with a broken usage', [chat(1_000, 10, { usage: { prompt_tokens: -1 } })], 1],
    ['a line that is no JSON', [chat(1_000, 10), '{"response": {"status_code": 200, "body": {'], 1],
    ['fewer lines than were completed', [chat(1_000, 10)], 2],
    ['nothing, and nobody says how many were completed', [], undefined],
  ])('are booked at the full hold, flagged, with %s', (_, lines, completed) => {
    expect(outcome(lines, completed)).toMatchObject({ cost: HELD, flags: ['no_usage'] });
  });

  it('are booked at what is known where that is more than the hold', () => {
    const cost = 1_000n * 625_000n + 10n * 5_000_000n;
    expect(outcome([chat(1_000, 10)], 1, 7, 5n)).toMatchObject({ cost, flags: ['over_hold'] });
    expect(outcome([chat(1_000, 10), chat(1, 1, { usage: null })], 2, 7, 5n)).toMatchObject({
      cost,
      flags: ['no_usage', 'over_hold'],
    });
  });

  it('are flagged where a model was served that has no price', () => {
    expect(outcome([chat(1_000, 10, { model: 'gpt-5-of-tomorrow' })], 1)).toMatchObject({
      cost: 1_000n * 625_000n + 10n * 5_000_000n,
      flags: ['unpriced'],
    });
  });

  it('tell what was made and is kept: responses with their items and containers, and sound', () => {
    const rules = batchedEndpoint('/v1/responses');
    if (rules === undefined) throw new Error('no such endpoint');
    const output = new BatchOutput(rules, { price: priceOf('gpt-5'), at: AT, held: HELD }, PRICES);
    const response = (id: string, more: object) => ({
      custom_id: id,
      response: { status_code: 200, body: { object: 'response', id, ...more } },
    });
    const item = { type: 'message', id: 'msg_1', content: [{ type: 'output_text', text: 'Hello.' }] };
    const code = { type: 'code_interpreter_call', id: 'ci_1', code: 'a', container_id: 'cntr_1' };
    const lines = [
      response('resp_1', { output: [item, code] }),
      response('resp_2', { store: false, output: [code] }),
      chat(1, 1, { id: 'chatcmpl-1', choices: [{ message: { audio: { id: 'audio_1' } } }] }),
    ];
    output.push(new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
    expect(output.takeMade().map(({ id, kind }) => `${kind} ${id}`)).toEqual([
      'response resp_1',
      'item msg_1',
      'item ci_1',
      'container cntr_1',
      'container cntr_1',
      'audio audio_1',
    ]);
    expect(output.takeMade()).toEqual([]);
  });
});
