import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResponseCache } from '../../shared/ports/response-cache.ts';

export interface CacheUnderTest {
  readonly cache: ResponseCache;
  /** Lets so many seconds pass for the cache. */
  readonly pass: (seconds: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

const A_MINUTE = 60;

let keys = 0;
/** A key that no other test uses, of the length that real ones have. */
function freshKey(): string {
  keys += 1;
  return String(keys).padStart(43, 'k');
}

function same(actual: Uint8Array | undefined, expected: Uint8Array): boolean {
  return actual !== undefined && Buffer.compare(actual, expected) === 0;
}

/** What every response cache must do while its store is well. */
export function responseCacheContract(name: string, create: () => Promise<CacheUnderTest>): void {
  describe(`a response cache in ${name}`, () => {
    let tested: CacheUnderTest;
    let cache: ResponseCache;
    beforeAll(async () => {
      tested = await create();
      cache = tested.cache;
    });
    afterAll(() => tested.close());

    describe('items', () => {
      it('are absent before they are set', async () => {
        expect(await cache.get(freshKey())).toBeUndefined();
      });

      it('of any size up to the largest come back as they were, and a larger one is not taken', async () => {
        const largest = Math.min(cache.capacity.itemBytes, 2_000_000);
        for (const size of [1, 1_000, largest - 1, largest]) {
          const key = freshKey();
          const item = randomBytes(size);
          expect(await cache.set(key, item, A_MINUTE)).toBe(true);
          expect(same(await cache.get(key), item)).toBe(true);
        }
        const key = freshKey();
        expect(await cache.set(key, Buffer.alloc(cache.capacity.itemBytes + 1), A_MINUTE)).toBe(false);
        expect(await cache.get(key)).toBeUndefined();
      });

      it('are replaced, a large one by a small one and back', async () => {
        const key = freshKey();
        for (const size of [200_000, 10, 300_000, 1]) {
          const item = randomBytes(size);
          await cache.set(key, item, A_MINUTE);
          expect(same(await cache.get(key), item)).toBe(true);
        }
      });

      it('can be distrusted without harm to others', async () => {
        const [mine, other] = [freshKey(), freshKey()];
        await cache.set(other, Buffer.from('other'), A_MINUTE);
        cache.distrust(mine);
        expect(same(await cache.get(other), Buffer.from('other'))).toBe(true);
        expect(await cache.set(mine, Buffer.from('mine'), A_MINUTE)).toBe(true);
        expect(same(await cache.get(mine), Buffer.from('mine'))).toBe(true);
      });

      it('do not change with the bytes that they were made of, or that were read', async () => {
        const key = freshKey();
        const value = Buffer.from('as it was');
        await cache.set(key, value, A_MINUTE);
        value.fill(0);
        (await cache.get(key))?.fill(0);
        expect(same(await cache.get(key), Buffer.from('as it was'))).toBe(true);
      });

      it('are gone when their time is over', async () => {
        const [passing, lasting] = [freshKey(), freshKey()];
        await cache.set(passing, Buffer.from('passing'), 1);
        await cache.set(lasting, Buffer.from('lasting'), 60 * 24 * 60 * 60);
        await tested.pass(2.5);
        expect(await cache.get(passing)).toBeUndefined();
        expect(await cache.get(lasting)).toBeDefined();
      });
    });

    describe('a claim', () => {
      const [mine, theirs] = [Buffer.from('mine'), Buffer.from('theirs')];

      it('is given to one, and shows its proof to the others', async () => {
        const key = freshKey();
        expect(await cache.claimed(key)).toBeUndefined();
        expect(await cache.claim(key, mine, A_MINUTE)).toBe('free');
        expect(await cache.claim(key, theirs, A_MINUTE)).toBe('taken');
        expect(same(await cache.claimed(key), mine)).toBe(true);
      });

      it('is given to exactly one of many who ask at once', async () => {
        const key = freshKey();
        const asked = Array.from({ length: 20 }, () => cache.claim(key, mine, A_MINUTE));
        expect((await Promise.all(asked)).filter((outcome) => outcome === 'free')).toHaveLength(1);
      });

      it('can be taken again once it was let go', async () => {
        const key = freshKey();
        await cache.claim(key, mine, A_MINUTE);
        await cache.unclaim(key);
        expect(await cache.claimed(key)).toBeUndefined();
        expect(await cache.claim(key, theirs, A_MINUTE)).toBe('free');
      });

      it('is no value, and a value is no claim', async () => {
        const key = freshKey();
        await cache.claim(key, mine, A_MINUTE);
        expect(await cache.get(key)).toBeUndefined();
        await cache.unclaim(key);
        await cache.set(key, theirs, A_MINUTE);
        expect(await cache.claimed(key)).toBeUndefined();
        expect(await cache.claim(key, mine, A_MINUTE)).toBe('free');
        expect(same(await cache.get(key), theirs)).toBe(true);
      });

      it('ends by itself when its holder dies', async () => {
        const key = freshKey();
        await cache.claim(key, mine, 1);
        await tested.pass(2.5);
        expect(await cache.claimed(key)).toBeUndefined();
        expect(await cache.claim(key, theirs, A_MINUTE)).toBe('free');
      });

      it('that nobody holds can be let go without harm', async () => {
        await expect(cache.unclaim(freshKey())).resolves.toBeUndefined();
      });
    });
  });
}
