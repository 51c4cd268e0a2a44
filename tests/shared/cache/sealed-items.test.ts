import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDynamoDbCache } from '../../../shared/aws/dynamodb-cache.ts';
import { createSeal, SEAL_BYTES } from '../../../shared/cache/seal.ts';
import { readItems, writeItems } from '../../../shared/cache/sealed-items.ts';
import { createMemcachedCache } from '../../../shared/memcached/memcached-cache.ts';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import type { CacheCapacity, ResponseCache } from '../../../shared/ports/response-cache.ts';
import { startAnswersTable } from '../../support/answers-table.ts';
import { startMemcached } from '../../support/memcached.ts';

const clock = { now: Date.now };
const seal = createSeal({ secret: 'a secret of the stage, long enough', stage: 'dev' });
const NAME = seal.name('a request');
const ITEM = 1_000;

/** A cache of small items, and all that it was asked for. */
function smallCache(capacity: Partial<CacheCapacity> = {}) {
  const asked: string[] = [];
  const distrusted: string[] = [];
  const store = createMemoryCache({ clock: { now: () => 0 } });
  const cache: ResponseCache = {
    capacity: { itemBytes: ITEM, answerBytes: 100 * ITEM, width: 1, answerMs: 250, ...capacity },
    get: async (name) => {
      asked.push(name);
      return store.get(name);
    },
    set: (name, item, ttl) => store.set(name, item, ttl),
    distrust: (name) => void distrusted.push(name),
    claim: (name, proof, ttl) => store.claim(name, proof, ttl),
    claimed: (name) => store.claimed(name),
    unclaim: (name) => store.unclaim(name),
  };
  return { cache, store, asked, distrusted, context: { cache, seal, clock: { now: () => 0 } } };
}

type Small = ReturnType<typeof smallCache>;

/** Writes content of several items, and gives the names of these as a reader asks for them. */
async function filled(small: Small, size = 5 * ITEM): Promise<string[]> {
  await writeItems(NAME, randomBytes(size), 60, small.context);
  expect((await readItems(NAME, small.context)).kind).toBe('found');
  return small.asked.splice(0);
}

describe('content in sealed items', () => {
  it('of any size comes back as it was, in caches that ask for one or several at once', async () => {
    const sizes = fc.oneof(
      fc.nat({ max: 20 * ITEM }),
      fc.nat({ max: 3 }).map((n) => n * (ITEM - SEAL_BYTES)),
    );
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 5 }), async (size, width) => {
        const { context } = smallCache({ width });
        const content = randomBytes(size);
        await writeItems(NAME, content, 60, context);
        expect(await readItems(NAME, context)).toEqual({ kind: 'found', content });
      }),
    );
  });

  it('is replaced, a large one by a small one and back', async () => {
    const { context } = smallCache();
    for (const size of [5 * ITEM, 10, 7 * ITEM, 0]) {
      const content = randomBytes(size);
      await writeItems(NAME, content, 60, context);
      expect(await readItems(NAME, context)).toEqual({ kind: 'found', content });
    }
  });

  it('of racing writers never mixes', async () => {
    const { context } = smallCache();
    const contents = Array.from({ length: 6 }, () => randomBytes(3 * ITEM));
    await Promise.all(contents.map((content) => writeItems(NAME, content, 60, context)));
    const read = await readItems(NAME, context);
    expect(contents.some((content) => read.kind === 'found' && content.equals(read.content))).toBe(true);
  });

  it('is not stored where the cache takes no so large answer', async () => {
    const small = smallCache({ answerBytes: 3 * ITEM });
    await writeItems(NAME, randomBytes(3 * ITEM), 60, small.context);
    expect(await readItems(NAME, small.context)).toEqual({ kind: 'absent' });
  });

  it('is absent, and no alarm, when the cache has lost a part of it', async () => {
    const small = smallCache();
    const names = await filled(small);
    small.store.distrust(names.at(-1) ?? '');
    expect(await readItems(NAME, small.context)).toEqual({ kind: 'absent' });
    expect(small.distrusted).toEqual([]);
  });

  it('is absent when its parts take too long together', async () => {
    const small = smallCache();
    await filled(small, 20 * ITEM);
    let now = 0;
    const slow = {
      ...small.context,
      clock: { now: () => now },
      cache: {
        ...small.cache,
        get: (name: string) => {
          now += 49;
          return small.cache.get(name);
        },
      },
    };
    expect(await readItems(NAME, slow)).toEqual({ kind: 'absent' });
    expect(small.asked).toHaveLength(6);
  });
});

describe('a cache that lies about content in sealed items', () => {
  it('costs one item, whatever a stranger put under its name', async () => {
    const small = smallCache();
    const lies = [
      Buffer.alloc(0),
      randomBytes(ITEM),
      // What an earlier release took for a manifest of 32 MiB in parts of 1 MB.
      Buffer.concat([Buffer.from([1]), randomBytes(16), Buffer.from([2, 0, 0, 0, 0, 15, 66, 64])]),
      Buffer.concat([Buffer.from([2]), randomBytes(ITEM)]),
      // The very same of another request.
      seal.seal(seal.name('another request'), randomBytes(100)),
    ];
    for (const lie of lies) {
      await small.store.set(NAME, lie, 60);
      expect(await readItems(NAME, small.context)).toEqual({ kind: 'rejected', bytes: lie.length });
      expect(small.asked.splice(0)).toEqual([NAME]);
      expect(small.distrusted.splice(0)).toEqual([NAME]);
    }
  });

  it.each([1, 4])(
    'is found out at the first part that is not genuine, %i asked for at once',
    async (width) => {
      const small = smallCache({ width });
      const names = await filled(small, 30 * ITEM);
      expect(names.length).toBeGreaterThan(30);
      for (const name of names.slice(1)) await small.store.set(name, randomBytes(ITEM), 60);
      expect((await readItems(NAME, small.context)).kind).toBe('rejected');
      expect(small.asked).toHaveLength(1 + width);
    },
  );

  it('cannot swap two parts, or give one of an earlier write', async () => {
    const small = smallCache();
    const names = await filled(small);
    const [one = '', other = ''] = names.slice(1);
    const [first, second] = [await small.store.get(one), await small.store.get(other)];
    await small.store.set(one, second ?? Buffer.alloc(0), 60);
    expect((await readItems(NAME, small.context)).kind).toBe('rejected');
    small.asked.splice(0);
    const [, later = ''] = await filled(small);
    await small.store.set(later, first ?? Buffer.alloc(0), 60);
    expect((await readItems(NAME, small.context)).kind).toBe('rejected');
  });
});

describe('the largest answers', { timeout: 180_000 }, () => {
  it('are kept in Memcached', async () => {
    const server = await startMemcached();
    const cache = createMemcachedCache({ servers: [server], clock, operationMs: 10_000 });
    const content = randomBytes(20 * 1024 * 1024);
    await writeItems(NAME, content, 60, { cache, seal, clock });
    const read = await readItems(NAME, { cache, seal, clock });
    expect(read.kind === 'found' && content.equals(read.content)).toBe(true);
    cache.close();
    await server.close();
  });

  it('are kept in a DynamoDB table', async () => {
    const { client, table, close } = await startAnswersTable();
    const cache = createDynamoDbCache({ client, table, clock, operationMs: 30_000 });
    const content = randomBytes(4_000_000);
    await writeItems(NAME, content, 60, { cache, seal, clock });
    const read = await readItems(NAME, { cache, seal, clock });
    expect(read.kind === 'found' && content.equals(read.content)).toBe(true);
    await close();
  });
});
