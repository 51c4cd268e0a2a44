import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createDynamoDbCache, type DynamoDbCacheOptions } from '../../../shared/aws/dynamodb-cache.ts';
import { createDynamoDbClient } from '../../../shared/aws/dynamodb-client.ts';
import { responseCacheContract } from '../../contracts/response-cache.ts';
import { startAnswersTable } from '../../support/answers-table.ts';

const clock = { now: Date.now };
const KEY = 'k'.repeat(43);
const VALUE = Buffer.from('a sealed answer');

const create = async () => {
  const { client, table, close } = await startAnswersTable();
  const cache = createDynamoDbCache({ client, table, clock });
  return { cache, pass: (seconds: number) => sleep(seconds * 1_000), close };
};
responseCacheContract('a DynamoDB table', create);

/** A DynamoDB that answers as it is told. */
async function startDynamoDb(answer: (server: Server) => { status: number; body: object } | undefined) {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    request.resume();
    const given = answer(server);
    if (given === undefined) return;
    response.writeHead(given.status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(given.body));
  });
  await new Promise<void>((ready) => void server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, asked: () => asked, server };
}

describe('a response cache in a DynamoDB table that misbehaves', () => {
  const open: Server[] = [];
  afterEach(() => {
    for (const server of open.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  async function cacheOn(
    answer: Parameters<typeof startDynamoDb>[0],
    options: Partial<DynamoDbCacheOptions> = {},
    deadlineMs = 60_000,
  ) {
    const fake = await startDynamoDb(answer);
    open.push(fake.server);
    let now = 1_000_000;
    let faults = 0;
    const client = createDynamoDbClient({
      region: 'us-east-1',
      endpoint: fake.endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      attempts: 1,
      deadlineMs,
    });
    const cache = createDynamoDbCache({
      client,
      table: 'answers',
      clock: { now: () => now },
      onFault: () => {
        faults += 1;
      },
      ...options,
    });
    return {
      ...fake,
      cache,
      faults: () => faults,
      pass: (ms: number) => {
        now += ms;
      },
    };
  }

  const failures = {
    'never answers': () => undefined,
    'answers 500': () => ({ status: 500, body: {} }),
    'denies access': () => ({
      status: 400,
      body: { __type: 'com.amazon.coral.service#AccessDeniedException' },
    }),
    'is not there': () => ({
      status: 400,
      body: { __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException' },
    }),
  };
  it.each(Object.entries(failures))(
    'misses where it %s, and leaves it alone after two failures',
    async (_, answer) => {
      const { cache, asked, faults, pass } = await cacheOn(answer, {}, 200);
      expect(await cache.get(KEY)).toBeUndefined();
      expect(await cache.claim(KEY, VALUE, 10)).toBe('unknown');
      expect(asked()).toBe(2);
      await cache.set(KEY, VALUE, 10);
      expect(await cache.claimed(KEY)).toBeUndefined();
      await cache.unclaim(KEY);
      expect(asked()).toBe(2);
      expect(faults()).toBe(1);

      pass(1_001);
      expect(await cache.get(KEY)).toBeUndefined();
      expect(asked()).toBe(3);
      expect(faults()).toBe(1);
    },
  );

  it('asks it again once it answers', async () => {
    let well = false;
    const { cache, pass } = await cacheOn(() =>
      well ? { status: 200, body: {} } : { status: 500, body: {} },
    );
    await cache.get(KEY);
    await cache.get(KEY);
    well = true;
    expect(await cache.claim(KEY, VALUE, 10)).toBe('unknown');
    pass(1_001);
    expect(await cache.claim(KEY, VALUE, 10)).toBe('free');
    expect(await cache.claim(KEY, VALUE, 10)).toBe('free');
  });

  it('does not take a throttled table for a dead one', async () => {
    const throttled = { __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException' };
    const { cache, asked, faults } = await cacheOn(() => ({ status: 400, body: throttled }));
    for (let call = 0; call < 5; call += 1) await cache.set(KEY, VALUE, 10);
    expect(asked()).toBe(5);
    expect(faults()).toBe(0);
  });

  it('takes nonsense for a miss', async () => {
    const items = [
      {},
      { data: { S: 'text' }, ttl: { N: '9999999999' } },
      { data: { B: Buffer.from([9, 9, 9]).toString('base64') }, ttl: { N: '1' } },
      { data: { B: Buffer.from([0, 1]).toString('base64') }, ttl: { N: 'never' } },
    ];
    for (const Item of items) {
      const { cache, asked } = await cacheOn(() => ({ status: 200, body: { Item } }));
      expect(await cache.get(KEY)).toBeUndefined();
      expect(asked()).toBe(1);
    }
  });

  it('is not asked to keep an item that is larger than it takes', async () => {
    const { cache, asked } = await cacheOn(() => ({ status: 200, body: {} }));
    expect(await cache.set(KEY, Buffer.alloc(390_001), 10)).toBe(false);
    expect(asked()).toBe(0);
  });
});
