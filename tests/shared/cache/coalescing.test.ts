import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AnswerCache, createAnswerCache } from '../../../shared/cache/answer-cache.ts';
import { createMemcachedCache, type MemcachedCache } from '../../../shared/memcached/memcached-cache.ts';
import { startMemcached, type TestMemcached } from '../../support/memcached.ts';

const DEFAULT = { read: true, store: true };
const clock = { now: Date.now };

let server: TestMemcached;
const caches: MemcachedCache[] = [];
beforeAll(async () => {
  server = await startMemcached();
});
afterAll(async () => {
  for (const cache of caches) cache.close();
  await server.close();
});

/** A function of the stage, with a connection of its own to the one Memcached. */
function oneFunction(waitMs: number): AnswerCache {
  const cache = createMemcachedCache({ servers: [server], clock, operationMs: 10_000 });
  caches.push(cache);
  return createAnswerCache({
    cache,
    secrets: { read: async () => ({ openaiApiKey: 'sk-test', cacheSecret: 'a secret that is long enough' }) },
    stage: 'dev',
    clock,
    log: { event: () => undefined, alarm: () => undefined },
    sleep,
    ttlSeconds: 60,
    waitMs,
    maxAnswerBytes: 16_777_216,
  });
}

/** Asks as the proxy does; `compute` is the call to OpenAI, and gives the body, or nothing that can be stored. */
async function call(
  answers: AnswerCache,
  key: string,
  compute: () => Promise<Buffer | undefined>,
): Promise<Uint8Array | undefined> {
  const found = await answers.lookup(key, DEFAULT);
  if (found.kind === 'hit') return found.answer.body;
  try {
    const body = await compute();
    if (body !== undefined) {
      const stored = { headers: [], body, cost: 1n, served: { counts: {} }, storedAt: clock.now() };
      await answers.store(key, { status: 200, ...stored }, DEFAULT);
    }
    return body;
  } finally {
    if (found.claim !== undefined) await answers.release(found.claim);
  }
}

describe('identical calls to two functions on one Memcached', () => {
  it.each([100, 3_000_000])('pay once for an answer of %i bytes, and all get it', async (size) => {
    const functions = [oneFunction(20_000), oneFunction(20_000)];
    let computed = 0;
    const compute = async () => {
      computed += 1;
      await sleep(300);
      return Buffer.alloc(size, computed);
    };
    const calls = Array.from({ length: 30 }, (_, index) =>
      call(functions[index % 2] ?? oneFunction(20_000), `once-${size}`, compute),
    );
    const bodies = await Promise.all(calls);
    expect(computed).toBe(1);
    for (const body of bodies) expect(Buffer.compare(body ?? Buffer.alloc(0), Buffer.alloc(size, 1))).toBe(0);
  });

  it('do not wait for each other where the answer cannot be stored', async () => {
    const functions = [oneFunction(60_000), oneFunction(60_000)];
    let computed = 0;
    const compute = async () => {
      computed += 1;
      await sleep(100);
      return undefined;
    };
    const started = clock.now();
    await Promise.all(functions.flatMap((one) => [call(one, 'never', compute), call(one, 'never', compute)]));
    expect(computed).toBe(4);
    expect(clock.now() - started).toBeLessThan(20_000);
  });

  it('do not wait for a call that failed', async () => {
    const [one, other] = [oneFunction(60_000), oneFunction(60_000)];
    const failing = call(one, 'failing', async () => {
      await sleep(100);
      throw new Error('upstream is down');
    });
    const [failed, answered] = await Promise.allSettled([
      failing,
      sleep(20).then(() => call(other, 'failing', async () => Buffer.from('answer'))),
    ]);
    expect(failed.status).toBe('rejected');
    expect(answered).toEqual({ status: 'fulfilled', value: Buffer.from('answer') });
  });

  it('wait no longer than the bound for one that died', async () => {
    const [dead, living] = [oneFunction(1_000), oneFunction(1_000)];
    await dead.lookup('dead', DEFAULT); // Takes the claim, and is never heard of again.
    const started = clock.now();
    const body = await call(living, 'dead', async () => Buffer.from('answer'));
    expect(body).toEqual(Buffer.from('answer'));
    expect(clock.now() - started).toBeLessThan(10_000);
    expect((await living.lookup('dead', DEFAULT)).kind).toBe('hit');
  });
});
