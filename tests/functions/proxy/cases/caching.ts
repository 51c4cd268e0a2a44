import { expect } from 'vitest';
import { event, json, sse } from '../../../support/scripted-upstream.ts';
import { sdk, type Target, type World } from '../../../support/world.ts';
import {
  ask,
  CHAT,
  CHAT_STREAM,
  CHUNKS,
  DONE,
  type HttpCase,
  of,
  post,
  USAGE_CHUNK,
  USAGE_COST,
} from './fixtures.ts';

const call = (target: Target, project: string, body: unknown, headers: Record<string, string> = {}) =>
  post(target, '/v1/chat/completions', body, of(project, headers));

/** Calls, waits until the call is booked and its answer kept, and says what the cache had to do with it. */
async function cacheOf(
  world: World,
  target: Target,
  project: string,
  body: unknown,
  headers: Record<string, string> = {},
) {
  const response = await call(target, project, body, headers);
  await response.arrayBuffer();
  await world.entries(project);
  await (target.idle ?? world.idle)();
  return response.headers.get('openai-proxy-cache');
}

export const CACHING: readonly HttpCase[] = [
  {
    name: 'the same call again costs nothing, reaches nobody, and books what it saved',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1');
      expect(await cacheOf(world, target, project, ask(project))).toBe('miss');
      const forwarded = world.upstream.received.length;
      const { data, response } = await sdk(target, project)
        .chat.completions.create(ask(project))
        .withResponse();
      expect(data).toEqual(CHAT);
      expect(world.upstream.received).toHaveLength(forwarded);
      expect(response.headers.get('openai-proxy-cache')).toBe('hit');
      expect(response.headers.get('openai-proxy-cost')).toBe('0');
      expect(response.headers.get('openai-proxy-saved')).toBe(USAGE_COST);
      expect(response.headers.get('x-request-id')).toBe('req_upstream');
      expect(Number(response.headers.get('age'))).toBeGreaterThanOrEqual(0);
      const [, hit] = await hitEntries(world, project);
      expect(hit?.outcome).toMatchObject({ cost: 0n, saved: 3_000_000_000n, tally: { calls: 1, hits: 1 } });
    },
  },
  {
    name: 'a stream is replayed as the stream that it was',
    async run(world, target) {
      world.upstream.on('/chat/completions', sse(CHAT_STREAM));
      const project = await world.project('1');
      const body = { ...ask(project), stream: true };
      expect(await cacheOf(world, target, project, body)).toBe('miss');
      const again = await call(target, project, body, { 'openai-proxy-stream-cost': '1' });
      expect(again.headers.get('openai-proxy-cache')).toBe('hit');
      expect(again.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      const stripped = [...CHUNKS.map((data) => event(data)), DONE].join('');
      expect(await again.text()).toBe(`${stripped}: openai-proxy-cost 0\n\n`);
    },
  },
  {
    name: 'key order and white space make no other call, a different word does',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1');
      const body = ask(project);
      const turned = JSON.stringify(Object.fromEntries(Object.entries(body).reverse()), null, 2);
      expect(await cacheOf(world, target, project, body)).toBe('miss');
      expect(await cacheOf(world, target, project, turned)).toBe('hit');
      expect(await cacheOf(world, target, project, { ...body, temperature: 1 })).toBe('miss');
    },
  },
  {
    name: 'properties in another order make another call, as they are answered in their order',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1');
      const inOrder = (...names: string[]) => {
        const properties = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
        const schema = { type: 'object', properties, required: ['reason', 'answer'] };
        return {
          ...ask(project),
          response_format: { type: 'json_schema', json_schema: { name: 'n', schema } },
        };
      };
      expect(await cacheOf(world, target, project, inOrder('reason', 'answer'))).toBe('miss');
      expect(await cacheOf(world, target, project, inOrder('answer', 'reason'))).toBe('miss');
      expect(await cacheOf(world, target, project, inOrder('reason', 'answer'))).toBe('hit');
    },
  },
  {
    name: 'a member that changes no answer goes on, and makes no other call',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1');
      const body = (turn: number) => ({ ...ask(project), client_metadata: { turn } });
      expect(await cacheOf(world, target, project, body(1))).toBe('miss');
      expect(world.upstream.received.at(-1)?.json()).toMatchObject(body(1));
      expect(await cacheOf(world, target, project, body(2))).toBe('hit');
      expect(await cacheOf(world, target, project, ask(project))).toBe('hit');
    },
  },
  {
    name: 'no project is given the answer of another',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const [one, other] = [await world.project('1'), await world.project('1')];
      expect(await cacheOf(world, target, one, ask('shared'))).toBe('miss');
      expect(await cacheOf(world, target, other, ask('shared'))).toBe('miss');
      expect(await cacheOf(world, target, one, ask('shared'))).toBe('hit');
    },
  },
  {
    name: 'a caller may leave the cache alone',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1');
      const body = ask(project);
      expect(await cacheOf(world, target, project, body, { 'openai-proxy-caching': '0' })).toBe('bypass');
      expect(await cacheOf(world, target, project, body, { 'cache-control': 'no-store' })).toBe('bypass');
      expect(await cacheOf(world, target, project, body, { 'cache-control': 'no-cache' })).toBe('bypass');
      expect(await cacheOf(world, target, project, body)).toBe('hit');
    },
  },
  {
    name: 'a project whose cache is off neither gives an answer again nor keeps one',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1', { caching: 'off' });
      for (const _ of [1, 2]) expect(await cacheOf(world, target, project, ask(project))).toBe('bypass');
      await world.directory.changeProject(project, { caching: 'on' });
      expect(await cacheOf(world, target, project, ask(project))).toBe('miss');
      expect(await cacheOf(world, target, project, ask(project))).toBe('hit');
    },
  },
  {
    name: 'a project may want the cache at temperature 0 only, and where there is no temperature',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1', { caching: 'temperature_0' });
      const at = (temperature?: number) => ({ ...ask(project), temperature });
      for (const sampled of [at(), at(1), at(0.2)])
        for (const _ of [1, 2]) expect(await cacheOf(world, target, project, sampled)).toBe('bypass');
      expect(await cacheOf(world, target, project, at(0))).toBe('miss');
      expect(await cacheOf(world, target, project, at(0))).toBe('hit');
      const data = [{ object: 'embedding', index: 0, embedding: [0.1] }];
      const usage = { prompt_tokens: 2, total_tokens: 2 };
      world.upstream.on(
        '/embeddings',
        json({ object: 'list', model: 'text-embedding-3-small', data, usage }),
      );
      const seen: (string | null)[] = [];
      for (const _ of [1, 2]) {
        const input = { model: 'text-embedding-3-small', input: project };
        const response = await post(target, '/v1/embeddings', input, of(project));
        await response.arrayBuffer();
        await world.entries(project);
        await (target.idle ?? world.idle)();
        seen.push(response.headers.get('openai-proxy-cache'));
      }
      expect(seen).toEqual(['miss', 'hit']);
    },
  },
  {
    name: 'a flush forgets a project, and not its neighbour',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const [one, other] = [await world.project('1'), await world.project('1')];
      await cacheOf(world, target, one, ask(one));
      await cacheOf(world, target, other, ask(other));
      expect(await world.directory.flush(one)).toBe(true);
      expect(await cacheOf(world, target, one, ask(one))).toBe('miss');
      expect(await cacheOf(world, target, other, ask(other))).toBe('hit');
    },
  },
  {
    name: 'a flush of the stage forgets every project',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1');
      await cacheOf(world, target, project, ask(project));
      expect(await cacheOf(world, target, project, ask(project))).toBe('hit');
      expect(await world.directory.flush()).toBe(true);
      expect(await cacheOf(world, target, project, ask(project))).toBe('miss');
    },
  },
  {
    name: 'an error, a broken stream and an answer without usage are not kept',
    async run(world, target) {
      const project = await world.project('5');
      const scripts = [
        json({ error: { message: 'm' } }, 500),
        json({ ...CHAT, usage: undefined }),
        sse(CHAT_STREAM.slice(0, 3), 'reset'),
      ];
      for (const [seed, script] of scripts.entries()) {
        world.upstream.on('/chat/completions', script);
        const body = { ...ask(project), seed, stream: seed === 2 };
        expect(await cacheOf(world, target, project, body)).toBe('miss');
        expect(await cacheOf(world, target, project, body)).toBe('miss');
      }
    },
  },
  {
    name: 'an error of OpenAI’s is not given again, of whatever status, also where it tells usage',
    async run(world, target) {
      const project = await world.project('5');
      const moderation = { id: 'm', model: 'omni-moderation-latest', results: [{ flagged: false }] };
      const moderate = async () => {
        const response = await post(target, '/v1/moderations', { input: project }, of(project));
        await response.arrayBuffer();
        await (target.idle ?? world.idle)();
        return [response.status, response.headers.get('openai-proxy-cache')];
      };
      world.upstream.on('/moderations', json({ error: { message: 'no such model' } }, 404));
      expect(await moderate()).toEqual([404, 'miss']);
      world.upstream.on('/moderations', json(moderation));
      expect(await moderate()).toEqual([200, 'miss']);
      expect(await moderate()).toEqual([200, 'hit']);
      const { model, usage } = CHAT;
      const message = { role: 'assistant', content: 'Fine.', refusal: null };
      // What it says does not matter: not even a good answer is one with such a status.
      const good = { ...CHAT, choices: [{ index: 0, finish_reason: 'stop', logprobs: null, message }] };
      const errors = [400, 404, 429, 500].map((status) => [
        status,
        { model, usage, error: { message: 'm' } },
      ]);
      const others = [201, 202, 400, 404, 429, 500].map((status) => [status, good]);
      for (const [seed, [status, said]] of [...errors, ...others].entries()) {
        const body = { ...ask(project), seed };
        world.upstream.on('/chat/completions', json(said, Number(status)));
        expect(await cacheOf(world, target, project, body)).toBe('miss');
        world.upstream.on('/chat/completions', json(CHAT));
        expect(await cacheOf(world, target, project, body), String(status)).toBe('miss');
        expect(await cacheOf(world, target, project, body)).toBe('hit');
      }
    },
  },
  {
    name: 'a stream that reported a failure, or broke after its usage, is paid for and not given again',
    async run(world, target) {
      const project = await world.project('5');
      const failed = { id: `resp_${project}`, object: 'response', status: 'failed', model: 'gpt-4o' };
      const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
      const error = { message: 'm', type: 'server_error', code: null, param: null };
      const [chat, responses] = ['/chat/completions', '/responses'];
      const response = { model: 'gpt-4o', input: project, store: false, max_output_tokens: 16, stream: true };
      const whole = [...CHUNKS, USAGE_CHUNK].map((data) => event(data));
      const cases = [
        [chat, sse([event(CHUNKS[1]), event({ error }), event(USAGE_CHUNK), DONE]), 3_000_000_000n],
        // All is there, and a failure, or the end of the connection before that of the stream.
        [chat, sse([...whole, event({ message: 'overloaded' }, 'error'), DONE]), 3_000_000_000n],
        [chat, sse(whole, 'reset'), 3_000_000_000n],
        [
          responses,
          sse([event({ type: 'response.failed', response: { ...failed, output: [], usage } })]),
          75_000_000n,
        ],
      ] as const;
      for (const [seed, [path, script, cost]] of cases.entries()) {
        world.upstream.on(path, script);
        const body = path === chat ? { ...ask(project), seed, stream: true } : response;
        for (const _ of ['first', 'again']) {
          const answer = await post(target, `/v1${path}`, body, of(project));
          expect(answer.headers.get('openai-proxy-cache')).toBe('miss');
          await answer.arrayBuffer();
          const entries = await world.entries(project);
          expect(entries.at(-1)?.outcome).toMatchObject({ cost, flags: [] });
          await (target.idle ?? world.idle)();
        }
      }
    },
  },
  {
    name: 'a model that searches in every call is asked anew each time',
    async run(world, target) {
      world.upstream.on('/chat/completions', json({ ...CHAT, model: 'gpt-4o-mini-search-preview' }));
      const project = await world.project('5');
      const body = { ...ask(project), model: 'gpt-4o-mini-search-preview' };
      for (const _ of ['first', 'again']) expect(await cacheOf(world, target, project, body)).toBe('bypass');
    },
  },
  {
    name: 'identical calls at once cost once',
    async run(world, target) {
      world.upstream.on('/chat/completions', async (request, response) => {
        await new Promise((resolve) => setTimeout(resolve, 150));
        await json(CHAT)(request, response);
      });
      const project = await world.project('1');
      const before = world.upstream.received.length;
      const calls = await Promise.all(Array.from({ length: 5 }, () => call(target, project, ask(project))));
      const labels = calls.map((response) => response.headers.get('openai-proxy-cache')).sort();
      expect(labels).toEqual(['hit', 'hit', 'hit', 'hit', 'miss']);
      expect(world.upstream.received).toHaveLength(before + 1);
    },
  },
];

/** A hit is booked after it was answered. */
async function hitEntries(world: World, project: string) {
  for (let attempt = 0; ; attempt++) {
    const entries = await world.entries(project);
    if (entries.length > 1 || attempt === 100) return entries;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
