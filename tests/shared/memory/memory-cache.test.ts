import { describe, expect, it } from 'vitest';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { responseCacheContract } from '../../contracts/response-cache.ts';

responseCacheContract('memory', async () => {
  let now = 1_793_664_000_000;
  return {
    cache: createMemoryCache({ clock: { now: () => now } }),
    pass: async (seconds) => {
      now += seconds * 1_000;
    },
    close: async () => undefined,
  };
});

describe('a response cache in memory that is full', () => {
  const full = () => createMemoryCache({ clock: { now: () => 0 }, maxBytes: 4_000 });
  const value = Buffer.alloc(1_000);

  it('drops what was used longest ago', async () => {
    const cache = full();
    for (const key of ['a', 'b', 'c']) await cache.set(key, value, 60);
    await cache.get('a');
    await cache.set('d', value, 60);
    expect(await cache.get('b')).toBeUndefined();
    for (const key of ['a', 'c', 'd']) expect(await cache.get(key)).toBeDefined();
  });

  it('does not keep a value that is too large, nor the one that it was to replace', async () => {
    const cache = full();
    await cache.set('a', value, 60);
    await cache.set('b', value, 60);
    await cache.set('a', Buffer.alloc(5_000), 60);
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.get('b')).toBeDefined();
  });

  it('counts what it gave up, so that it never fills with nothing', async () => {
    const cache = full();
    for (let round = 0; round < 100; round += 1) {
      await cache.set('a', value, 60);
      await cache.claim('a', value, 60);
      await cache.unclaim('a');
    }
    await cache.set('b', value, 60);
    expect(await cache.get('a')).toBeDefined();
    expect(await cache.get('b')).toBeDefined();
  });
});
