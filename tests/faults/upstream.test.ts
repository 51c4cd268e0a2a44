import { readFileSync } from 'node:fs';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProxySettings } from '../../functions/proxy/deps.ts';
import type { CallEntry } from '../../shared/core/ledger.ts';
import { createMemoryCache } from '../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../shared/memory/memory-ledger-store.ts';
import { ask, CHAT, of, post } from '../functions/proxy/cases/fixtures.ts';
import { type RawUpstream, raw, reply, startRawUpstream } from '../support/raw-upstream.ts';
import { functionUrl } from '../support/targets.ts';
import { makeWorld, OPENAI_KEY, PRIVATE_TEXT, sdk, type Target, type World } from '../support/world.ts';
import {
  type Booked,
  type Got,
  largeJson,
  largeStream,
  MEGABYTE,
  UPSTREAM_CASES,
  type UpstreamCase,
} from './upstream-cases.ts';

/** For the cases of silence; the others have all the time that 100 MB take on a busy machine. */
const IMPATIENCE_MS = 400;
const USED = 3_000_000_000n;
/** 89,600 x $2.50 + 400 x $1.25 + 100 x $10, per million tokens. */
const USED_OVER = 225_500_000_000n;

interface Proxy {
  readonly world: World;
  readonly target: Target;
}

let upstream: RawUpstream;
let patient: Proxy;
let impatient: Proxy;

async function proxy(settings: Partial<ProxySettings> = {}): Promise<Proxy> {
  const clock = { now: () => Date.now() };
  const world = await makeWorld(
    {
      store: createMemoryLedgerStore(),
      directory: createMemoryDirectory(),
      cache: createMemoryCache({ clock }),
      openai: upstream.baseUrl,
    },
    settings,
  );
  return { world, target: await functionUrl(world) };
}

beforeAll(async () => {
  upstream = await startRawUpstream();
  patient = await proxy();
  impatient = await proxy({ upstreamTimeoutMs: IMPATIENCE_MS });
});
afterAll(async () => {
  for (const { world, target } of [patient, impatient]) {
    await target.close();
    await world.close();
  }
  await upstream.close();
});

/** What the real SDK makes of the answer: its value, or its error. */
async function outcomeOf(client: OpenAI, project: string, { stream }: UpstreamCase) {
  const chunks: unknown[] = [];
  try {
    if (stream !== true) return { chunks, value: await client.chat.completions.create(ask(project)) };
    for await (const each of await client.chat.completions.create({ ...ask(project), stream: true }))
      if (chunks.length < 10) chunks.push(each);
    return { chunks };
  } catch (error) {
    return { chunks, error };
  }
}

type Seen = Awaited<ReturnType<typeof outcomeOf>>;

function checkGot(got: Got, { value, error }: Seen, costs: boolean): void {
  switch (got) {
    case 'its answer':
      expect(error).toBeUndefined();
      expect(value).toMatchObject({ id: CHAT.id, object: 'chat.completion' });
      return;
    case 'its events':
      // The SDK raises what stands in an event that is an error, or no JSON, as it would at OpenAI.
      if (error !== undefined) expect(String(error)).toMatch(/overloaded|quota|JSON/);
      return;
    case 'its events so far, then an error event':
      expect(error).toBeInstanceOf(OpenAI.APIError);
      expect(error).toMatchObject({ code: 'upstream_broken' });
      return;
    case 'its bytes so far, then a connection that breaks':
      expect(String(error)).toMatch(/terminated|Connection error/);
      return;
    case 'its error':
      expect(error).toBeInstanceOf(OpenAI.APIError);
      expect(
        (error as InstanceType<typeof OpenAI.APIError>).headers?.get('openai-proxy-call-id'),
      ).not.toBeNull();
      return;
    default: {
      // Every try costs as much again, so that nobody tries again by himself what left something on the books.
      const shouldRetry = (error as InstanceType<typeof OpenAI.APIError>).headers?.get('x-should-retry');
      expect(shouldRetry ?? 'undecided').toBe(costs ? 'false' : 'undecided');
      const [, status, code] = /^(\d+) `(\w+)`$/.exec(got) ?? [];
      expect(error).toMatchObject({ status: Number(status), code, type: 'server_error' });
    }
  }
}

function checkBooked(booked: Booked, { held, outcome }: CallEntry): void {
  const [, flag] = /`(\w+)`/.exec(booked) ?? [];
  const costs: Readonly<Record<string, bigint>> = {
    nothing: 0n,
    'the hold': held,
    'what it used': flag === 'over_hold' ? USED_OVER : USED,
    // Of the 200 tokens that were held at $10 per million, so many were seen at most.
    'its input, and what was seen': held - (200n - BigInt(PRIVATE_TEXT.length)) * 10_000_000n,
  };
  const cost = costs[booked.replace(/, flagged .*/, '')];
  expect(outcome).toMatchObject({ state: 'settled', cost, flags: flag === undefined ? [] : [flag] });
}

describe('when OpenAI', () => {
  it.each(UPSTREAM_CASES)('$openai, the caller gets $caller, and $books is booked', async (each) => {
    const isSilent = each.openai.includes('silent') || each.openai.includes('never answers');
    const { world, target } = isSilent ? impatient : patient;
    upstream.answer(each.answer);
    const project = await world.project('1');
    const before = upstream.requests();
    const seen = await outcomeOf(sdk(target, project), project, each);
    checkGot(each.caller, seen, each.books !== 'nothing');
    const [entry, ...others] = await world.entries(project);
    expect(others).toEqual([]);
    if (entry === undefined) throw new Error('nothing was booked');
    checkBooked(each.books, entry);
    expect(upstream.requests()).toBe(before + 1);
  });

  it('misbehaves in any of these ways, docs/faults.md says so', () => {
    const doc = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8');
    const [text = ''] = doc.split('\n## A limit\n');
    const rows = [...text.matchAll(/^\| (.+?) +\| (.+?) +\| (.+?) +\|$/gm)].map(([, ...cells]) => cells);
    const stated = rows.filter(([first]) => !/^(OpenAI|-+)$/.test(first ?? ''));
    expect(stated).toEqual(UPSTREAM_CASES.map(({ openai, caller, books }) => [openai, caller, books]));
  });
});

describe('a large answer', () => {
  it.each([
    ['JSON', largeJson(64), false],
    ['a stream', largeStream(64), true],
  ])('is not taken in faster than it is read (%s)', async (_name, pieces, stream) => {
    const { world, target } = patient;
    upstream.answer(raw(pieces));
    const project = await world.project('1');
    const body = { ...ask(project), stream };
    const response = await post(target, '/v1/chat/completions', body, of(project));
    const reader = response.body?.getReader();
    await reader?.read();
    let before = -1;
    await expect
      .poll(
        () => {
          const still = upstream.taken() === before;
          before = upstream.taken();
          return still;
        },
        { interval: 150 },
      )
      .toBe(true);
    // What is taken whole, and what sockets hold on the way.
    expect(upstream.taken()).toBeLessThan(32 * MEGABYTE);
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read());
    const [entry] = await world.entries(project);
    expect(entry?.outcome).toMatchObject({ state: 'settled', cost: USED, flags: [] });
  });
});

describe('what OpenAI says in a head', () => {
  it('cannot pose as the proxy', async () => {
    const { world, target } = patient;
    const lies = Object.fromEntries(
      ['call-id', 'cost', 'cache', 'saved', 'output-cap', 'remaining', 'other'].map((name) => [
        `OpenAI-Proxy-${name}`,
        'a lie',
      ]),
    );
    const headers = {
      'content-type': 'application/json',
      'set-cookie': 'a=b',
      'x-request-id': 'req_1',
      ...lies,
    };
    upstream.answer(reply(200, headers, JSON.stringify(CHAT)));
    const project = await world.project('1');
    for (const cache of ['miss', 'hit']) {
      const response = await post(target, '/v1/chat/completions', ask(project), of(project));
      await response.arrayBuffer();
      await world.idle();
      expect([...response.headers].filter(([, value]) => value.includes('a lie'))).toEqual([]);
      expect(response.headers.get('openai-proxy-cache')).toBe(cache);
      expect(response.headers.get('x-request-id')).toBe('req_1');
      expect(response.headers.get('set-cookie')).toBeNull();
    }
  });

  it('in any bytes that HTTP allows reaches the caller, or is refused, and never ends the function', async () => {
    const { world, target } = patient;
    const project = await world.project('5');
    for (const value of [
      'caf\u00e9',
      '\u0080\u00ff',
      'a\tb',
      '\u007f',
      'a\u0001b',
      'a\rb',
      'folded\r\n again',
    ]) {
      upstream.answer(
        reply(200, { 'content-type': 'application/json', 'x-odd': value }, JSON.stringify(CHAT)),
      );
      const response = await post(
        target,
        '/v1/chat/completions',
        { ...ask(project), user: value },
        of(project),
      );
      expect([200, 502]).toContain(response.status);
      await response.arrayBuffer();
    }
  });
});

describe('an error that quotes the key', () => {
  it('reaches the caller without it, wherever the chunks are cut', async () => {
    const { world, target } = patient;
    const project = await world.project('5');
    const text = JSON.stringify({ error: { message: `Incorrect API key: ${OPENAI_KEY}${OPENAI_KEY}.` } });
    const at = text.indexOf(OPENAI_KEY);
    for (let cut = 0; cut < OPENAI_KEY.length; cut += 5) {
      const headers = `HTTP/1.1 401 X\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n`;
      upstream.answer(async (socket) => {
        socket.write(headers + text.slice(0, at + cut));
        await new Promise((resolve) => setTimeout(resolve, 15));
        socket.end(text.slice(at + cut));
      });
      const response = await post(
        target,
        '/v1/chat/completions',
        { ...ask(project), seed: cut },
        of(project),
      );
      expect(response.status).toBe(401);
      expect(await response.text()).toContain('Incorrect API key: [key][key].');
    }
  });
});
