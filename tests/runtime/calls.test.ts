import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ask,
  CHAT,
  CHUNKS,
  DONE,
  of,
  post,
  refusalOf,
  USAGE_CHUNK,
} from '../functions/proxy/cases/fixtures.ts';
import { event, json, type Script, sse } from '../support/scripted-upstream.ts';
import { OPENAI_KEY, PRIVATE_TEXT } from '../support/world.ts';
import { type RealStage, startRealStage } from './real-stage.ts';

const CHAT_PATH = '/v1/chat/completions';
/** Node's servers, DynamoDB's and OpenAI's stand-ins among them, close a connection after 5 seconds. */
const LONGER_THAN_KEEP_ALIVE_MS = 6_500;
const FIFTY_MEGABYTES = 50 * 1024 * 1024;

/** One process serves all calls, one after the other, as Lambda keeps one warm. */
let stage: RealStage;
beforeAll(async () => {
  stage = await startRealStage({ maxSandboxes: 1, timeoutMs: 90_000 });
});
afterAll(() => stage.close());

const pids = () => stage.functions.each.proxy.pids();
const call = (project: string, body: object = {}) =>
  post(stage.target, CHAT_PATH, { ...ask(project), ...body }, of(project));

/** The state that the kernel says a process is in; `T` is stopped. */
function stateOf(pid: number | undefined): string | undefined {
  return /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}

describe('one process, call after call', () => {
  it('takes the next call as soon as the last one is over, whatever sockets are open', async () => {
    const { world, target } = stage;
    world.upstream.on('/chat/completions', json(CHAT));
    const project = await world.project('1');
    const seen: unknown[] = [];
    let process: number[] = [];
    for (const seed of [1, 2, 1, 2]) {
      const response = await call(project, { seed });
      expect(await response.json()).toEqual(CHAT);
      seen.push(response.headers.get('openai-proxy-cache'));
      await target.idle?.();
      if (process.length === 0) process = pids();
    }
    // A runtime that waits for Memcached's socket to close runs into its timeout, and is killed.
    expect(pids()).toEqual(process);
    expect(world.logs.filter((line) => /timed out/i.test(line))).toEqual([]);
    expect(seen).toEqual(['miss', 'miss', 'hit', 'hit']);
  });

  it('has done all of its work for a call when it asks for the next one, and then stands still', async () => {
    const { world, target } = stage;
    world.upstream.on(
      '/chat/completions',
      sse([...CHUNKS.map((data) => event(data)), event(USAGE_CHUNK), DONE]),
    );
    const project = await world.project('1');
    await (await call(project, { stream: true })).text();
    await target.idle?.();
    await expect.poll(() => stateOf(pids()[0])).toBe('T');
    const entries = [];
    for await (const entry of world.store.calls(project, new Date().toISOString().slice(0, 10)))
      entries.push(entry);
    expect(entries).toMatchObject([{ state: 'closed', outcome: { cost: 3_000_000_000n, flags: [] } }]);
    const again = await call(project, { stream: true });
    expect(again.headers.get('openai-proxy-cache')).toBe('hit');
    await again.text();
  });

  it('serves again after it slept for longer than anybody keeps an idle connection', async () => {
    const { world, target } = stage;
    world.upstream.on('/chat/completions', json(CHAT));
    const project = await world.project('1');
    for (const seed of [1, 2]) {
      const response = await call(project, { seed });
      expect([response.status, await response.json()]).toEqual([200, CHAT]);
      await target.idle?.();
      if (seed === 1) await sleep(LONGER_THAN_KEEP_ALIVE_MS);
    }
    const entries = await world.entries(project);
    expect(entries.map(({ outcome }) => outcome?.flags)).toEqual([[], []]);
  });

  it('mixes nothing of one call into another, not even of one whose caller left', async () => {
    const { world } = stage;
    const [one, other] = [await world.project('1'), await world.project('1')];
    const started = Promise.withResolvers<void>();
    const leftBehind: Script = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event(CHUNKS[0]));
      await started.promise;
      for (const data of [...CHUNKS, USAGE_CHUNK]) response.write(event(data));
      response.end(DONE);
    };
    world.upstream.on('/chat/completions', leftBehind);
    const left = await call(one, { stream: true });
    await left.body?.getReader().read();
    await left.body?.cancel().catch(() => undefined);
    world.upstream.on('/chat/completions', json({ ...CHAT, id: 'the-other' }));
    const next = call(other);
    started.resolve();
    const response = await next;
    expect(await response.json()).toEqual({ ...CHAT, id: 'the-other' });
    for (const project of [one, other]) {
      const [entry, ...more] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: 3_000_000_000n, flags: [] });
      expect(more).toEqual([]);
    }
    expect(response.headers.get('openai-proxy-call-id')).toBe((await world.entries(other))[0]?.id);
  });

  it('survives an upstream that resets, before its head and after it', async () => {
    const { world, target } = stage;
    const project = await world.project('5');
    await target.idle?.();
    const before = pids();
    world.upstream.on('/chat/completions', (_request, response) => void response.destroy());
    expect((await call(project)).status).toBe(502);
    world.upstream.on('/chat/completions', sse([event(CHUNKS[0]), event(CHUNKS[1])], 'reset'));
    const broken = await (await call(project, { stream: true })).text();
    expect(broken).toContain('"code":"upstream_broken"');
    world.upstream.on('/chat/completions', json(CHAT));
    expect((await call(project, { seed: 3 })).status).toBe(200);
    await target.idle?.();
    expect(pids()).toEqual(before);
    expect(world.logs.filter((line) => /Uncaught|Unhandled/.test(line))).toEqual([]);
  });
});

describe('a body', () => {
  it('of 50 MB arrives byte for byte, in the memory that the function has', async () => {
    const { world } = stage;
    const piece = Buffer.from(event({ ...CHUNKS[1], padding: 'x'.repeat(64 * 1024) }));
    const sent = createHash('sha256');
    let bytes = 0;
    world.upstream.on('/chat/completions', async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const write = async (data: Buffer | string, shown = true) => {
        if (shown) sent.update(data);
        if (!response.write(data)) await new Promise((room) => response.once('drain', room));
      };
      for (; bytes < FIFTY_MEGABYTES; bytes += piece.length) await write(piece);
      await write(event(USAGE_CHUNK), false);
      await write(DONE);
      response.end();
    });
    const project = await world.project('1');
    const response = await call(project, { stream: true });
    const received = createHash('sha256');
    for await (const chunk of response.body ?? []) received.update(chunk);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    const [entry] = await world.entries(project);
    expect(entry?.outcome).toMatchObject({ cost: 3_000_000_000n, flags: [] });
  });

  it.each([
    ['one byte', '7'],
    ['none', ''],
  ])('of %s in an answer is passed on, and ends', async (_, body) => {
    const { world, target } = stage;
    world.upstream.on('/models', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
    const project = await world.project();
    const response = await target.fetchAs('alice')(`${target.baseURL}/v1/models`, { headers: of(project) });
    expect(response.status).toBe(200);
    // Without a byte of body, the head would never go out.
    expect((await response.text()).trim()).toBe(body);
    const [entry] = await world.entries(project);
    expect(entry?.outcome).toMatchObject({ cost: 0n });
  });

  it.each([
    ['one byte', '{'],
    ['none', ''],
  ])('of %s in a request is refused with a reason', async (_, body) => {
    const project = await stage.world.project('1');
    const refusal = await refusalOf(await post(stage.target, CHAT_PATH, body, of(project)));
    expect(refusal).toMatchObject({ status: 400, type: 'invalid_request_error' });
  });
});

describe('what a function prints', () => {
  it('holds neither a key nor a prompt nor an answer', () => {
    const { logs } = stage.world;
    expect(logs.length).toBeGreaterThan(0);
    const secret = stage.env['AWS_SECRET_ACCESS_KEY'] ?? OPENAI_KEY;
    const leaks = logs.filter((line) =>
      [OPENAI_KEY, PRIVATE_TEXT, secret].some((text) => line.includes(text)),
    );
    expect(leaks).toEqual([]);
  });
});
