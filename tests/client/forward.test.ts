import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as httpRequest, type RequestListener, type Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFetch, type FetchOptions } from '../../client/src/fetch.ts';
import { createPatientFetch } from '../../client/src/forward/connections.ts';
import { createForwarder, type ExchangeNote } from '../../client/src/forward/server.ts';
import { listen } from '../../local/http.ts';
import { useClientStack } from '../support/client-stack.ts';
import { collectGarbage } from '../support/collect-garbage.ts';
import { pythonWithOpenai } from '../support/python.ts';
import { PEOPLE } from '../support/verifying-server.ts';

const run = promisify(execFile);
const region = 'us-east-1';
const { connection } = useClientStack();
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function forwarder(options: FetchOptions, notes: ExchangeNote[] = []): Promise<string> {
  const fetch = createFetch({ ...options, fetch: options.fetch ?? createPatientFetch() });
  const server = createForwarder({ fetch, onExchange: (note) => notes.push(note) });
  servers.push(server);
  return `http://127.0.0.1:${await listen(server, 0)}`;
}

/** A server in the place of a stage, that does not look at signatures. */
async function stageThat(answers: RequestListener): Promise<string> {
  const server = createServer(answers);
  servers.push(server);
  return `http://127.0.0.1:${await listen(server, 0)}`;
}

/** Asks with exactly these headers: `fetch` would set `host` itself. */
async function get(url: string, headers: Record<string, string>) {
  const outgoing = httpRequest(url, { headers });
  const answered = once(outgoing, 'response');
  outgoing.end();
  const [message] = await answered;
  const chunks: Buffer[] = await message.toArray();
  return { status: message.statusCode, ...JSON.parse(Buffer.concat(chunks).toString()) };
}

const plain = (baseURL: string) => new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: 'none', maxRetries: 0 });
const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'Why is the sea salt?' }],
};

describe('the forwarder, in front of the stack', () => {
  it('signs what the plain openai package sends, and streams what comes', async () => {
    const notes: ExchangeNote[] = [];
    const client = plain(await forwarder({ ...connection(), project: 'demo' }, notes));
    const answer = await client.chat.completions.create(question);
    expect(answer.choices[0]?.message.content).toMatch(/\w/);
    const stream = await client.chat.completions.create({ ...question, stream: true });
    let chunks = 0;
    for await (const _ of stream) chunks += 1;
    expect(chunks).toBeGreaterThan(2);
    await expect
      .poll(() => notes)
      .toEqual([
        expect.objectContaining({ method: 'POST', path: '/v1/chat/completions', status: 200, broken: false }),
        expect.objectContaining({ method: 'POST', path: '/v1/chat/completions', status: 200, broken: false }),
      ]);
    expect(Number(notes[0]?.cost)).toBeGreaterThan(0);
  });

  it('lets a call name its own project, and passes refusals on', async () => {
    const client = plain(await forwarder({ ...connection(), project: 'demo' }));
    const headers = { 'openai-proxy-project': 'nobody-has-this' };
    await expect(client.models.list({ headers })).rejects.toMatchObject({ status: 403 });
    await expect(client.models.list()).resolves.toBeDefined();
  });

  it('says what is missing where there are no credentials', async () => {
    const credentials = () => Promise.reject(new Error('Token is expired.'));
    const client = plain(await forwarder({ ...connection(), credentials, url: 'http://127.0.0.1:9' }));
    await expect(client.models.list()).rejects.toMatchObject({ status: 401, code: 'no_credentials' });
  });

  it('says that the stage cannot be reached', async () => {
    const client = plain(await forwarder({ ...connection(), url: 'http://127.0.0.1:9' }));
    await expect(client.models.list()).rejects.toMatchObject({ status: 502, code: 'stage_unreachable' });
  });
});

describe('the forwarder', () => {
  const options = (url: string): FetchOptions => ({ url, region, credentials: PEOPLE.alice });

  it('holds nothing back of a stream', async () => {
    const gate = Promise.withResolvers<void>();
    const stage = await stageThat(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: first\n\n');
      await gate.promise;
      response.end('data: second\n\n');
    });
    const response = await fetch(`${await forwarder(options(stage))}/v1/x`, { method: 'POST', body: '{}' });
    const reader = response.body?.getReader();
    const read = async () => Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(await read()).toBe('data: first\n\n');
    gate.resolve();
    expect(await read()).toBe('data: second\n\n');
  });

  it('passes on what it gets, byte for byte, encodings included', async () => {
    const { gzipSync } = await import('node:zlib');
    const zipped = gzipSync('{"a":1}');
    const stage = await stageThat((_, response) => {
      const headers = { 'content-encoding': 'gzip', 'x-request-id': 'req_1', 'set-cookie': ['a=1', 'b=2'] };
      response.writeHead(201, headers);
      response.end(zipped);
    });
    const response = await fetch(`${await forwarder(options(stage))}/v1/x`);
    expect([response.status, response.headers.get('x-request-id')]).toEqual([201, 'req_1']);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.json()).toEqual({ a: 1 });
  });

  it('breaks off where the stage breaks off, as a clean end would look like a whole answer', async () => {
    const notes: ExchangeNote[] = [];
    const stage = await stageThat((_, response) => {
      response.writeHead(200);
      response.write('data: first\n\n', () => response.destroy());
    });
    const response = await fetch(`${await forwarder(options(stage), notes)}/v1/x`);
    await expect(response.text()).rejects.toThrow();
    await expect.poll(() => notes.map(({ broken }) => broken)).toEqual([true]);
  });

  it('leaves the stage when its caller leaves', async () => {
    const left = Promise.withResolvers<void>();
    const stage = await stageThat((_, response) => {
      response.once('close', () => left.resolve());
      response.writeHead(200);
      response.write('data: first\n\n');
    });
    const leave = new AbortController();
    const response = await fetch(`${await forwarder(options(stage))}/v1/x`, { signal: leave.signal });
    await response.body?.getReader().read();
    await collectGarbage();
    leave.abort();
    await left.promise;
  });

  it('uses no connection again after a sleep', async () => {
    let now = 0;
    const connections = new Set<unknown>();
    const stage = await stageThat((request, response) => {
      connections.add(request.socket);
      response.end('{}');
    });
    const patient = createPatientFetch(() => now);
    const ask = async () => {
      await (await patient(stage)).text();
      // The connection is free once the loop has gone round.
      await nextTurn();
    };
    await ask();
    await ask();
    expect(connections.size).toBe(1);
    now += 3_600_000;
    await ask();
    expect(connections.size).toBe(2);
  });

  it.each([
    ['another host name', { host: 'farebox.example.com' }, 'not_loopback'],
    ['a name below localhost', { host: 'evil.localhost:8080' }, 'not_loopback'],
    ['a name that begins as localhost', { host: 'localhost.example.com' }, 'not_loopback'],
    ['a name that begins as a loopback address', { host: '127.0.0.1.example.com' }, 'not_loopback'],
    ['a web page', { origin: 'https://example.com' }, 'web_page'],
    ['a page of this machine', { origin: 'http://localhost:3000' }, 'web_page'],
    ['a page that hides where it is from', { 'sec-fetch-site': 'cross-site' }, 'web_page'],
  ])('refuses %s', async (_, headers, code) => {
    let asked = 0;
    const stage = await stageThat((_request, response) => {
      asked += 1;
      response.end('{}');
    });
    const url = await forwarder(options(stage));
    expect(await get(`${url}/v1/models`, headers)).toMatchObject({ status: 403, error: { code } });
    expect(asked).toBe(0);
  });

  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

  it.runIf(outside)(
    'refuses what does not come from loopback, were it ever to listen elsewhere',
    async () => {
      const server = createForwarder({ fetch: () => Promise.reject(new Error('never')) });
      servers.push(server);
      server.listen(0, '0.0.0.0');
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      // A caller from elsewhere may well claim that it calls localhost.
      const headers = { host: 'localhost' };
      const refused = await get(`http://${outside}:${port}/v1/models`, headers);
      expect(refused).toMatchObject({ status: 403, error: { code: 'not_loopback' } });
      // The same from loopback gets as far as the stage, which here is none.
      const near = await get(`http://127.0.0.1:${port}/v1/models`, headers);
      expect(near).toMatchObject({ status: 502, error: { code: 'stage_unreachable' } });
    },
  );
});

const PROGRAM = `
import sys
from openai import OpenAI, PermissionDeniedError
client = OpenAI(max_retries=0)
question = dict(model="gpt-4o-mini", messages=[{"role": "user", "content": "Why is the sea salt?"}])
print(len(client.chat.completions.create(**question).choices[0].message.content) > 0)
print(len([chunk for chunk in client.chat.completions.create(stream=True, **question)]) > 2)
print(len(client.embeddings.create(model="text-embedding-3-small", input="toll").data[0].embedding))
try:
    client.with_options(default_headers={"openai-proxy-project": "nobody-has-this"}).models.list()
except PermissionDeniedError as error:
    print(error.status_code)
`;

describe('the openai package of Python', () => {
  let python: string | undefined;
  beforeAll(() => {
    python = pythonWithOpenai();
  });

  it('works with nothing but OPENAI_BASE_URL', async ({ skip }) => {
    if (python === undefined)
      return skip('no Python with the openai package here, and none could be installed');
    const url = await forwarder({ ...connection(), project: 'demo' });
    const env = { PATH: process.env['PATH'], OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: 'none' };
    const { stdout } = await run(python, ['-c', PROGRAM], { env });
    expect(stdout.trim().split('\n')).toEqual(['True', 'True', '1536', '403']);
  });
});
