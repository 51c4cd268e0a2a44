import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createFetch } from '../../../client/src/fetch.ts';
import { createPatientFetch } from '../../../client/src/forward/connections.ts';
import { createForwarder, type ExchangeNote } from '../../../client/src/forward/server.ts';
import type { CallSettings } from '../../../client/src/settings.ts';
import { listen } from '../../../local/http.ts';
import { PEOPLE } from '../../support/verifying-server.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A forwarder in front of a stage that answers as it is told, and what reached that stage. */
async function forwarder(
  stage: RequestListener = (_, response) => response.end('{}'),
  settings: CallSettings = {},
) {
  const received: IncomingMessage[] = [];
  const upstream = createServer((request, response) => {
    received.push(request);
    stage(request, response);
  });
  const url = `http://127.0.0.1:${await listen(upstream, 0)}`;
  const signed = createFetch({
    url,
    region: 'us-east-1',
    credentials: PEOPLE.alice,
    fetch: createPatientFetch(),
    ...settings,
  });
  const notes: ExchangeNote[] = [];
  const server = createForwarder({ fetch: signed, onExchange: (note) => notes.push(note) });
  servers.push(upstream, server);
  return { port: await listen(server, 0), notes, received };
}

/** Writes requests on one connection as they stand, and returns all that is answered once it is closed or quiet. */
async function onOneConnection(port: number, requests: readonly (string | Buffer)[], answers: number) {
  const socket = connect(port, '127.0.0.1');
  let seen = '';
  socket.on('data', (chunk) => {
    seen += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  for (const request of requests) socket.write(request);
  const statuses = () => [...seen.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  await expect.poll(() => statuses().filter((status) => status !== 100).length).toBe(answers);
  socket.destroy();
  return { statuses: statuses(), seen };
}

const SMALL = 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n';
const LARGE = Buffer.alloc(7_000_000, 'x');

describe('a connection whose request was refused before its body was read', () => {
  it.each([
    [
      'a body that is too large',
      'POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-length: 7000000\r\n\r\n',
      413,
    ],
    ['another host', 'POST /v1/files HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 7000000\r\n\r\n', 403],
  ])('carries the next request (%s)', async (_, head, status) => {
    const { port } = await forwarder();
    const { statuses } = await onOneConnection(port, [head, LARGE, SMALL], 2);
    expect(statuses).toEqual([status, 200]);
  });

  it('carries the next request, its body in chunks', async () => {
    const { port } = await forwarder();
    const head = 'POST /v1/files HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n';
    const chunks = [`${LARGE.length.toString(16)}\r\n`, LARGE, '\r\n0\r\n\r\n'];
    const { statuses } = await onOneConnection(port, [head, ...chunks, SMALL], 2);
    expect(statuses).toEqual([413, 200]);
  });

  it('is closed where the body is larger than is worth reading', async () => {
    const { port } = await forwarder();
    const head = 'POST /v1/files HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 70000000000\r\n\r\n';
    const { seen } = await onOneConnection(port, [head], 1);
    expect(seen).toMatch(/^HTTP\/1\.1 403[\s\S]*\r\nconnection: close\r\n/i);
  });

  it('is not asked for a body that will be refused', async () => {
    const { port } = await forwarder();
    const rest = 'content-length: 7000000\r\nexpect: 100-continue\r\n\r\n';
    const refused = await onOneConnection(port, [`POST /v1/x HTTP/1.1\r\nhost: evil.example\r\n${rest}`], 1);
    expect(refused.statuses).toEqual([403]);
    expect(refused.seen).toMatch(/\r\nconnection: close\r\n/i);
  });

  it('is asked for a body that is wanted', async () => {
    const { port } = await forwarder();
    const head =
      'POST /v1/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n';
    const { statuses } = await onOneConnection(port, [head, '{}'], 1);
    expect(statuses).toEqual([100, 200]);
  });
});

describe('headers of one connection', () => {
  it('are not passed on, those included that the header "connection" names', async () => {
    const { port, received } = await forwarder((_, response) => {
      response.writeHead(200, { connection: 'x-hop, keep-alive', 'x-hop': '1', 'x-end': '1' });
      response.end('{}');
    });
    const head =
      'GET /v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: X-Mine, keep-alive\r\nx-mine: 1\r\nx-kept: 1\r\n\r\n';
    const { seen } = await onOneConnection(port, [head], 1);
    expect(received[0]?.headers).toMatchObject({ 'x-kept': '1' });
    expect(received[0]?.headers).not.toHaveProperty('x-mine');
    expect(seen).toContain('x-end: 1');
    expect(seen).not.toContain('x-hop');
  });

  it.each([
    ['GET', ''],
    ['POST', '{"a":1}'],
  ])('offer HTTP/2 in vain, as HttpClient of Java does with its first request (%s)', async (method, body) => {
    const bodies: string[] = [];
    const { port, received } = await forwarder(async (request, response) => {
      bodies.push(await textOf(request));
      response.end('{}');
    });
    const head =
      `${method} /v1/models HTTP/1.1\r\nconnection: Upgrade, HTTP2-Settings\r\ncontent-length: ${body.length}\r\n` +
      'host: localhost\r\nhttp2-settings: AAEAAEAAAAIAAAAA\r\nupgrade: h2c\r\n\r\n';
    const { statuses } = await onOneConnection(port, [head, body, SMALL], 2);
    expect(statuses).toEqual([200, 200]);
    expect(bodies.sort()).toEqual(['', body].sort());
    expect(received[0]?.headers).not.toHaveProperty('http2-settings');
  });
});

describe('a caller who leaves before there is an answer', () => {
  it('is noted as one who left, not as a stage that is down', async () => {
    const { port, notes, received } = await forwarder(() => undefined);
    const outgoing = httpRequest({ port, host: '127.0.0.1', path: '/v1/models' });
    outgoing.on('error', () => undefined);
    outgoing.end();
    await expect.poll(() => received.length).toBe(1);
    outgoing.destroy();
    await expect.poll(() => notes).toMatchObject([{ status: 499, left: true, broken: false }]);
  });
});

describe('the cost of a stream', () => {
  const EVENTS = 'data: {"a":1}\n\ndata: [DONE]\n\n';
  const cut = (sizes: number) => {
    const all = `${EVENTS}: openai-proxy-cost 0.0000417\n\n`;
    return Array.from({ length: Math.ceil(all.length / sizes) }, (_, n) =>
      all.slice(n * sizes, (n + 1) * sizes),
    );
  };

  it.each([1, 2, 5, 29, 1_000])(
    'is noted, and taken off the stream (in pieces of %i bytes)',
    async (size) => {
      const { port, notes, received } = await forwarder(async (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
        for (const piece of cut(size))
          await new Promise<void>((resolve) => response.write(piece, () => resolve()));
        response.end();
      });
      const response = await fetch(`http://127.0.0.1:${port}/v1/x`, { method: 'POST', body: '{}' });
      expect(await response.text()).toBe(EVENTS);
      expect(received[0]?.headers['openai-proxy-stream-cost']).toBe('1');
      await expect.poll(() => notes).toMatchObject([{ cost: '0.0000417' }]);
    },
  );

  it('reaches a caller who asked for it himself', async () => {
    const { port } = await forwarder((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(cut(1_000).join(''));
    });
    const headers = { 'openai-proxy-stream-cost': '1' };
    const response = await fetch(`http://127.0.0.1:${port}/v1/x`, { method: 'POST', body: '{}', headers });
    expect(await response.text()).toBe(cut(1_000).join(''));
  });

  it('is not waited for: events go out at once, and other comments stay', async () => {
    const gate = Promise.withResolvers<void>();
    const { port } = await forwarder(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: first\n\n');
      await gate.promise;
      response.end(': keep-alive\n\n');
    });
    const response = await fetch(`http://127.0.0.1:${port}/v1/x`, { method: 'POST', body: '{}' });
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('data: first\n\n');
    gate.resolve();
    let rest = '';
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read())
      rest += Buffer.from(next.value).toString();
    expect(rest).toBe(': keep-alive\n\n');
  });
});

describe('a WebSocket', () => {
  const upgrade = (path: string, headers: string) =>
    `GET ${path} HTTP/1.1\r\n${headers}connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

  it.each([
    [
      'a web page',
      '/v1/responses',
      'host: localhost\r\norigin: http://localhost:3000\r\n',
      '403',
      'web_page',
    ],
    ['another host', '/v1/responses', 'host: evil.example\r\n', '403', 'not_loopback'],
    ['another path', '/v1/realtime?model=m', 'host: localhost\r\n', '404', 'path_refused'],
  ])('is refused to %s', async (_, path, headers, status, code) => {
    const { port, received } = await forwarder();
    const { seen } = await onOneConnection(port, [upgrade(path, headers)], 1);
    expect(seen).toContain(`HTTP/1.1 ${status} `);
    expect(JSON.parse(seen.slice(seen.indexOf('\r\n\r\n') + 4))).toMatchObject({ error: { code } });
    expect(received).toEqual([]);
  });

  it('is opened at either path, and closed with the server', async () => {
    const { port } = await forwarder();
    for (const path of ['/v1/responses', '/responses']) {
      const { seen } = await onOneConnection(port, [upgrade(path, 'host: localhost\r\n')], 1);
      expect(seen).toMatch(/^HTTP\/1\.1 101 /);
    }
    const socket = connect(port, '127.0.0.1');
    socket.write(upgrade('/v1/responses', 'host: localhost\r\n'));
    await once(socket, 'data');
    const closed = once(socket, 'close');
    servers.at(-1)?.closeAllConnections();
    await closed;
  });
});

describe('the project of a call', () => {
  it.each([
    ['the forwarder’s own', '', undefined, 'mine'],
    ['the SDK’s', 'openai-project: sdk\r\n', 'sdk', undefined],
    ['that of the header', 'openai-project: sdk\r\nopenai-proxy-project: named\r\n', 'sdk', 'named'],
  ])('is %s', async (_, headers, sdk, own) => {
    const { port, received } = await forwarder(undefined, { project: 'mine' });
    await onOneConnection(port, [`GET /v1/models HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`], 1);
    expect(received[0]?.headers['openai-project']).toBe(sdk);
    expect(received[0]?.headers['openai-proxy-project']).toBe(own);
  });
});
