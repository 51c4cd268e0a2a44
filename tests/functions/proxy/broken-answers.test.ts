import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../../functions/proxy/app.ts';
import type { ProxySettings } from '../../../functions/proxy/deps.ts';
import type { CallEntry } from '../../../shared/core/ledger.ts';
import { periodKey } from '../../../shared/core/period.ts';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { createHttpUpstream } from '../../../shared/openai/http-upstream.ts';
import { until } from '../../support/deferred-world.ts';
import { head, type RawUpstream, raw, reply, startRawUpstream } from '../../support/raw-upstream.ts';
import { event, json, type Script, sse } from '../../support/scripted-upstream.ts';
import { inProcess } from '../../support/targets.ts';
import { makeWorld, OPENAI_KEY, sdk, type World } from '../../support/world.ts';
import { ask, CHAT, CHUNKS, of, post } from './cases/fixtures.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const JSON_HEAD = { 'content-type': 'application/json' };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function world(settings: Partial<ProxySettings> = {}): Promise<World> {
  const parts = {
    store: createMemoryLedgerStore(),
    directory: createMemoryDirectory(),
    cache: createMemoryCache({ clock: { now: () => Date.now() } }),
  };
  const made = await makeWorld(parts, settings);
  closing.push(() => made.close());
  return made;
}

/** The entry of a project's first call to an endpoint, however far it is. */
async function entryOf(made: World, project: string, endpoint = 'responses'): Promise<CallEntry> {
  for await (const entry of made.store.calls(project, periodKey('day', Date.now())))
    if (entry.endpoint === endpoint) return entry;
  throw new Error('there is no entry');
}

describe('A fault of OpenAI’s that left something on the books', () => {
  let upstream: RawUpstream;
  let made: World;
  beforeEach(async () => {
    upstream = await startRawUpstream();
    closing.push(() => upstream.close());
    const plain = await world({ upstreamTimeoutMs: 400 });
    const secrets = {
      read: async () => ({ openaiApiKey: OPENAI_KEY, cacheSecret: 'a secret of the stage' }),
    };
    const http = createHttpUpstream({ baseUrl: upstream.baseUrl, secrets, connectTimeoutMs: 5_000 });
    made = { ...plain, app: createApp({ ...plain.deps, upstream: http }) };
  });

  /** How often the SDK asks by itself, with its own two retries, and what that costs in all. */
  async function asked() {
    const project = await made.project('5');
    const client = sdk(inProcess(made), project).withOptions({ maxRetries: 2 });
    const before = upstream.requests();
    const error = await client.chat.completions.create(ask(project)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    const entries = await made.entries(project);
    return { tries: upstream.requests() - before, held: entries[0]?.held, entries };
  }

  it.each([
    ['resets before its head', raw([], 'reset')],
    ['never answers', raw([], 'silence')],
    [
      'breaks off in its JSON',
      raw([head(200, { ...JSON_HEAD, 'content-length': '5000' }), '{"id":'], 'reset'),
    ],
    [
      'closes before the length that it named',
      raw([head(200, { ...JSON_HEAD, 'content-length': '5000' }), '{"id":']),
    ],
    ['answers with HTML', reply(200, { 'content-type': 'text/html' }, '<html>')],
  ])('is not tried again by the SDK: it %s', async (_what, answer) => {
    upstream.answer(answer);
    const { tries, entries, held } = await asked();
    expect(tries).toBe(1);
    expect(entries.map(({ outcome }) => outcome?.cost)).toEqual([held]);
  });

  it.each([
    ['redirects', reply(302, { location: 'http://127.0.0.1:1/' }, '{}')],
    ['breaks off in an error', raw([head(500, { ...JSON_HEAD, 'content-length': '5000' }), '{'], 'reset')],
  ])('is tried again where nothing was booked: it %s', async (_what, answer) => {
    upstream.answer(answer);
    const { tries, entries } = await asked();
    expect(tries).toBe(3);
    expect(entries.map(({ outcome }) => outcome?.cost)).toEqual([0n, 0n, 0n]);
  });
});

const RUNNING = {
  id: 'resp_1',
  object: 'response',
  status: 'in_progress',
  model: 'gpt-5',
  service_tier: 'auto',
};
const created = event(
  { type: 'response.created', sequence_number: 0, response: RUNNING },
  'response.created',
);
const USAGE = { input_tokens: 100, output_tokens: 10, total_tokens: 110 };
/** gpt-5: $1.25 and $10 per million tokens. */
const COST = 100n * 1_250_000n + 10n * 10_000_000n;
const COMPLETED = { ...RUNNING, status: 'completed', service_tier: 'default', output: [], usage: USAGE };
const gpt5 = { model: 'gpt-5', input: 'Hello.', max_output_tokens: 1_000 };
const brokenJson: Script = (_request, response) => {
  response.writeHead(200, { ...JSON_HEAD, 'content-length': '5000' });
  response.write('{"id":"resp_1","object":"response","output":[{"ty', () => response.destroy());
};

describe('A response that OpenAI stores, and that broke off here', () => {
  it.each<[string, Script, object, number]>([
    ['a stream', sse([created], 'reset'), { stream: true }, 200],
    ['a stream that just stops', sse([created]), { stream: true }, 200],
    [
      'a stream that fails without its end',
      sse([created, event({ type: 'error' }, 'error')]),
      { stream: true },
      200,
    ],
    ['JSON', brokenJson, {}, 502],
  ])('is settled by the sweep at what OpenAI then tells, once: %s', async (_what, script, more, status) => {
    const made = await world();
    made.upstream.on('/responses', script);
    const project = await made.project('5');
    const response = await post(inProcess(made), '/v1/responses', { ...gpt5, ...more }, of(project));
    expect(response.status).toBe(status);
    expect(response.headers.get('openai-proxy-cost')).toBeNull();
    expect(response.headers.get('x-should-retry')).toBe(status === 200 ? null : 'false');
    await response.text();
    const waiting = await until(
      () => entryOf(made, project),
      ({ deferred }) => deferred !== undefined,
    );
    expect(waiting).toMatchObject({ state: 'open', deferred: { kind: 'response', object: 'resp_1' } });
    made.upstream.on('/responses/resp_1', json(RUNNING));
    await made.sweep(2 * MINUTE);
    expect(await entryOf(made, project)).toMatchObject({ state: 'open' });
    made.upstream.on('/responses/resp_1', json(COMPLETED));
    await made.sweep(20 * MINUTE);
    const [entry] = await made.entries(project);
    expect(entry?.outcome).toMatchObject({ state: 'settled', cost: COST, flags: [], status });
    for (const account of entry?.accounts ?? [])
      expect(await made.store.getAccount(account)).toMatchObject({ spent: COST, holds: new Map() });
  });

  it('is settled by the caller who retrieves it', async () => {
    const made = await world();
    made.upstream.on('/responses', sse([created], 'reset'));
    made.upstream.on('/responses/resp_1', json(COMPLETED));
    const project = await made.project('5');
    const client = sdk(inProcess(made), project);
    const read = async () => {
      for await (const _ of await client.responses.create({ ...gpt5, stream: true }));
    };
    await expect(read()).rejects.toMatchObject({ code: 'upstream_broken' });
    await until(
      () => entryOf(made, project),
      ({ deferred }) => deferred !== undefined,
    );
    await client.responses.retrieve('resp_1');
    const entry = await until(
      () => entryOf(made, project),
      ({ state }) => state === 'closed',
    );
    expect(entry.outcome).toMatchObject({ cost: COST, flags: [] });
  });

  it('costs nothing where OpenAI then says that it turned it down', async () => {
    const made = await world();
    made.upstream.on('/responses', sse([created], 'reset'));
    const error = { code: 'rate_limit_exceeded', message: 'm' };
    made.upstream.on(
      '/responses/resp_1',
      json({ ...RUNNING, status: 'failed', error, output: [], usage: null }),
    );
    const project = await made.project('5');
    await (await post(inProcess(made), '/v1/responses', { ...gpt5, stream: true }, of(project))).text();
    await until(
      () => entryOf(made, project),
      ({ deferred }) => deferred !== undefined,
    );
    await made.sweep(2 * MINUTE);
    expect((await entryOf(made, project)).outcome).toMatchObject({ state: 'settled', cost: 0n, flags: [] });
  });

  it('may not be there yet for an hour; then what it can have cost at most is booked', async () => {
    const made = await world({ autoTier: 'priority' });
    const tiered = event({ type: 'response.created', response: { ...RUNNING, service_tier: 'default' } });
    made.upstream.on('/responses', sse([tiered], 'reset'));
    made.upstream.on('/responses/resp_1', json({ error: { message: 'none' } }, 404));
    const project = await made.project('5');
    await (await post(inProcess(made), '/v1/responses', { ...gpt5, stream: true }, of(project))).text();
    await until(
      () => entryOf(made, project),
      ({ deferred }) => deferred !== undefined,
    );
    await made.sweep(HOUR - MINUTE);
    expect((await entryOf(made, project)).state).toBe('open');
    await made.sweep(HOUR + 15 * MINUTE);
    const { held, outcome } = await entryOf(made, project);
    // Held at the priority tier, which is twice as dear as the one that served it.
    expect(outcome).toMatchObject({ state: 'settled', cost: held / 2n, flags: ['broken'], status: 200 });
  });

  it('of which OpenAI never tells is given up after two days, at the same', async () => {
    const made = await world();
    made.upstream.on('/responses', sse([created], 'reset'));
    made.upstream.on('/responses/resp_1', json({}, 500));
    const project = await made.project('5');
    await (await post(inProcess(made), '/v1/responses', { ...gpt5, stream: true }, of(project))).text();
    await until(
      () => entryOf(made, project),
      ({ deferred }) => deferred !== undefined,
    );
    await made.sweep(49 * HOUR);
    const { held, outcome } = await entryOf(made, project);
    expect(outcome).toMatchObject({ state: 'unsettled', cost: held, flags: ['unsettled', 'broken'] });
  });

  it('is not waited for where it is not stored: nobody can tell', async () => {
    const made = await world();
    made.upstream.on('/responses', sse([created], 'reset'));
    const project = await made.project('5');
    const body = { ...gpt5, stream: true, store: false };
    await (await post(inProcess(made), '/v1/responses', body, of(project))).text();
    const [entry] = await made.entries(project);
    expect(entry?.outcome).toMatchObject({ cost: entry?.held, flags: ['broken'] });
  });
});

describe('A chat completion that OpenAI stores, and that broke off here', () => {
  it.each<[string, Script, object]>([
    ['a stream', sse([event(CHUNKS[0])], 'reset'), { stream: true }],
    [
      'JSON',
      (_request, response) => {
        response.writeHead(200, { ...JSON_HEAD, 'content-length': '5000' });
        response.write('{"id":"chatcmpl-1","choices":[', () => response.destroy());
      },
      {},
    ],
  ])('is settled at what OpenAI then tells, and not deleted before: %s', async (_what, script, more) => {
    const made = await world();
    made.upstream.on('/chat/completions', script);
    const project = await made.project('5');
    const body = { ...ask(project), ...more, store: true };
    await (await post(inProcess(made), '/v1/chat/completions', body, of(project))).text();
    await until(
      () => entryOf(made, project, 'chat.completions'),
      ({ deferred }) => deferred !== undefined,
    );
    const client = sdk(inProcess(made), project);
    made.upstream.on('/chat/completions/chatcmpl-1', json({}, 404));
    await expect(client.chat.completions.delete('chatcmpl-1')).rejects.toMatchObject({
      code: 'response_in_progress',
    });
    made.upstream.on('/chat/completions/chatcmpl-1', json(CHAT));
    await client.chat.completions.retrieve('chatcmpl-1');
    const entry = await until(
      () => entryOf(made, project, 'chat.completions'),
      ({ state }) => state === 'closed',
    );
    expect(entry.outcome).toMatchObject({ cost: 3_000_000_000n, flags: [] });
  });
});

describe('An answer that told the tier that serves it, and broke off', () => {
  const chat = {
    model: 'gpt-5',
    messages: [{ role: 'user', content: 'Hello.' }],
    max_completion_tokens: 1_000,
  };
  const half = (tier: string): Script => sse([event({ ...CHUNKS[0], service_tier: tier })], 'reset');
  const halfJson: Script = (_request, response) => {
    response.writeHead(200, { ...JSON_HEAD, 'content-length': '5000' });
    response.write('{"service_tier":"default","choices":[', () => response.destroy());
  };

  it.each<[string, object, Script, bigint]>([
    ['the default one: half', { stream: true }, half('default'), 2n],
    ['the one that was held', { stream: true }, half('priority'), 1n],
    ['none yet', { stream: true }, half('auto'), 1n],
    ['one that nobody knows', { stream: true }, half('news'), 1n],
    ['the default one, in JSON', {}, halfJson, 2n],
    ['flex, as was asked', { stream: true, service_tier: 'flex' }, half('flex'), 2n],
  ])('is booked at that tier: %s', async (_what, more, script, part) => {
    const made = await world({ autoTier: 'priority' });
    made.upstream.on('/chat/completions', script);
    const project = await made.project('5');
    const response = await post(inProcess(made), '/v1/chat/completions', { ...chat, ...more }, of(project));
    await response.text();
    const [entry] = await made.entries(project);
    if (entry === undefined) throw new Error('nothing was booked');
    expect(entry.outcome).toMatchObject({ cost: entry.held / part, flags: ['broken'] });
  });

  it('is booked at what was held where a response only repeats the tier that was asked for', async () => {
    const made = await world();
    made.upstream.on('/responses', sse([created.replace('"auto"', '"flex"')], 'reset'));
    const project = await made.project('5');
    const body = { ...gpt5, stream: true, store: false, service_tier: 'flex' };
    await (await post(inProcess(made), '/v1/responses', body, of(project))).text();
    const [entry] = await made.entries(project);
    expect(entry?.outcome).toMatchObject({ cost: entry?.held, flags: ['broken'] });
  });

  it('is booked no higher where its limit capped its output', async () => {
    const made = await world({ autoTier: 'priority' });
    made.upstream.on('/chat/completions', half('default'));
    const project = await made.project('0.1');
    const { max_completion_tokens: _, ...open } = chat;
    const response = await post(
      inProcess(made),
      '/v1/chat/completions',
      { ...open, stream: true },
      of(project),
    );
    expect(response.headers.get('openai-proxy-output-cap')).not.toBeNull();
    await response.text();
    const entry = (await made.entries(project)).find(({ outcome }) => outcome?.state === 'settled');
    if (entry === undefined) throw new Error('nothing was booked');
    expect(entry.outcome?.cost).toBe(entry.held / 2n);
  });
});
