import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createHttpUpstream } from '../../../shared/openai/http-upstream.ts';

const KEY = 'sk-test-THIS-KEY-MUST-NOT-LEAK';
const servers: Server[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** OpenAI, as a listener answers for it, and a way to ask it. */
async function openai(answers: RequestListener) {
  const server = createServer(answers);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  const upstream = createHttpUpstream({
    baseUrl: new URL(`http://127.0.0.1:${port}/v1`),
    secrets: { read: async () => ({ openaiApiKey: KEY }) },
    connectTimeoutMs: 10_000,
  });
  return {
    connections: () => connections,
    async ask() {
      const signal = AbortSignal.timeout(60_000);
      const answer = await upstream.send({ method: 'GET', path: '/models', headers: new Headers(), signal });
      if (!(answer instanceof Response)) throw new Error(answer.detail);
      return { status: answer.status, text: await answer.text(), headers: answer.headers };
    },
  };
}

describe('an answer that quotes the key it was sent', () => {
  it.each([400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 529, 599])(
    'reaches the caller without it, where its status is %i',
    async (status) => {
      const { ask } = await openai(({ headers }, response) => {
        response.writeHead(status).end(`{"error":{"message":"You sent ${headers.authorization}"}}`);
      });
      expect(await ask()).toMatchObject({ status, text: '{"error":{"message":"You sent Bearer [key]"}}' });
    },
  );

  it.each([200, 401, 500])(
    'in its head reaches the caller without it, where its status is %i',
    async (status) => {
      const { ask } = await openai(({ headers }, response) => {
        const { authorization } = headers;
        response.writeHead(status, { 'x-debug': `${authorization}; ${authorization}` }).end('{}');
      });
      expect((await ask()).headers.get('x-debug')).toBe('Bearer [key]; Bearer [key]');
    },
  );
});

describe('a connection to OpenAI', () => {
  it('carries the call that follows closely, and none once it was idle for more than three seconds', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { ask, connections } = await openai((_, response) => void response.end('{}'));
    const askOnce = async () => {
      await ask();
      // The connection is free once the loop has gone round.
      await nextTurn();
      return connections();
    };
    expect(await askOnce()).toBe(1);
    vi.setSystemTime(Date.now() + 3_000);
    expect(await askOnce()).toBe(1);
    vi.setSystemTime(Date.now() + 3_001);
    expect(await askOnce()).toBe(2);
  });
});
