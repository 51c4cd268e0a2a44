import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { CachedAnswer } from '../../../shared/cache/answer.ts';
import {
  type AnswerCache,
  type AnswerCacheOptions,
  createAnswerCache,
  type Lookup,
} from '../../../shared/cache/answer-cache.ts';
import { createSeal } from '../../../shared/cache/seal.ts';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import type { ResponseCache } from '../../../shared/ports/response-cache.ts';

const START = 1_793_664_000_000;
const WAIT_MS = 10_000;
const TTL_SECONDS = 3_600;
const DEFAULT = { read: true, store: true };

interface World {
  now: number;
  secret: string | undefined;
  readonly events: string[];
  readonly cache: ResponseCache;
  readonly answers: AnswerCache;
  /** Another function of the same stage, or of another, on the same cache. */
  readonly another: (stage?: string) => AnswerCache;
  /** Under which name the stage's answer to a request lies in the cache. */
  readonly nameOf: (key: string) => string;
}

/** A world whose time passes only when somebody sleeps in it, or a test says so. */
function world(change: Partial<ResponseCache> = {}): World {
  const clock = { now: () => made.now };
  const store = createMemoryCache({ clock });
  const cache: ResponseCache = {
    capacity: store.capacity,
    distrust: (key) => store.distrust(key),
    get: (key) => store.get(key),
    set: (key, value, ttl) => store.set(key, value, ttl),
    claim: (key, proof, ttl) => store.claim(key, proof, ttl),
    claimed: (key) => store.claimed(key),
    unclaim: (key) => store.unclaim(key),
    ...change,
  };
  const another = (stage = 'dev') => createAnswerCache({ ...partsOf(made), cache, stage });
  const made: Omit<World, 'answers'> = {
    now: START,
    secret: 'a secret that is long enough',
    events: [],
    cache,
    another,
    nameOf: (key) => createSeal({ secret: made.secret ?? '', stage: 'dev' }).name(key),
  };
  return Object.assign(made, { answers: another() });
}

function partsOf(made: Omit<World, 'answers'>): AnswerCacheOptions {
  return {
    cache: made.cache,
    stage: 'dev',
    clock: { now: () => made.now },
    secrets: {
      read: async () => {
        if (made.secret === undefined) throw new Error('the secret store is down');
        return { openaiApiKey: 'sk-test', cacheSecret: made.secret };
      },
    },
    log: { event: (_, name) => made.events.push(name), alarm: (name) => made.events.push(name) },
    sleep: async (milliseconds) => {
      made.now += milliseconds;
      await nextTurn();
    },
    ttlSeconds: TTL_SECONDS,
    waitMs: WAIT_MS,
    maxAnswerBytes: 10_000,
  };
}

function answerAt(storedAt: number, text = '{"id":"chatcmpl-1"}'): CachedAnswer {
  return {
    status: 200,
    headers: [['content-type', 'application/json']],
    body: Buffer.from(text),
    cost: 7n,
    served: { model: 'gpt-4o', counts: { input: 1 } },
    storedAt,
  };
}

async function fill(answers: AnswerCache, key: string, answer: CachedAnswer): Promise<void> {
  const found = await answers.lookup(key, DEFAULT);
  if (found.kind !== 'miss' || found.claim === undefined) throw new Error('expected a claim');
  await answers.store(key, answer, DEFAULT);
  await answers.release(found.claim);
}

function claimOf(found: Lookup) {
  if (found.kind !== 'miss' || found.claim === undefined) throw new Error('expected a claim');
  return found.claim;
}

describe('a stored answer', () => {
  it('is given again, with its age in whole seconds', async () => {
    const it = world();
    await fill(it.answers, 'key', answerAt(START));
    it.now += 61_900;
    expect(await it.answers.lookup('key', DEFAULT)).toEqual({
      kind: 'hit',
      answer: answerAt(START),
      ageSeconds: 61,
    });
    expect(await it.answers.lookup('other', DEFAULT)).toMatchObject({ kind: 'miss' });
  });

  it('is not given when it is older than the caller accepts, nor past its time', async () => {
    const it = world({ claim: async () => 'unknown' });
    await it.answers.store('key', answerAt(START), DEFAULT);
    it.now += 60_000;
    expect((await it.answers.lookup('key', { ...DEFAULT, maxAgeSeconds: 60 })).kind).toBe('hit');
    expect((await it.answers.lookup('key', { ...DEFAULT, maxAgeSeconds: 59 })).kind).toBe('miss');
    await it.answers.store('stale', answerAt(it.now - (TTL_SECONDS + 1) * 1_000), DEFAULT);
    expect((await it.answers.lookup('stale', DEFAULT)).kind).toBe('miss');
  });

  it('is given as long as its project says, be that shorter or longer than the stage', async () => {
    const it = world({ claim: async () => 'unknown' });
    const [brief, long] = [60, 3 * TTL_SECONDS].map((lifetimeSeconds) => ({ ...DEFAULT, lifetimeSeconds }));
    await it.answers.store('brief', answerAt(START), brief ?? DEFAULT);
    await it.answers.store('long', answerAt(START), long ?? DEFAULT);
    it.now += 61_000;
    expect((await it.answers.lookup('brief', brief ?? DEFAULT)).kind).toBe('miss');
    it.now += 2 * TTL_SECONDS * 1_000;
    expect((await it.answers.lookup('long', long ?? DEFAULT)).kind).toBe('hit');
    expect((await it.answers.lookup('long', { ...DEFAULT, lifetimeSeconds: 60 })).kind).toBe('miss');
    expect((await it.answers.lookup('long', { ...DEFAULT, ...long, maxAgeSeconds: 60 })).kind).toBe('miss');
  });

  it('is passed by when the caller will not read, and then nobody is made to wait', async () => {
    const it = world();
    await fill(it.answers, 'key', answerAt(START));
    expect(await it.answers.lookup('key', { read: false, store: true })).toEqual({ kind: 'miss' });
    expect(await it.cache.claimed(it.nameOf('key'))).toBeUndefined();
  });

  it('is not there when the caller would not store, or when it is too large', async () => {
    const it = world();
    await it.answers.store('key', answerAt(START), { read: true, store: false });
    await it.answers.store('large', answerAt(START, 'x'.repeat(10_000)), DEFAULT);
    expect(await it.cache.get(it.nameOf('key'))).toBeUndefined();
    expect(await it.cache.get(it.nameOf('large'))).toBeUndefined();
  });

  it('never becomes that of another stage, another key or another secret', async () => {
    const it = world();
    await fill(it.answers, 'key', answerAt(START));
    expect((await it.another('prod').lookup('key', DEFAULT)).kind).toBe('miss');
    const sealed = (await it.cache.get(it.nameOf('key'))) ?? Buffer.alloc(0);
    await it.cache.set(it.nameOf('moved'), sealed, 60);
    expect((await it.answers.lookup('moved', DEFAULT)).kind).toBe('miss');
    expect(it.events).toEqual(['cache_entry_rejected']);
    it.secret = 'another secret, just as long';
    await it.cache.set(it.nameOf('key'), sealed, 60);
    expect((await it.answers.lookup('key', DEFAULT)).kind).toBe('miss');
  });

  it('that was tampered with is a miss, and is replaced by the next answer', async () => {
    const it = world();
    await fill(it.answers, 'key', answerAt(START));
    const sealed = Buffer.from((await it.cache.get(it.nameOf('key'))) ?? []);
    sealed[20] = (sealed[20] ?? 0) ^ 1;
    await it.cache.set(it.nameOf('key'), sealed, 60);
    await fill(it.answers, 'key', answerAt(START, '{"id":"chatcmpl-2"}'));
    expect(await it.answers.lookup('key', DEFAULT)).toMatchObject({
      kind: 'hit',
      answer: { body: Buffer.from('{"id":"chatcmpl-2"}') },
    });
  });

  it('lies under a name that only the stage’s secret makes, as do all its parts and its claim', async () => {
    const names: string[] = [];
    const it = world();
    const { cache } = it;
    const seen = createAnswerCache({
      ...partsOf(it),
      cache: {
        ...cache,
        capacity: { ...cache.capacity, itemBytes: 200 },
        get: (name) => cache.get(noted(name)),
        set: (name, item, ttl) => cache.set(noted(name), item, ttl),
        claim: (name, proof, ttl) => cache.claim(noted(name), proof, ttl),
        claimed: (name) => cache.claimed(noted(name)),
        unclaim: (name) => cache.unclaim(noted(name)),
      },
    });
    const noted = (name: string) => {
      names.push(name);
      return name;
    };
    await fill(seen, 'the key of a guess', answerAt(START, randomBytes(1_000).toString('hex')));
    expect((await seen.lookup('the key of a guess', DEFAULT)).kind).toBe('hit');
    expect(new Set(names).size).toBeGreaterThan(5);
    for (const name of names) {
      expect(name.startsWith(it.nameOf('the key of a guess'))).toBe(true);
      expect(name).not.toContain('guess');
    }
    const secrets = ['a secret that is long enough', 'a secret that is long enough.'];
    const made = secrets.map((secret) => createSeal({ secret, stage: 'dev' }).name('key'));
    const inProd = createSeal({ secret: secrets[0] ?? '', stage: 'prod' }).name('key');
    expect(new Set([...made, inProd]).size).toBe(3);
  });

  it('cannot be had without the secret, and the call goes on', async () => {
    const it = world();
    await fill(it.answers, 'key', answerAt(START));
    it.secret = undefined;
    expect(await it.answers.lookup('key', DEFAULT)).toEqual({ kind: 'miss' });
    await expect(it.answers.store('key', answerAt(START), DEFAULT)).resolves.toBeUndefined();
    it.secret = 'short';
    expect(await it.answers.lookup('key', DEFAULT)).toEqual({ kind: 'miss' });
    expect(it.events).toEqual(['cache_secret_unavailable']);
  });

  it('that is refused again and again is one alarm a minute', async () => {
    const it = world();
    const garbage = () => it.cache.set(it.nameOf('key'), Buffer.from('nothing that we sealed'), 600);
    for (let lookups = 0; lookups < 5; lookups += 1) {
      await garbage();
      await it.answers.lookup('key', DEFAULT);
    }
    expect(it.events).toEqual(['cache_entry_rejected']);
    it.now += 60_000;
    await garbage();
    for (let lookups = 0; lookups < 5; lookups += 1) await it.answers.lookup('key', DEFAULT);
    expect(it.events).toEqual(['cache_entry_rejected', 'cache_entry_rejected']);
  });

  it('must be a 200', async () => {
    const failed: unknown = { ...answerAt(START), status: 500 };
    await expect(world().answers.store('key', failed as CachedAnswer, DEFAULT)).rejects.toThrow(RangeError);
  });
});

describe('an identical call in flight', () => {
  it('is waited for, and its answer given', async () => {
    const it = world();
    const claim = claimOf(await it.answers.lookup('key', DEFAULT));
    const waiting = it.another().lookup('key', DEFAULT);
    await nextTurn();
    await it.answers.store('key', answerAt(it.now), DEFAULT);
    await it.answers.release(claim);
    expect((await waiting).kind).toBe('hit');
    expect(it.now).toBeLessThan(START + WAIT_MS / 10);
  });

  it('that lets go without an answer lets the others go on at once, one of them with the claim', async () => {
    const it = world();
    const claim = claimOf(await it.answers.lookup('key', DEFAULT));
    const waiting = [1, 2, 3].map(() => it.another().lookup('key', DEFAULT));
    await nextTurn();
    await it.answers.release(claim);
    const found = await Promise.all(waiting);
    expect(found.map(({ kind }) => kind)).toEqual(['miss', 'miss', 'miss']);
    expect(found.filter((lookup) => 'claim' in lookup)).toHaveLength(1);
    expect(it.now).toBeLessThan(START + WAIT_MS / 10);
  });

  it('that never ends is waited for no longer than the bound', async () => {
    const it = world();
    await it.answers.lookup('key', DEFAULT);
    expect((await it.another().lookup('key', DEFAULT)).kind).toBe('miss');
    expect(it.now - START).toBeGreaterThan(WAIT_MS / 2);
    expect(it.now - START).toBeLessThanOrEqual(WAIT_MS);
  });

  it('is not waited for in a cache that invents claims, or keeps them for ever', async () => {
    const invented = world({
      claim: async () => 'taken',
      claimed: async () => Buffer.from('somebody, surely'),
    });
    expect(await invented.answers.lookup('key', DEFAULT)).toEqual({ kind: 'miss' });
    expect(invented.now).toBe(START);

    let kept: Uint8Array | undefined;
    const replaying = world({
      claim: async (_, proof) => {
        kept ??= proof;
        return 'taken';
      },
      claimed: async () => kept,
    });
    replaying.now = START - WAIT_MS - 1;
    await replaying.answers.lookup('key', DEFAULT);
    replaying.now += 2 * WAIT_MS;
    const before = replaying.now;
    expect(await replaying.answers.lookup('key', DEFAULT)).toEqual({ kind: 'miss' });
    expect(replaying.now).toBe(before);
  });

  it('is not waited for when the cache does not say whether there is one', async () => {
    const it = world({ claim: async () => 'unknown' });
    expect(await it.answers.lookup('key', DEFAULT)).toEqual({ kind: 'miss' });
    expect(it.now).toBe(START);
  });

  it('that took over an expired claim keeps it when the first one lets go', async () => {
    const it = world();
    const late = claimOf(await it.answers.lookup('key', DEFAULT));
    it.now += WAIT_MS + 1;
    const next = claimOf(await it.another().lookup('key', DEFAULT));
    await it.answers.release(late);
    expect(await it.cache.claimed(it.nameOf('key'))).toEqual(Uint8Array.from(next.proof));
    await it.answers.release(next);
    expect(await it.cache.claimed(it.nameOf('key'))).toBeUndefined();
  });

  it('that stored between a miss and the claim is not repeated', async () => {
    let seen = 0;
    const it = world();
    const racing = createAnswerCache({
      ...partsOf(it),
      cache: {
        ...it.cache,
        get: async (key) => {
          seen += 1;
          if (seen > 1) return it.cache.get(key);
          await fill(it.answers, 'key', answerAt(it.now));
          return undefined;
        },
      },
    });
    expect((await racing.lookup('key', DEFAULT)).kind).toBe('hit');
    expect(await it.cache.claimed(it.nameOf('key'))).toBeUndefined();
  });
});
