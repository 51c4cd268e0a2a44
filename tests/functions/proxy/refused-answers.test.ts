import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallEntry } from '../../../shared/core/ledger.ts';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { wav } from '../../support/audio.ts';
import { event, json, type Script, sse } from '../../support/scripted-upstream.ts';
import { inProcess } from '../../support/targets.ts';
import { makeWorld, type World } from '../../support/world.ts';
import { CHUNKS, of, post } from './cases/fixtures.ts';

/*
 * OpenAI may answer 200, and turn the request down in the answer: with an `error` event, an error in the place of a chunk,
 * a response that failed. What the model had not begun by then is not billed.
 */

let world: World;
beforeAll(async () => {
  world = await makeWorld({
    store: createMemoryLedgerStore(),
    directory: createMemoryDirectory(),
    cache: createMemoryCache({ clock: { now: () => Date.now() } }),
  });
});
afterAll(() => world.close());

const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  status: 'in_progress',
  model: 'gpt-5',
  service_tier: 'auto',
  error: null,
  output: [],
  usage: null,
};
const QUOTA = { message: 'You exceeded your quota.', type: 'insufficient_quota', code: 'insufficient_quota' };
const LIMITED = { message: 'Slow down.', code: 'rate_limit_exceeded' };
const numbered = (events: readonly Readonly<Record<string, unknown>>[]) =>
  events.map((data, sequence_number) => event({ ...data, sequence_number }, String(data['type'])));
const created = { type: 'response.created', response: RESPONSE };
const progress = { type: 'response.in_progress', response: RESPONSE };
const flatError = { type: 'error', code: 'rate_limit_exceeded', message: 'Slow down.', param: null };
const nestedError = { type: 'error', error: { ...QUOTA, param: null } };
const failed = (error: object, more: object = {}) => ({
  type: 'response.failed',
  response: { ...RESPONSE, status: 'failed', error, ...more },
});

const gpt5 = { model: 'gpt-5', input: 'Hello.' };
const gpt4o = { model: 'gpt-4o', input: 'Hello.', max_output_tokens: 500 };
const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello.' }], max_tokens: 200 };
const image = { model: 'gpt-image-2', prompt: 'A hedgehog', stream: true };

/** Asks, reads the answer to its end, and returns the one entry of it. */
async function booked(path: string, body: object | FormData, script: Script): Promise<CallEntry> {
  world.upstream.on(path, script);
  const project = await world.project('500');
  const response =
    body instanceof FormData
      ? await inProcess(world).fetchAs('developer')(`${inProcess(world).baseURL}/v1${path}`, {
          method: 'POST',
          body,
          headers: of(project),
        })
      : await post(inProcess(world), `/v1${path}`, body, of(project));
  expect(response.status).toBe(200);
  // Sound that was turned down breaks off: it has no place for an error.
  await response.text().catch(() => '');
  const [entry, ...others] = await world.entries(project);
  if (entry === undefined || others.length > 0) throw new Error('there is one entry');
  expect(entry.held).toBeGreaterThan(0n);
  return entry;
}

const transcription = () => {
  const form = new FormData();
  form.set('model', 'gpt-4o-transcribe');
  form.set('stream', 'true');
  form.set('file', new File([wav(3)], 'a.wav'));
  return form;
};

describe('An answer that OpenAI turns down before the model began', () => {
  const stream = { stream: true };
  const searching = { tools: [{ type: 'web_search' }] };
  it.each<[string, string, object | (() => FormData), Script]>([
    [
      'a response, by an error event and its end',
      '/responses',
      { ...gpt5, ...stream },
      sse(numbered([created, progress, flatError, failed(LIMITED)])),
    ],
    [
      'a response with hosted tools, by a nested error',
      '/responses',
      { ...gpt5, ...stream, ...searching },
      sse(numbered([created, nestedError])),
    ],
    [
      'a response, by its end alone',
      '/responses',
      { ...gpt5, ...stream },
      sse(numbered([created, failed(QUOTA)])),
    ],
    [
      'a response, by an event that its name alone tells',
      '/responses',
      { ...gpt5, ...stream },
      sse([...numbered([created]), event({ code: 'server_is_overloaded', message: 'm' }, 'error')]),
    ],
    [
      'a response in the background',
      '/responses',
      { ...gpt5, ...stream, background: true },
      sse(numbered([created, failed(LIMITED)])),
    ],
    [
      'a response that is not streamed',
      '/responses',
      gpt5,
      json({ ...RESPONSE, status: 'failed', error: LIMITED }),
    ],
    ['a prompt that is not allowed', '/responses', gpt5, json(failed({ code: 'invalid_prompt' }).response)],
    [
      'a chat, by its first chunk',
      '/chat/completions',
      { ...chat, ...stream },
      sse([event({ error: QUOTA })]),
    ],
    [
      'a chat that searches the web',
      '/chat/completions',
      { ...chat, model: 'gpt-5-search-api' },
      json({ error: QUOTA }),
    ],
    ['a chat that is not streamed', '/chat/completions', chat, json({ error: QUOTA })],
    [
      'a completion',
      '/completions',
      { model: 'gpt-3.5-turbo-instruct', prompt: 'Hello', max_tokens: 50, ...stream },
      sse([event({ error: { message: 'm', type: 'requests', code: null } })]),
    ],
    ['images', '/images/generations', image, sse([event(nestedError, 'error')])],
    [
      'images that are not streamed',
      '/images/generations',
      { ...image, stream: false },
      json({ error: QUOTA }),
    ],
    [
      'speech whose events are given as sound',
      '/audio/speech',
      { model: 'gpt-4o-mini-tts', input: 'Ein Igel', voice: 'ash' },
      sse([event(nestedError, 'error')]),
    ],
    [
      'speech in events',
      '/audio/speech',
      { model: 'gpt-4o-mini-tts', input: 'Ein Igel', voice: 'ash', stream_format: 'sse' },
      sse([event(nestedError, 'error')]),
    ],
    ['a transcript', '/audio/transcriptions', transcription, sse([event(nestedError, 'error')])],
    ['a transcript that is not streamed', '/audio/transcriptions', transcription, json({ error: QUOTA })],
    [
      'embeddings',
      '/embeddings',
      { model: 'text-embedding-3-small', input: 'Hello.' },
      json({ error: QUOTA }),
    ],
  ])('costs nothing: %s', async (_what, path, body, script) => {
    const entry = await booked(path, typeof body === 'function' ? body() : body, script);
    expect(entry.outcome).toMatchObject({ state: 'settled', cost: 0n, flags: [] });
    for (const account of entry.accounts)
      expect(await world.store.getAccount(account)).toMatchObject({ spent: 0n, holds: new Map() });
  });

  it('is not kept for those who ask the same', async () => {
    const project = await world.project('5');
    const target = inProcess(world);
    for (const script of [json({ error: QUOTA }), sse([event({ error: QUOTA })])]) {
      world.upstream.on('/chat/completions', script);
      const body = { ...chat, metadata: { project } };
      for (const _ of [1, 2]) {
        const response = await post(target, '/v1/chat/completions', body, of(project));
        await response.text();
        expect(response.headers.get('openai-proxy-cache')).toBe('miss');
      }
    }
  });
});

describe('An answer that fails', () => {
  it('costs what it says that it used', async () => {
    const usage = { input_tokens: 100, output_tokens: 10, total_tokens: 110 };
    const script = sse(numbered([created, failed(LIMITED, { usage, service_tier: 'default' })]));
    const { outcome } = await booked('/responses', { ...gpt5, stream: true }, script);
    expect(outcome).toMatchObject({ cost: 100n * 1_250_000n + 10n * 10_000_000n, flags: [] });
  });

  it.each<[string, string, object, Script]>([
    [
      'a response',
      '/responses',
      gpt5,
      sse(numbered([created, failed({ code: 'server_error', message: 'm' })])),
    ],
    ['a response, unstreamed', '/responses', gpt5, json(failed({ code: 'server_error' }).response)],
    ['a response of an unknown failure', '/responses', gpt5, json(failed({ code: 'news' }).response)],
    ['a chat', '/chat/completions', chat, sse([event({ error: { message: 'm', type: 'server_error' } })])],
    [
      'images',
      '/images/generations',
      image,
      sse([event({ type: 'error', error: { type: 'server_error' } })]),
    ],
  ])(
    'without being turned down may have been billed, so its hold is booked: %s',
    async (_what, path, body, script) => {
      const { outcome, held } = await booked(path, { stream: true, ...body }, script);
      expect(outcome).toMatchObject({ cost: held, flags: ['no_usage'] });
    },
  );
});

describe('An answer that OpenAI turns down in its midst', () => {
  const item = {
    type: 'response.output_item.added',
    output_index: 0,
    item: { id: 'msg_1', type: 'message' },
  };
  const delta = { type: 'response.output_text.delta', item_id: 'msg_1', delta: 'x'.repeat(30) };

  it('costs its input at most, and what was seen: a response', async () => {
    const script = sse(numbered([created, item, delta, delta, flatError, failed(LIMITED)]));
    const { outcome, held } = await booked('/responses', { ...gpt4o, stream: true }, script);
    // What was held, less the output that it did not come to: 500 tokens at most, of which 60 bytes were seen.
    expect(outcome).toMatchObject({ cost: held - (500n - 60n) * 10_000_000n, flags: ['estimated'] });
  });

  it('costs its input at most, and what was seen: a chat', async () => {
    const script = sse([event(CHUNKS[0]), event(CHUNKS[1]), event({ error: QUOTA })]);
    const { outcome, held } = await booked('/chat/completions', { ...chat, stream: true }, script);
    const seen = BigInt(Buffer.byteLength(String(CHUNKS[1]?.choices[0]?.delta['content' as never])));
    expect(outcome).toMatchObject({ cost: held - (200n - seen) * 10_000_000n, flags: ['estimated'] });
  });

  it.each<[string, string, object, Script]>([
    [
      'a model that reasons unseen',
      '/responses',
      gpt5,
      sse(numbered([created, { ...item, item: { type: 'reasoning' } }, failed(LIMITED)])),
    ],
    [
      'a response whose events of output are missing',
      '/responses',
      gpt5,
      sse(numbered([created, failed(LIMITED, { output: [{ type: 'message' }] })])),
    ],
    ['output that is not streamed', '/responses', gpt5, json(failed(LIMITED, { output: [{}] }).response)],
    [
      'images, of which one is half done',
      '/images/generations',
      image,
      sse([event({ type: 'image_generation.partial_image', b64_json: '' }), event(nestedError, 'error')]),
    ],
  ])('is booked at its hold where that bounds nothing: %s', async (_what, path, body, script) => {
    const { outcome, held } = await booked(path, { stream: true, ...body }, script);
    expect(outcome).toMatchObject({ cost: held, flags: ['no_usage'] });
  });

  it('costs the images that are done, where it had not begun another', async () => {
    const usage = {
      input_tokens: 10,
      input_tokens_details: { text_tokens: 10, image_tokens: 0 },
      output_tokens: 100,
      total_tokens: 110,
    };
    const done = { type: 'image_generation.completed', b64_json: '', usage };
    const one = await booked('/images/generations', { ...image, n: 1 }, sse([event(done, done.type)]));
    const script = sse([event(done, done.type), event(nestedError, 'error')]);
    const { outcome } = await booked('/images/generations', { ...image, n: 2 }, script);
    expect(outcome).toMatchObject({ cost: one.outcome?.cost, flags: [] });
    expect(outcome?.cost).toBeGreaterThan(0n);
  });
});
