import { expect } from 'vitest';
import { event, json, type Script } from '../../../support/scripted-upstream.ts';
import type { Target } from '../../../support/world.ts';
import {
  ask,
  CHAT,
  CHUNKS,
  chunk,
  DONE,
  type HttpCase,
  of,
  post,
  refusalOf,
  USAGE_CHUNK,
} from './fixtures.ts';

async function readOneEventAndLeave(target: Target, body: unknown, project: string): Promise<void> {
  const response = await post(target, '/v1/chat/completions', body, of(project));
  expect(response.status).toBe(200);
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
}

/** Goes on until it is cut off: far longer than any test waits. */
const endlessStream: Script = async (_request, response) => {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  while (!response.destroyed) {
    response.write(event(CHUNKS[1]));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

export const HOLDING: readonly HttpCase[] = [
  {
    name: 'a call that names no maximum is capped at what is left, told so, and not kept',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('0.05');
      const { max_tokens: _, ...open } = ask(project);
      const response = await post(target, '/v1/chat/completions', open, of(project));
      expect(response.status).toBe(200);
      const cap = Number(response.headers.get('openai-proxy-output-cap'));
      expect(cap).toBeGreaterThan(256);
      expect(cap).toBeLessThan(5_000);
      expect(world.upstream.received.at(-1)?.json()).toMatchObject({ max_completion_tokens: cap });
      await world.entries(project);
      const again = await post(target, '/v1/chat/completions', open, of(project));
      expect(again.headers.get('openai-proxy-cache')).toBe('miss');
    },
  },
  {
    name: 'a maximum that the caller named is not lowered',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('0.05');
      const response = await post(
        target,
        '/v1/chat/completions',
        { ...ask(project), max_tokens: 10_000 },
        of(project),
      );
      expect(await refusalOf(response)).toMatchObject({ status: 429, code: 'insufficient_quota' });
    },
  },
  {
    name: 'a call whose turns a maximum bounds reaches OpenAI with the maximum that it was held for',
    async run(world, target) {
      const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
      const answer = { object: 'response', status: 'completed', model: 'gpt-4o-2024-08-06', output: [] };
      world.upstream.on('/responses', json({ ...answer, id: 'resp_1', service_tier: 'default', usage }));
      const project = await world.project('100');
      const open = { model: 'gpt-4o', input: project, store: false };
      const bodies = [
        { ...open, tools: [{ type: 'web_search' }] },
        { ...open, tools: [{ type: 'mcp', server_label: 'x', server_url: 'https://mcp.example' }] },
        { ...open, prompt: { id: 'pmpt_1' }, tools: [] },
      ];
      for (const body of bodies) {
        const response = await post(target, '/v1/responses', body, of(project));
        expect(response.status).toBe(200);
        // The most that the model can put out: the project can afford it.
        expect(response.headers.get('openai-proxy-output-cap')).toBe('16384');
        expect(world.upstream.received.at(-1)?.json()).toMatchObject({ max_output_tokens: 16_384 });
      }
      const named = { ...bodies[0], max_output_tokens: 99 };
      expect((await post(target, '/v1/responses', named, of(project))).status).toBe(200);
      expect(world.upstream.received.at(-1)?.json()).toMatchObject({ max_output_tokens: 99 });
    },
  },
  {
    name: 'money that calls in flight hold is waited for, then asked to come back for',
    async run(world, target) {
      const gate = Promise.withResolvers<void>();
      world.upstream.on('/chat/completions', async (request, response) => {
        await gate.promise;
        await json(CHAT)(request, response);
      });
      const project = await world.project('0.005');
      const body = (seed: number) => ({ ...ask(project), seed });
      const first = post(target, '/v1/chat/completions', body(1), of(project));
      while (!world.upstream.received.some((each) => each.body.includes(project))) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const second = await post(target, '/v1/chat/completions', body(2), of(project));
      expect(second.headers.get('retry-after')).toBe('1');
      expect(second.headers.get('x-should-retry')).toBeNull();
      expect(await refusalOf(second)).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
      gate.resolve();
      expect((await first).status).toBe(200);
    },
  },
  {
    name: 'no two calls spend the same money, however many come at once',
    async run(world, target) {
      // 100 x $2.50 + 50 x $10 per million tokens: $0.00075 a call, of which five fit.
      const usage = { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 };
      world.upstream.on('/chat/completions', json({ ...CHAT, usage }));
      const project = await world.project('0.012');
      const answers = await Promise.all(
        Array.from({ length: 24 }, (_, seed) =>
          post(target, '/v1/chat/completions', { ...ask(project), seed }, of(project)),
        ),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.every((status) => status === 200 || status === 429)).toBe(true);
      const entries = await world.entries(project);
      const spent = entries.reduce((sum, { outcome }) => sum + (outcome?.cost ?? 0n), 0n);
      expect(spent).toBeLessThanOrEqual(12_000_000_000n);
      expect(spent).toBe(BigInt(statuses.filter((status) => status === 200).length) * 750_000_000n);
    },
  },
  {
    name: 'a caller who leaves in mid-stream pays what was used, read to its end',
    async run(world, target) {
      const project = await world.project('1');
      world.upstream.on('/chat/completions', async (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const data of [...CHUNKS, ...Array.from({ length: 20 }, () => CHUNKS[1]), USAGE_CHUNK]) {
          response.write(event(data));
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        response.end(DONE);
      });
      await readOneEventAndLeave(target, { ...ask(project), stream: true }, project);
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ state: 'settled', cost: 3_000_000_000n, flags: [] });
    },
  },
  {
    name: 'a caller who leaves in mid-stream ends it at OpenAI, where the project wants that, and pays an estimate',
    ofLeaving: true,
    async run(world, target) {
      const project = await world.project('1', { onDisconnect: 'cancel' });
      world.upstream.on('/chat/completions', endlessStream);
      const aborted = world.upstream.aborted();
      await readOneEventAndLeave(target, { ...ask(project), stream: true }, project);
      const [entry] = await world.entries(project);
      while (world.upstream.aborted() === aborted) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(entry?.outcome).toMatchObject({ state: 'settled', flags: ['estimated'] });
      expect(entry?.outcome?.cost).toBeGreaterThan(0n);
      expect(entry?.outcome?.cost).toBeLessThan(entry?.held ?? 0n);
    },
  },
  {
    name: 'an estimate of what was seen is never more than was held',
    ofLeaving: true,
    async run(world, target) {
      const project = await world.project('1', { onDisconnect: 'cancel' });
      world.upstream.on('/chat/completions', async (request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        // Each byte of it could be a token, which the maximum does not allow.
        response.write(event(chunk({ content: 'y'.repeat(5_000) })));
        await endlessStream(request, response);
      });
      await readOneEventAndLeave(target, { ...ask(project), max_tokens: 10, stream: true }, project);
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: entry?.held, flags: ['estimated'] });
    },
  },
  {
    name: 'what a model may have thought before it was cut off is paid at the hold: it cannot be seen',
    ofLeaving: true,
    async run(world, target) {
      const project = await world.project('1', { onDisconnect: 'cancel' });
      world.upstream.on('/chat/completions', endlessStream);
      const { max_tokens: maximum, ...open } = ask(project);
      const body = { ...open, model: 'o3', max_completion_tokens: maximum, stream: true };
      await readOneEventAndLeave(target, body, project);
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: entry?.held, flags: ['estimated'] });
    },
  },
];
