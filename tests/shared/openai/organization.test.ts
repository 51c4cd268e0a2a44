import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../../local/simulator/server.ts';
import { createHttpUpstream } from '../../../shared/openai/http-upstream.ts';
import { createOrganization } from '../../../shared/openai/organization.ts';

const ADMIN_KEY = 'sk-admin-THIS-KEY-MUST-NOT-LEAK';

function organization(url: string, more: { project?: string; pageDays?: number; key?: string } = {}) {
  const { key = ADMIN_KEY, ...options } = more;
  const upstream = createHttpUpstream({
    baseUrl: new URL(url),
    secrets: { read: async () => ({ openaiApiKey: key }) },
    connectTimeoutMs: 2_000,
  });
  return createOrganization({ upstream, retryMs: 1, timeoutMs: 10_000, ...options });
}

describe('the invoice of the simulated organization', () => {
  const from = new Date(Date.now() - 40 * 86_400_000).toISOString().slice(0, 10);
  const to = () => new Date().toISOString().slice(0, 10);
  let simulator: Simulator;
  let tokens = 0;

  beforeAll(async () => {
    simulator = await startSimulator({ port: 0, adminKey: ADMIN_KEY, chunkDelayMs: 0 });
    const call = async (project: string, input: string) => {
      const openai = new OpenAI({ baseURL: simulator.url, apiKey: 'sk-any', project, maxRetries: 0 });
      const { usage } = await openai.embeddings.create({ model: 'text-embedding-3-small', input });
      return usage.prompt_tokens;
    };
    tokens = await call('proj_a', 'one two three');
    await call('proj_b', 'four');
  });
  afterAll(() => simulator.close());

  it.each([1, 7, 31])('is read page by page, %i days on each', async (pageDays) => {
    const costs = await organization(simulator.url, { pageDays }).costs(from, to());
    expect(costs).toEqual([
      { day: expect.any(String), lineItem: 'text-embedding-3-small, input', amount: expect.any(BigInt) },
    ]);
  });

  it('is that of one project where one is named', async () => {
    const ofOne = organization(simulator.url, { project: 'proj_a' });
    // text-embedding-3-small: $0.02 per million tokens.
    expect(await ofOne.costs(from, to())).toMatchObject([{ amount: BigInt(tokens) * 20_000n }]);
    expect(await ofOne.usage(from, to())).toMatchObject([
      { of: { model: 'text-embedding-3-small' }, measured: { requests: 1, input: tokens } },
    ]);
    expect(await organization(simulator.url, { project: 'proj_c' }).costs(from, to())).toEqual([]);
  });

  it('is refused to a key that is not the admin key, which is not repeated', async () => {
    for (const [key, status] of [
      ['sk-not-an-admin', '403'],
      ['sk-admin-but-wrong-0123456789', '401'],
    ] as const) {
      const failure = await organization(simulator.url, { key }).costs(from, to());
      expect(failure).toEqual({ kind: 'refused', detail: expect.stringMatching(`^${status} `) });
      expect(JSON.stringify(failure)).not.toContain(key);
    }
  });
});

describe('the invoice of an organization', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function answering(listener: RequestListener) {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return organization(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
  }
  /** 2026-11-20 */
  const START = 1_795_132_800;
  const page = (results: string, rest = '"has_more":false,"next_page":null') =>
    `{"object":"page","data":[{"object":"bucket","start_time":${START},"end_time":${START + 86_400},"results":${results}}],${rest}}`;
  const cost = (value: string) =>
    `{"object":"organization.costs.result","amount":{"value":${value},"currency":"usd"},"line_item":"x"}`;

  it.each([
    ['0.06', 60_000_000_000n],
    ['"0.06"', 60_000_000_000n],
    ['1.234567890123', 1_234_567_890_123n],
    ['12345.678901234567', 12_345_678_901_234_567n],
    ['0.0600000000000000', 60_000_000_000n],
    ['0.1308043800000000123456', 130_804_380_000n],
    ['"0.0000000000005"', 1n],
    ['4.2E-05', 42_000_000n],
    ['0E-6176', 0n],
    ['3', 3_000_000_000_000n],
    ['-0.5', -500_000_000_000n],
  ])('has the amount %s exactly', async (value, amount) => {
    const invoice = await answering((_, response) => response.end(page(`[${cost(value)}]`)));
    expect(await invoice.costs('2026-11-20', '2026-11-20')).toEqual([
      { day: '2026-11-20', lineItem: 'x', amount },
    ]);
  });

  it('is asked for as OpenAI documents, and for its next page as OpenAI says', async () => {
    const asked: URL[] = [];
    const invoice = await answering((request, response) => {
      asked.push(new URL(request.url ?? '', 'http://openai'));
      const rest = asked.length === 1 ? '"has_more":true,"next_page":"page_two"' : undefined;
      response.end(page(`[${cost('1')}]`, rest));
    });
    expect(await invoice.costs('2026-11-20', '2026-11-21')).toHaveLength(2);
    const query = {
      start_time: String(START),
      end_time: String(START + 2 * 86_400),
      bucket_width: '1d',
      limit: '31',
      'group_by[]': 'line_item',
    };
    expect(asked.map(({ pathname }) => pathname)).toEqual(Array(2).fill('/v1/organization/costs'));
    expect(asked.map(({ searchParams }) => Object.fromEntries(searchParams))).toEqual([
      query,
      { ...query, page: 'page_two' },
    ]);
  });

  it('is asked for again while OpenAI is busy', async () => {
    let asked = 0;
    const invoice = await answering((_, response) => {
      asked += 1;
      response.statusCode = [429, 503, 200][asked - 1] ?? 500;
      response.end(page('[]'));
    });
    expect(await invoice.costs('2026-11-20', '2026-11-20')).toEqual([]);
    expect(asked).toBe(3);
  });

  it.each<[string, RequestListener, object]>([
    [
      'is always busy',
      (_, response) => response.writeHead(500).end('{"error":{"message":"sorry"}}'),
      { kind: 'unreachable', detail: '500 sorry' },
    ],
    [
      'breaks off',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{');
        response.destroy();
      },
      { kind: 'unreachable', detail: expect.any(String) },
    ],
    [
      'quotes the key',
      (_, response) => response.writeHead(401).end(`{"error":{"message":"wrong key ${ADMIN_KEY}"}}`),
      { kind: 'refused', detail: '401 wrong key [key]' },
    ],
    ['answers no JSON', (_, response) => response.end('<html>'), { kind: 'unreadable' }],
    ['answers no page', (_, response) => response.end('{"data":[{}]}'), { kind: 'unreadable' }],
    [
      'bills in euros',
      (_, response) => response.end(page(`[${cost('1').replace('usd', 'eur')}]`)),
      { kind: 'unreadable' },
    ],
    ['bills words', (_, response) => response.end(page(`[${cost('"much"')}]`)), { kind: 'unreadable' }],
    [
      'never comes to its last page',
      (_, response) => response.end(page('[]', '"has_more":true,"next_page":"again"')),
      { kind: 'unreadable' },
    ],
  ])('is a value that says why when OpenAI %s', async (_, listener, failure) => {
    const invoice = await answering(listener);
    expect(await invoice.costs('2026-11-20', '2026-11-20')).toMatchObject(failure);
  });
});
