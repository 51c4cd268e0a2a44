import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createApp } from '../../../functions/proxy/app.ts';
import type { ProxySettings } from '../../../functions/proxy/deps.ts';
import { createMemcachedCache } from '../../../shared/memcached/memcached-cache.ts';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { createHttpUpstream } from '../../../shared/openai/http-upstream.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import type { ResponseCache } from '../../../shared/ports/response-cache.ts';
import { json } from '../../support/scripted-upstream.ts';
import { inProcess } from '../../support/targets.ts';
import { makeWorld, type Target, type World, type WorldParts } from '../../support/world.ts';
import { ask, CHAT, of, post, refusalOf } from './cases/fixtures.ts';

const clock = { now: () => Date.now() };
const closing: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function world(parts: Partial<WorldParts> = {}, settings: Partial<ProxySettings> = {}): Promise<World> {
  const made = await makeWorld(
    {
      store: createMemoryLedgerStore(),
      directory: createMemoryDirectory(),
      cache: createMemoryCache({ clock }),
      ...parts,
    },
    settings,
  );
  closing.push(() => made.close());
  return made;
}

const fails = async () => {
  throw new Unavailable('the table is out of reach');
};

function call(made: World, project: string, target: Target = inProcess(made)) {
  return post(target, '/v1/chat/completions', ask(project), of(project));
}

describe('without the books', () => {
  it.each(['putCall', 'reserve'] as const)(
    'a call is refused with 503 and never forwarded (%s fails)',
    async (method) => {
      const made = await world({ store: { ...createMemoryLedgerStore(), [method]: fails } });
      const project = await made.project('1');
      const response = await call(made, project);
      expect(await refusalOf(response)).toMatchObject({
        status: 503,
        code: 'ledger_unreachable',
        type: 'server_error',
      });
      expect(made.upstream.received).toHaveLength(0);
    },
  );

  it('a call whose rules cannot be read is refused with 503 and never forwarded', async () => {
    const directory = createMemoryDirectory();
    const made = await world({ directory });
    const project = await made.project('1');
    const app = createApp({ ...made.deps, directory: { ...directory, rules: fails } });
    const response = await call(made, project, inProcess({ ...made, app }));
    expect(response.status).toBe(503);
    expect(made.upstream.received).toHaveLength(0);
  });

  it.each([
    ['by a fault of our own is not', new Error('a bug'), 500, 1],
    ['because the ledger cannot say what happened is, once', new Unavailable('no answer'), 503, 2],
  ])('a hold that fails %s tried again', async (_, fault, status, attempts) => {
    let made = 0;
    const reserve = async () => {
      made += 1;
      throw fault;
    };
    // A limit and the books: an attempt holds in each.
    const stage = await world({ store: { ...createMemoryLedgerStore(), reserve } });
    const project = await stage.project('1');
    expect((await call(stage, project)).status).toBe(status);
    expect(made).toBe(attempts * 2);
    expect(stage.upstream.received).toHaveLength(0);
  });

  it('an answer that was paid for is delivered, and keeps its hold for the sweep', async () => {
    const store = createMemoryLedgerStore();
    const made = await world({ store: { ...store, decideCall: fails } });
    made.upstream.on('/chat/completions', json(CHAT));
    const project = await made.project('1');
    const response = await call(made, project);
    expect(await response.json()).toEqual(CHAT);
    const entries = [];
    for await (const entry of store.calls(project, new Date().toISOString().slice(0, 10)))
      entries.push(entry);
    expect(entries.map(({ state }) => state)).toEqual(['open']);
  });
});

describe('without the cache', () => {
  const answers = async (made: World) => {
    made.upstream.on('/chat/completions', json(CHAT));
    const project = await made.project('1');
    for (let i = 0; i < 3; i++) {
      const response = await call(made, project);
      expect(await response.json()).toEqual(CHAT);
      expect(response.headers.get('openai-proxy-cache')).toBe('miss');
    }
  };

  it('a call goes on as a miss when the server is dead', async () => {
    const cache = createMemcachedCache({ servers: [{ host: '127.0.0.1', port: 1 }], clock });
    closing.push(() => cache.close());
    await answers(await world({ cache }));
  });

  it('a call goes on as a miss when the server accepts and never answers', async () => {
    const { port, close } = await silentServer();
    const cache = createMemcachedCache({ servers: [{ host: '127.0.0.1', port }], clock });
    closing.push(() => cache.close(), close);
    await answers(await world({ cache }));
  });
});

describe('a call that stops before it holds money', () => {
  it.each([
    ['a limit refuses it', {}, 429],
    ['the ledger cannot be reached', { putCall: fails }, 503],
  ])('lets those go on at once that wait for its answer, where %s', async (_, spoiled, status) => {
    const cache = createMemoryCache({ clock });
    const claimed: string[] = [];
    const watched: ResponseCache = new Proxy(cache, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          if (name === 'claim') claimed.push(String(args[0]));
          return Reflect.apply(method, target, args);
        };
      },
    });
    const made = await world({ cache: watched, store: { ...createMemoryLedgerStore(), ...spoiled } });
    const project = await made.project('0.0001');
    expect((await call(made, project)).status).toBe(status);
    expect(claimed).toHaveLength(1);
    expect(await cache.claimed(claimed[0] ?? '')).toBeUndefined();
  });
});

describe('without OpenAI', () => {
  it('a refused connection is a 502 that costs nothing: nothing was sent', async () => {
    const made = await world();
    const project = await made.project('1');
    const secrets = {
      read: async () => ({ openaiApiKey: 'sk-test-key', cacheSecret: 'a secret of sixteen' }),
    };
    const upstream = createHttpUpstream({
      baseUrl: new URL('http://127.0.0.1:1/v1'),
      secrets,
      connectTimeoutMs: 1_000,
    });
    const app = createApp({ ...made.deps, upstream });
    const response = await call(made, project, inProcess({ ...made, app }));
    expect(await refusalOf(response)).toMatchObject({ status: 502, code: 'upstream_unreachable' });
    const [entry] = await made.entries(project);
    expect(entry?.outcome).toMatchObject({ state: 'void', cost: 0n });
  });

  it('a secret that cannot be read is a 502 that costs nothing', async () => {
    const made = await world();
    const project = await made.project('1');
    const secrets = { read: () => Promise.reject(new Error('no secret')) };
    const upstream = createHttpUpstream({ baseUrl: made.upstream.baseUrl, secrets, connectTimeoutMs: 1_000 });
    const app = createApp({ ...made.deps, upstream });
    const response = await call(made, project, inProcess({ ...made, app }));
    expect(response.status).toBe(502);
    expect(made.upstream.received).toHaveLength(0);
    const [entry] = await made.entries(project);
    expect(entry?.outcome).toMatchObject({ state: 'void', cost: 0n });
  });

  it('an answer that never comes is a 504, booked at its hold', async () => {
    const made = await world({}, { upstreamTimeoutMs: 300 });
    made.upstream.on('/chat/completions', () => {});
    const project = await made.project('1');
    const response = await call(made, project);
    expect(await refusalOf(response)).toMatchObject({ status: 504, code: 'upstream_timeout' });
    const [entry] = await made.entries(project);
    expect(entry?.outcome).toMatchObject({ cost: entry?.held, flags: ['upstream_lost'] });
  });
});

async function silentServer(): Promise<{ port: number; close: () => void }> {
  const server: Server = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, close: () => server.close() };
}
