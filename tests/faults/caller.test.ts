import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryCache } from '../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../shared/memory/memory-ledger-store.ts';
import {
  ask,
  CHAT,
  CHAT_STREAM,
  CHUNKS,
  DONE,
  of,
  post,
  refusalOf,
  USAGE_CHUNK,
} from '../functions/proxy/cases/fixtures.ts';
import { event, json, type Script, sse } from '../support/scripted-upstream.ts';
import { functionUrl, inProcess, wireEvent } from '../support/targets.ts';
import { makeWorld, type Target, type World } from '../support/world.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function world(): Promise<World> {
  const clock = { now: () => Date.now() };
  const made = await makeWorld(
    {
      store: createMemoryLedgerStore(),
      directory: createMemoryDirectory(),
      cache: createMemoryCache({ clock }),
    },
    { holdWaitMs: 280_000 },
  );
  closing.unshift(() => made.close());
  return made;
}

async function url(made: World): Promise<Target> {
  const target = await functionUrl(made);
  closing.unshift(() => target.close());
  return target;
}

/** What all calls in flight hold in any limit of the month. */
async function holds(made: World): Promise<number> {
  let count = 0;
  for await (const account of made.store.limitAccounts('month', new Date().toISOString().slice(0, 7)))
    count += account.holds.size;
  return count;
}

/** An upstream whose answers wait for a gate, with what it was asked. */
function gated(made: World, script: Script) {
  const gate = Promise.withResolvers<void>();
  made.upstream.on('/chat/completions', async (request, response) => {
    await gate.promise;
    await script(request, response);
  });
  return gate;
}

async function asked(made: World, calls: number): Promise<void> {
  await expect.poll(() => made.upstream.received.length).toBe(calls);
}

/** A call that can be left at any time, and what became of it. */
function leavable(target: Target, body: unknown, headers: Record<string, string>) {
  const leave = new AbortController();
  const response = target.fetchAs('developer')(`${target.baseURL}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: leave.signal,
  });
  response.catch(() => undefined);
  return { response, leave: () => leave.abort() };
}

const USED = 3_000_000_000n;
const slowStream: Script = async (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const data of [CHUNKS[0], ...Array.from({ length: 30 }, () => CHUNKS[1]), CHUNKS[2], USAGE_CHUNK]) {
    response.write(event(data));
    await sleep(5);
  }
  response.end(DONE);
};

describe.each(['drain', 'cancel'] as const)(
  'a caller who leaves, of a project that wants to %s',
  (onDisconnect) => {
    const open = async () => {
      const made = await world();
      return { made, target: await url(made), project: await made.project('1', { onDisconnect }) };
    };

    it.each([false, true])(
      'before the answer pays what was used, or an estimate (stream: %s)',
      async (stream) => {
        const { made, target, project } = await open();
        const gate = gated(made, stream ? slowStream : json(CHAT));
        const call = leavable(target, { ...ask(project), stream }, of(project));
        await asked(made, 1);
        call.leave();
        await sleep(30);
        gate.resolve();
        const [entry] = await made.entries(project);
        const estimated = stream && onDisconnect === 'cancel';
        expect(entry?.outcome?.flags).toEqual(estimated ? ['estimated'] : []);
        if (!estimated) expect(entry?.outcome?.cost).toBe(USED);
        expect(await holds(made)).toBe(0);
      },
    );

    it.each([
      ['at the head', 0],
      ['in mid-stream', 2],
    ])('%s pays what was used, or an estimate', async (_name, reads) => {
      const { made, target, project } = await open();
      made.upstream.on('/chat/completions', slowStream);
      const call = leavable(target, { ...ask(project), stream: true }, of(project));
      const reader = (await call.response).body?.getReader();
      for (let read = 0; read < reads; read += 1) await reader?.read();
      call.leave();
      const [entry] = await made.entries(project);
      expect(entry?.outcome?.flags).toEqual(onDisconnect === 'cancel' ? ['estimated'] : []);
      if (onDisconnect === 'drain') expect(entry?.outcome?.cost).toBe(USED);
      expect(await holds(made)).toBe(0);
    });

    it('at the very end pays what was used', async () => {
      const { made, target, project } = await open();
      made.upstream.on('/chat/completions', sse(CHAT_STREAM));
      const call = leavable(target, { ...ask(project), stream: true }, of(project));
      const reader = (await call.response).body?.getReader();
      let text = '';
      while (!text.includes('[DONE]')) text += new TextDecoder().decode((await reader?.read())?.value);
      call.leave();
      const [entry] = await made.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: USED, flags: [] });
    });

    it('while waiting for money leaves nothing behind', async () => {
      const { made, target } = await open();
      const project = await made.project('0.005', { onDisconnect });
      const gate = gated(made, json({ ...CHAT, usage: { prompt_tokens: 10, completion_tokens: 5 } }));
      const first = leavable(target, { ...ask(project), seed: 1 }, of(project));
      await asked(made, 1);
      const second = leavable(target, { ...ask(project), seed: 2 }, of(project));
      await sleep(100);
      second.leave();
      gate.resolve();
      await (await first.response).arrayBuffer();
      await expect.poll(() => made.upstream.received.length).toBe(2);
      const entries = (await made.entries(project)).filter(({ outcome }) => outcome?.state !== 'void');
      expect(entries.map(({ outcome }) => outcome?.cost)).toEqual([75_000_000n, 75_000_000n]);
      expect(await holds(made)).toBe(0);
    });

    it('while waiting for the answer to the same question leaves nothing behind', async () => {
      const { made, target, project } = await open();
      const gate = gated(made, json(CHAT));
      const first = leavable(target, ask(project), of(project));
      await asked(made, 1);
      const second = leavable(target, ask(project), of(project));
      await sleep(50);
      second.leave();
      gate.resolve();
      await (await first.response).arrayBuffer();
      await expect
        .poll(async () => (await made.entries(project)).map(({ outcome }) => outcome?.cost))
        .toEqual([USED, 0n]);
      expect(made.upstream.received).toHaveLength(1);
      expect(await holds(made)).toBe(0);
    });
  },
);

describe('a caller who reads a byte at a time', () => {
  it('makes OpenAI wait, and nobody keeps the answer for him', async () => {
    const made = await world();
    const target = await url(made);
    const project = await made.project('1');
    const piece = event({ ...CHUNKS[1], x: 'x'.repeat(65_536) });
    let taken = 0;
    made.upstream.on('/chat/completions', async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let sent = 0; sent < 20 * 1024 * 1024; sent += piece.length) {
        if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
        taken += piece.length;
      }
      response.end(event(USAGE_CHUNK) + DONE);
    });
    const call = leavable(target, { ...ask(project), stream: true }, of(project));
    const reader = (await call.response).body?.getReader({ mode: 'byob' });
    for (let byte = 0; byte < 20; byte += 1) {
      expect((await reader?.read(new Uint8Array(1)))?.value).toHaveLength(1);
      await sleep(50);
    }
    // What the sockets on the way hold, and no more of the 20 MB.
    expect(taken).toBeLessThan(12 * 1024 * 1024);
    call.leave();
    const [entry] = await made.entries(project);
    expect(entry?.outcome).toMatchObject({ cost: USED, flags: [] });
  });
});

describe('a body', () => {
  const LIMIT = 6_291_456;
  /** With the tier that would otherwise be named for the caller. */
  const tiered = (project: string) => ({ ...ask(project), service_tier: 'auto' });
  const padded = (project: string, size: number) => {
    const empty = JSON.stringify({ ...tiered(project), messages: [{ role: 'user', content: '' }] });
    return empty.replace('"content":""', `"content":"${'x'.repeat(size - empty.length)}"`);
  };
  const field = (text: string) => (project: string) =>
    JSON.stringify(tiered(project)).replace('{', `{${text},`);
  const deep = (depth: number) => field(`"logit_bias":${'['.repeat(depth)}${']'.repeat(depth)}`);

  it.each([
    ['that is no JSON', () => 'model=gpt-4o', 400],
    ['that is half a JSON', () => '{"model":"gpt-4o"', 400],
    ['that nests 10,000 deep', deep(10_000), 400],
    ['that nests 1,000,000 deep', deep(1_000_000), 400],
    ['of one byte too many', (project: string) => padded(project, LIMIT + 1), 413],
    ['that wants 1e9 choices', field('"n":1e9'), 400],
    ['that wants 1000000000 choices', field('"n":1000000000'), 400],
    ['with a negative maximum', field('"max_completion_tokens":-5'), 400],
    ['with a maximum beyond all numbers', field('"max_completion_tokens":1e400'), 400],
    ['with a maximum of half a token', field('"max_completion_tokens":0.5'), 400],
    ['in no UTF-8', () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400],
    ['whose model is __proto__', () => '{"model":"__proto__","messages":[]}', 400],
    [
      'whose tier is constructor',
      (project: string) => JSON.stringify({ ...ask(project), service_tier: 'constructor' }),
      400,
    ],
    ['whose tools are no list', field('"tools":{"length":1e9}'), 400],
    ['with __proto__ for a name', field('"__proto__":{"n":1000},"constructor":{"prototype":null}'), 400],
  ])('%s is refused or passed on, and never a fault', async (_name, bodyOf, status) => {
    const made = await world();
    made.upstream.on('/chat/completions', json(CHAT));
    const project = await made.project('1');
    const target = inProcess(made);
    const response = await target.fetchAs('developer')(`${target.baseURL}/v1/chat/completions`, {
      method: 'POST',
      headers: of(project),
      body: bodyOf(project),
    });
    expect(response.status).toBe(status);
    if (status !== 200) {
      expect(await refusalOf(response)).toMatchObject({ type: 'invalid_request_error' });
      expect(made.upstream.received).toEqual([]);
      expect(await made.entries(project)).toEqual([]);
    }
  });

  it.each([
    ['of 6 MB, to the byte', (project: string) => padded(project, LIMIT)],
    ['with numbers beyond JavaScript', field('"seed":123456789012345678901234567890')],
    ['with lone surrogates', field('"user":"\\\\ud800x\\\\udc00"')],
    ['with __proto__ for a name', field('"logit_bias":{"__proto__":{"n":1000},"constructor":null}')],
  ])('%s reaches OpenAI as it was', async (_name, bodyOf) => {
    const made = await world();
    made.upstream.on('/chat/completions', json(CHAT));
    const project = await made.project('1');
    const body = bodyOf(project);
    const response = await post(inProcess(made), '/v1/chat/completions', body, of(project));
    expect(response.status).toBe(200);
    expect(made.upstream.received[0]?.body.toString()).toBe(body);
  });

  it('with a name twice is read as its last, by the proxy and by OpenAI', async () => {
    const made = await world();
    made.upstream.on('/chat/completions', json(CHAT));
    const project = await made.project('1');
    const body = field('"model":"gpt-4","max_tokens":1,"n":9')(project);
    expect((await post(inProcess(made), '/v1/chat/completions', body, of(project))).status).toBe(200);
    const text = made.upstream.received[0]?.body.toString() ?? '';
    expect(text.match(/"model"/g)).toHaveLength(1);
    expect(JSON.parse(text)).toMatchObject({ model: 'gpt-4o', max_tokens: 200, n: 9 });
  });
});

describe('a header of the proxy', () => {
  const NAMES = [
    'call-id',
    'cost',
    'cache',
    'saved',
    'output-cap',
    'remaining',
    'stream-cost',
    'caching',
    'user',
    'project',
    'staging',
    'other',
  ];

  it('has one of these names, and no other', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const named = [...readme.matchAll(/^\| `openai-proxy-([a-z-]+)/gm)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(8);
    expect(NAMES).toEqual(expect.arrayContaining(named));
  });

  it('that a caller sends is neither believed, nor repeated, nor sent to OpenAI', async () => {
    const made = await world();
    made.upstream.on('/chat/completions', json(CHAT));
    const project = await made.project('1');
    const lies = Object.fromEntries(NAMES.map((name) => [`openai-proxy-${name}`, 'user/root']));
    const response = await post(inProcess(made), '/v1/chat/completions', ask(project), {
      ...lies,
      ...of(project, { 'openai-proxy-staging': 'dev' }),
    });
    expect(response.status).toBe(200);
    expect([...response.headers.values()]).not.toContain('user/root');
    expect(response.headers.get('openai-proxy-cost')).toBe('0.003');
    const sent = Object.keys(made.upstream.received[0]?.headers ?? {});
    expect(sent.filter((name) => name.startsWith('openai-proxy-'))).toEqual([]);
    expect((await made.entries(project)).map(({ user }) => user)).toEqual(['user/developer']);
  });

  it('that comes twice names no project, not even one of the two', async () => {
    const made = await world();
    const [one, other] = [await made.project('1'), await made.project('1')];
    const send = wireEvent(made);
    const response = await send('developer', {
      method: 'POST',
      path: '/v1/chat/completions',
      query: '',
      headers: [
        ['host', 'abc.lambda-url.us-east-1.on.aws'],
        ['content-type', 'application/json'],
        ['openai-proxy-project', one],
        ['OpenAI-Proxy-Project', other],
      ],
      body: Buffer.from(JSON.stringify(ask(one))),
    });
    expect(await refusalOf(response)).toMatchObject({ status: 400, code: 'invalid_name' });
  });

  it.each([
    ['beyond Latin letters', 'user-agent', 'MyApp (\u6771\u4eac)'],
    ['beyond Latin letters, in one that stays here', 'x-team', '\u6771\u4eac'],
    ['with a line end', 'x-team', 'a\r\nb: c'],
  ])('of any value never refuses a call: %s', async (_what, name, value) => {
    const made = await world();
    made.upstream.on('/chat/completions', json(CHAT));
    const project = await made.project('1');
    const response = await wireEvent(made)('developer', {
      method: 'POST',
      path: '/v1/chat/completions',
      query: '',
      headers: [
        ['host', 'abc.lambda-url.us-east-1.on.aws'],
        ['content-type', 'application/json'],
        ['openai-proxy-project', project],
        [name, value],
        ['no name at all', 'x'],
      ],
      body: Buffer.from(JSON.stringify(ask(project))),
    });
    expect(response.status).toBe(200);
    const sent = made.upstream.received[0]?.headers ?? {};
    expect(sent).not.toHaveProperty('x-team');
    // Node reads each byte of a header as a character.
    if (name === 'user-agent') expect(Buffer.from(sent['user-agent'] ?? '', 'latin1').toString()).toBe(value);
  });

  it('gives nobody the cached answer of a project that does not admit him', async () => {
    const made = await world();
    made.upstream.on('/chat/completions', json(CHAT));
    const project = await made.project('1', { principals: ['user/alice'] });
    const target = inProcess(made);
    const as = (person: 'alice' | 'developer', headers: Record<string, string> = {}) =>
      target.fetchAs(person)(`${target.baseURL}/v1/chat/completions`, {
        method: 'POST',
        headers: of(project, headers),
        body: JSON.stringify(ask('the same')),
      });
    expect((await as('alice')).status).toBe(200);
    await made.entries(project);
    const response = await as('developer', {
      'openai-proxy-user': 'user/alice',
      'openai-proxy-cache': 'hit',
    });
    expect(await refusalOf(response)).toMatchObject({ status: 403, code: 'project_not_yours' });
  });
});

describe('a path', () => {
  const REFUSED = [
    '//v1/chat/completions',
    '/v1//chat/completions',
    '/v1/chat/completions/',
    '/v1/chat/completions/..',
    '/v1/chat%2fcompletions',
    '/v1/chat%2Fcompletions',
    '/v1/%63hat/completions',
    '/v1/chat/completions;a=b',
    '/v1/chat/completions%00',
    '/v1/chat/completions%0d%0aHost:%20evil',
    '/v1/v1/chat/completions',
    '/V1/chat/completions',
    '//evil.example/v1/chat/completions',
    '/http://evil.example/v1/chat/completions',
    'http://evil.example/v1/images/generations',
    '@evil.example/v1/images/generations',
    '/@evil.example/v1/chat/completions',
    '*',
    '',
    '/',
    '/v1',
    `/v1/${'x'.repeat(100_000)}`,
    '/v1/files/../organization/projects',
    '/v1/é',
    '@evil.example/v1/chat/completions',
    ':1@evil.example/v1/chat/completions',
  ];

  it.each(REFUSED.map((path) => [path.slice(0, 60), path]))('%s is refused', async (_name, path) => {
    const made = await world();
    const project = await made.project('1');
    const response = await wireEvent(made)('developer', {
      method: 'POST',
      path,
      query: '',
      headers: [
        ['host', 'abc.lambda-url.us-east-1.on.aws'],
        ['content-type', 'application/json'],
        ['openai-proxy-project', project],
      ],
      body: Buffer.from(JSON.stringify(ask(project))),
    });
    const refusal = await refusalOf(response);
    expect([400, 404]).toContain(refusal.status);
    expect(refusal.type).toBe('invalid_request_error');
    expect(refusal.message.length).toBeLessThan(1_000);
    const id = response.headers.get('openai-proxy-call-id');
    expect(id).not.toBeNull();
    expect(made.logs.filter((line) => line.includes(`"call":"${id}"`))).toHaveLength(1);
    expect(made.upstream.received).toEqual([]);
  });

  it.each([
    '/v1/models/../chat/completions',
    '/v1/models/%2e%2e/chat/completions',
    '/v1/./chat/completions',
    '/v1\\chat\\completions',
  ])('%s is what a browser makes of it, for the proxy and for OpenAI', async (path) => {
    const made = await world();
    made.upstream.on('/chat/completions', json(CHAT));
    const project = await made.project('1');
    const response = await wireEvent(made)('developer', {
      method: 'POST',
      path,
      query: 'a=b',
      headers: [
        ['host', 'abc.lambda-url.us-east-1.on.aws'],
        ['content-type', 'application/json'],
        ['openai-proxy-project', project],
      ],
      body: Buffer.from(JSON.stringify(ask(project))),
    });
    expect(response.status).toBe(200);
    expect(made.upstream.received[0]?.url).toBe('/v1/chat/completions');
    expect(await made.entries(project)).toHaveLength(1);
  });
});
