import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toFile } from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { createFetch } from '../../client/src/fetch.ts';
import OpenAI from '../../client/src/index.ts';
import { header, listen, type WireRequest } from '../../local/http.ts';
import type { Principal } from '../../local/principals.ts';
import { collectGarbage } from '../support/collect-garbage.ts';
import {
  PEOPLE,
  startVerifyingServer,
  type VerifyingOptions,
  type VerifyingServer,
} from '../support/verifying-server.ts';

const region = 'us-east-1';
const servers: VerifyingServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(options: Partial<VerifyingOptions> = {}): Promise<VerifyingServer> {
  const server = await startVerifyingServer({ principals: () => [PEOPLE.alice], ...options });
  servers.push(server);
  return server;
}

function text({ body }: Pick<WireRequest, 'body'>): string {
  return Buffer.from(body).toString('utf8');
}

describe('a signing fetch', () => {
  it('sends to the stage what a library means for OpenAI, and what it means for the stage', async () => {
    const { url, taken } = await serve();
    const signed = createFetch({ url: `${url}/v1`, region, credentials: PEOPLE.alice, project: 'demo' });
    const json = { method: 'POST', body: '{"漢":1}', headers: { authorization: 'Bearer sk-secret' } };
    expect((await signed('https://api.openai.com/v1/embeddings', json)).status).toBe(200);
    expect((await signed(new URL(`${url}/chat/completions`), json)).status).toBe(200);
    expect((await signed(new Request(`${url}/v1/models?limit=2`))).status).toBe(200);
    expect(taken.map(({ method, path, query }) => `${method} ${path} ${query}`)).toEqual([
      'POST /v1/embeddings ',
      'POST /chat/completions ',
      'GET /v1/models limit=2',
    ]);
    expect(taken.map(text)).toEqual(['{"漢":1}', '{"漢":1}', '']);
    expect(taken.map((request) => header(request, 'openai-proxy-project'))).toEqual(['demo', 'demo', 'demo']);
    expect(JSON.stringify(taken)).not.toContain('sk-secret');
  });

  it('signs for no other host', async () => {
    const { url } = await serve();
    const signed = createFetch({ url, region, credentials: PEOPLE.alice });
    await expect(signed('https://example.com/v1/models')).rejects.toThrow(/signs for .* alone/);
    await expect(signed('http://127.0.0.1:9/v1/models')).rejects.toThrow(/signs for .* alone/);
  });

  it.each([
    'https://abc.example.evil.example',
    'https://abc.example:4430',
    'https://abc.example@evil.example',
  ])('signs nothing for %s, whose URL begins as that of the stage does', async (url) => {
    const sent: unknown[] = [];
    const fetch = async (...request: unknown[]) => {
      sent.push(request);
      return new Response();
    };
    const signed = createFetch({ url: 'https://abc.example', region, credentials: PEOPLE.job, fetch });
    const asking = signed(`${url}/v1/responses`, { method: 'POST', body: 'private' });
    await expect(asking).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });

  it.each(['authorization', 'api-key', 'x-amz-security-token', 'proxy-authorization'])(
    'sends nobody the %s of its caller',
    async (name) => {
      const { url, taken } = await serve();
      const signed = createFetch({ url, region, credentials: PEOPLE.alice });
      const headers = { [name]: 'sk-secret-of-the-caller', 'x-kept': 'yes' };
      for (const asked of ['https://api.openai.com/v1/models', `${url}/v1/models`])
        expect((await signed(asked, { headers })).status).toBe(200);
      expect(taken.map((request) => header(request, 'x-kept'))).toEqual(['yes', 'yes']);
      expect(JSON.stringify(taken)).not.toContain('sk-secret-of-the-caller');
    },
  );

  it.each([
    ['a path with escapes', '/v1/files/a%20b%2Fc(1)'],
    ['a query in an order of its own', '/v1/models?z=1&a=2&a=1&empty=&flag'],
    ['a plus and escapes in a query', "/v1/models?q=a+b%2Bc&include[]=x&include[]=y&n=!'()*"],
  ])('verifies with %s', async (_, path) => {
    const { url } = await serve();
    const signed = createFetch({ url, region, credentials: PEOPLE.alice });
    expect((await signed(`${url}${path}`)).status).toBe(200);
  });

  it('sends multipart and streams, read whole, as they are', async () => {
    const { url, taken } = await serve({
      answer: () => Response.json({ id: 'file-1', object: 'file' }),
    });
    const directory = await mkdtemp(join(tmpdir(), 'farebox-files-'));
    const path = join(directory, 'lines.jsonl');
    await writeFile(path, '{"a":"漢字"}\n');
    const client = new OpenAI({ baseURL: url, region, credentials: PEOPLE.job, maxRetries: 0 });
    for (const file of [await toFile(Buffer.from('{"a":"漢字"}\n'), 'lines.jsonl'), createReadStream(path)])
      await expect(client.files.create({ file, purpose: 'batch' })).rejects.toMatchObject({ status: 403 });
    const permitted = new OpenAI({ baseURL: url, region, credentials: PEOPLE.alice, maxRetries: 0 });
    for (const file of [await toFile(Buffer.from('{"a":"漢字"}\n'), 'lines.jsonl'), createReadStream(path)])
      expect(await permitted.files.create({ file, purpose: 'batch' })).toMatchObject({ id: 'file-1' });
    for (const request of taken) {
      const form = await new Response(Buffer.from(request.body), {
        headers: { 'content-type': header(request, 'content-type') ?? '' },
      }).formData();
      expect(form.get('purpose')).toBe('batch');
      const file = form.get('file');
      expect(file instanceof File && (await file.text())).toBe('{"a":"漢字"}\n');
    }
    expect(taken).toHaveLength(2);
    await rm(directory, { recursive: true, force: true });
  });

  it('refuses a body that no Lambda URL takes before it is sent, and does not read on', async () => {
    const { url, taken } = await serve();
    const signed = createFetch({ url, region, credentials: PEOPLE.alice });
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
    const response = await signed(`${url}/v1/files`, { method: 'POST', body });
    expect(response.status).toBe(413);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await response.json()).toMatchObject({
      error: { code: 'request_too_large', message: expect.stringContaining('6291456 bytes') },
    });
    expect(pulled).toBeLessThan(10);
    expect(taken).toEqual([]);
    const most = await signed(`${url}/v1/files`, { method: 'POST', body: 'a'.repeat(6 * 1024 * 1024) });
    expect(most.status).toBe(200);
  });

  it('stops when it is told to', async () => {
    const { url } = await serve();
    const signed = createFetch({ url, region, credentials: PEOPLE.alice });
    await expect(signed(`${url}/v1/models`, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    const told = () => new Request(`${url}/v1/models`, { signal: AbortSignal.abort() });
    await expect(signed(told())).rejects.toThrow(/abort/i);
    expect((await signed(told(), { signal: null })).status).toBe(200);
  });

  it('leaves in mid-answer when it is told to, however long it has been reading', async () => {
    const left = Promise.withResolvers<void>();
    const stage = createServer((_, response) => {
      response.once('close', () => left.resolve());
      response.writeHead(200);
      response.write('data: first\n\n');
    });
    const url = `http://127.0.0.1:${await listen(stage, 0)}`;
    const signed = createFetch({ url, region, credentials: PEOPLE.alice });
    const leave = new AbortController();
    const reader = (await signed(`${url}/v1/responses`, { signal: leave.signal })).body?.getReader();
    await reader?.read();
    await collectGarbage();
    leave.abort();
    await expect(reader?.read()).rejects.toThrow(/abort/i);
    await left.promise;
    stage.close();
  });
});

describe('credentials', () => {
  /** Temporary keys, of which the server takes the latest alone. */
  function temporary(livesMs: number) {
    const given: Principal[] = [];
    const provide = async () => {
      const principal = { ...PEOPLE.job, sessionToken: `token-${given.length}` };
      given.push(principal);
      const { accessKeyId, secretAccessKey, sessionToken } = principal;
      return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(Date.now() + livesMs) };
    };
    return { given, provide, latest: () => given.slice(-1) };
  }

  it('are asked for once as long as they are good, by however many calls at once', async () => {
    const keys = temporary(3_600_000);
    const { url } = await serve({ principals: keys.latest });
    const signed = createFetch({ url, region, credentials: keys.provide });
    const all = await Promise.all(Array.from({ length: 5 }, () => signed(`${url}/v1/models`)));
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await signed(`${url}/v1/models`)).status).toBe(200);
    expect(keys.given).toHaveLength(1);
  });

  it('are asked for again when they are about to run out', async () => {
    const keys = temporary(60_000);
    const { url } = await serve({ principals: keys.latest });
    const signed = createFetch({ url, region, credentials: keys.provide });
    for (const most of [1, 2, 3]) {
      expect((await signed(`${url}/v1/models`)).status).toBe(200);
      expect(keys.given.length).toBeGreaterThanOrEqual(most);
    }
  });

  it('are asked for again when AWS says that they ran out, whatever they say themselves', async () => {
    const keys = temporary(3_600_000);
    const { url } = await serve({ principals: keys.latest });
    const signed = createFetch({ url, region, credentials: keys.provide });
    expect((await signed(`${url}/v1/models`)).status).toBe(200);
    await keys.provide();
    expect((await signed(`${url}/v1/models`)).status).toBe(200);
    expect(keys.given).toHaveLength(3);
  });

  it('that cannot be had are an error of OpenAI’s that is not tried again, and looked for with the next call', async () => {
    const { url } = await serve();
    let here = false;
    const credentials = async () => {
      if (here) return PEOPLE.alice;
      throw new Error('The SSO session has expired.');
    };
    const client = new OpenAI({ baseURL: url, region, credentials });
    await expect(client.models.list()).rejects.toMatchObject({
      status: 401,
      code: 'no_credentials',
      message: expect.stringMatching(/SSO session has expired.*aws sso login/),
    });
    here = true;
    await expect(client.models.list()).resolves.toBeDefined();
  });
});

it.each([
  ['ahead', 3_600_000],
  ['behind', -3_600_000],
])('a clock that AWS is %s of is put right', async (_, ahead) => {
  const { url, taken } = await serve({ ahead });
  const signed = createFetch({ url, region, credentials: PEOPLE.alice });
  expect((await signed(`${url}/v1/models`)).status).toBe(200);
  expect((await signed(`${url}/v1/models`)).status).toBe(200);
  expect(taken).toHaveLength(2);
});
