import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EchoStack, startEchoStack } from '../support/echo-stack.ts';
import { signedFetch } from '../support/signed-fetch.ts';
import { FUNCTION_URL } from './cases/function-url.ts';

let stack: EchoStack;
beforeAll(async () => {
  stack = await startEchoStack();
});
afterAll(() => stack.stop());

const url = (path: string) => `${stack.info.stages.dev.proxyUrl}${path}`;
const get = (path: string, init?: RequestInit) => signedFetch(stack.principals.alice)(url(path), init);

describe('a function URL', () => {
  it.each(FUNCTION_URL)('$name', async ({ run }) => {
    await run({ get, lines: stack.lines });
  });

  it('runs each stage on its own', async () => {
    const prod = await signedFetch(stack.principals.alice)(stack.info.stages.prod.proxyUrl);
    expect(await prod.json()).toMatchObject({ stage: 'prod' });
  });

  it('cuts the answer of a function that never ends it', async () => {
    const response = await get('/open');
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('says in its log why a function failed', async () => {
    await get('/open').then((response) => response.text().catch(() => undefined));
    await expect.poll(() => stack.lines.join('\n')).toMatch(/returned without ending its stream/);
  });

  it('refuses a request without a signature', async () => {
    const response = await fetch(url('/'));
    expect(response.status).toBe(403);
    expect(response.headers.get('x-amzn-errortype')).toBe('AccessDeniedException');
    expect(await response.json()).toEqual({ Message: expect.stringMatching(/^Forbidden\./) });
  });

  it('refuses a wrong signature in AWS’s words', async () => {
    const forger = { ...stack.principals.alice, secretAccessKey: 'guessed' };
    const response = await signedFetch(forger)(url('/'));
    expect(response.status).toBe(403);
    expect(response.headers.get('x-amzn-errortype')).toBe('InvalidSignatureException');
    expect(await response.json()).toEqual({
      message: expect.stringMatching(/^The request signature we calculated does not match/),
    });
  });

  it.each([
    ['as it came', 'application/json', 6_291_457],
    ['once it is in base64', 'application/octet-stream', 4_800_000],
  ])('refuses a body that is too large for Lambda %s', async (_, contentType, size) => {
    const response = await get('/', {
      method: 'POST',
      headers: { 'content-type': contentType },
      body: Buffer.alloc(size, 'a'),
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({ Message: expect.stringMatching(/smaller than 6291456 bytes/) });
  });

  it('takes a body as large as Lambda does', async () => {
    const response = await get('/plain', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'a'.repeat(6_291_456),
    });
    expect(response.status).toBe(200);
  });

  it('tells a function that the client has left, and lets it write on to nobody', async () => {
    const all = () => stack.lines.filter((line) => line === 'wrote it all').length;
    const before = all();
    const leave = new AbortController();
    const response = await get('/long', { signal: leave.signal });
    await response.body?.getReader().read();
    expect(stack.lines).not.toContain('was left');
    leave.abort();
    await expect.poll(all).toBe(before + 1);
    expect(stack.lines).toContain('was left');
  });

  it('survives a client that leaves in mid-request', async () => {
    const { port } = new URL(url('/'));
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc', () => socket.destroy());
      });
      socket.once('close', () => resolve());
    });
    expect((await get('/plain')).status).toBe(200);
  });
});
