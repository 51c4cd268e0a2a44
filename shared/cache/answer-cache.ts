import type { CacheControl } from '../core/cache-control.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { ResponseCache } from '../ports/response-cache.ts';
import type { Secrets } from '../ports/secrets.ts';
import { type CachedAnswer, decodeAnswer, encodeAnswer } from './answer.ts';
import { boundedAlarm } from './bounded-alarm.ts';
import { type Claim, isGenuine, makeClaim } from './claim.ts';
import { pack, unpack } from './packing.ts';
import { createSeal, type Seal } from './seal.ts';
import { readItems, writeItems } from './sealed-items.ts';

export type Lookup =
  | { readonly kind: 'hit'; readonly answer: CachedAnswer; readonly ageSeconds: number }
  /** With a claim: identical calls wait for this one, so it must be released however the call ends. */
  | { readonly kind: 'miss'; readonly claim?: Claim };

/** The answers of one stage. No method throws for anything that a cache, a secret store or a stranger does. */
export interface AnswerCache {
  /**
   * Looks for an answer that the caller accepts. Where an identical call is computing it, waits for that call, up to
   * the configured bound.
   *
   * @param key from `cacheKey`
   */
  lookup(key: string, control: CacheControl): Promise<Lookup>;
  /**
   * Keeps a complete answer, if the caller allows it and it is not too large. Await it before releasing the claim, so
   * that those who wait find the answer.
   *
   * @throws RangeError when the answer is no 200: a bug of the caller
   */
  store(key: string, answer: CachedAnswer, control: CacheControl): Promise<void>;
  /** Lets go of a claim, whether or not an answer was stored: who waits goes on at once. */
  release(claim: Claim): Promise<void>;
}

export interface AnswerCacheOptions {
  readonly cache: ResponseCache;
  readonly secrets: Pick<Secrets, 'read'>;
  readonly stage: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** How long an answer is kept and given, where its project does not say. */
  readonly ttlSeconds: number;
  /** How long a call waits for an identical one, in milliseconds. */
  readonly waitMs: number;
  /** A larger answer, head and body before compression, is not stored. */
  readonly maxAnswerBytes: number;
}

/** Waiting starts with short pauses, as most answers that are waited for are half way done, and then backs off. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;
const PAUSE_GROWTH = 1.5;

export function createAnswerCache(options: AnswerCacheOptions): AnswerCache {
  return new SealedAnswerCache(options);
}

class SealedAnswerCache implements AnswerCache {
  readonly #options: AnswerCacheOptions;
  readonly #alarm: ReturnType<typeof boundedAlarm>;
  /** A claim outlives nobody who waits for it: later calls do not wait for a holder that the first ones gave up. */
  readonly #claimSeconds: number;
  #derived: { readonly secret: string; readonly seal: Seal } | undefined;

  constructor(options: AnswerCacheOptions) {
    this.#options = options;
    this.#alarm = boundedAlarm(options.log, options.clock);
    this.#claimSeconds = Math.max(1, Math.ceil(options.waitMs / 1_000));
  }

  async lookup(key: string, control: CacheControl): Promise<Lookup> {
    if (!control.read) return { kind: 'miss' };
    const seal = await this.#seal();
    if (seal === undefined) return { kind: 'miss' };
    const name = seal.name(key);
    return (await this.#read(seal, name, control)) ?? this.#claimOrWait(seal, name, control);
  }

  async store(key: string, answer: CachedAnswer, control: CacheControl): Promise<void> {
    const encoded = encodeAnswer(answer);
    if (!control.store || encoded.length > this.#options.maxAnswerBytes) return;
    const seal = await this.#seal();
    if (seal === undefined) return;
    const { cache, clock } = this.#options;
    const ttlSeconds = this.#lifetime(control);
    await writeItems(seal.name(key), await pack(encoded), ttlSeconds, { cache, seal, clock });
  }

  async release({ name, proof }: Claim): Promise<void> {
    const { cache } = this.#options;
    const holder = await cache.claimed(name);
    if (sameBytes(holder, proof)) await cache.unclaim(name);
  }

  async #claimOrWait(seal: Seal, name: string, control: CacheControl): Promise<Lookup> {
    if (!control.store) return { kind: 'miss' };
    const first = await this.#claim(seal, name, control);
    if (first !== 'taken') return first;
    const found = await this.#awaitHolder(seal, name, control);
    if (found !== undefined) return found;
    const second = await this.#claim(seal, name, control);
    return second === 'taken' ? { kind: 'miss' } : second;
  }

  async #claim(seal: Seal, name: string, control: CacheControl): Promise<Lookup | 'taken'> {
    const claim = makeClaim(seal, name, this.#options.clock.now());
    const outcome = await this.#options.cache.claim(name, claim.proof, this.#claimSeconds);
    if (outcome === 'taken') return 'taken';
    if (outcome === 'unknown') return { kind: 'miss' };
    // The last holder may have stored and let go between the miss that led here and this claim.
    const found = await this.#read(seal, name, control);
    if (found === undefined) return { kind: 'miss', claim };
    await this.release(claim);
    return found;
  }

  /**
   * Waits until the answer is there, its holder is gone, or the bound is reached. It waits for the first holder alone:
   * where that one fails, the others go on together instead of waiting for each other in turn.
   */
  async #awaitHolder(seal: Seal, name: string, control: CacheControl): Promise<Lookup | undefined> {
    const { cache, clock, sleep, waitMs } = this.#options;
    const deadline = clock.now() + waitMs;
    const awaited = await cache.claimed(name);
    let proof = awaited;
    let slept = 0;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * PAUSE_GROWTH, LONGEST_PAUSE_MS)) {
      // Read after asking for the claim: a holder stores, then lets go, so one who is gone has stored by now.
      const found = await this.#read(seal, name, control);
      if (found !== undefined || !sameBytes(proof, awaited)) return found;
      if (!isGenuine(seal, name, proof, clock.now(), this.#claimSeconds)) return undefined;
      const left = Math.min(deadline - clock.now(), waitMs - slept);
      if (left <= 0) return undefined;
      const nap = Math.min(left, pause * (0.5 + Math.random()));
      await sleep(nap);
      slept += nap;
      proof = await cache.claimed(name);
    }
  }

  async #read(seal: Seal, name: string, control: CacheControl): Promise<Lookup | undefined> {
    const { cache, clock, maxAnswerBytes } = this.#options;
    const read = await readItems(name, { cache, seal, clock });
    if (read.kind === 'absent') return undefined;
    const content = read.kind === 'found' ? await unpack(read.content, maxAnswerBytes) : undefined;
    const answer = content === undefined ? undefined : decodeAnswer(content);
    if (answer === undefined) {
      this.#alarm('cache_entry_rejected', {
        bytes: read.kind === 'found' ? read.content.length : read.bytes,
      });
      return undefined;
    }
    const ageSeconds = Math.max(0, Math.floor((clock.now() - answer.storedAt) / 1_000));
    const accepted = Math.min(this.#lifetime(control), control.maxAgeSeconds ?? Number.POSITIVE_INFINITY);
    return ageSeconds <= accepted ? { kind: 'hit', answer, ageSeconds } : undefined;
  }

  #lifetime({ lifetimeSeconds }: CacheControl): number {
    return lifetimeSeconds ?? this.#options.ttlSeconds;
  }

  /** The seal of the present secret; `undefined`, and the cache is passed by, where there is none. */
  async #seal(): Promise<Seal | undefined> {
    try {
      const { cacheSecret: secret } = await this.#options.secrets.read();
      if (this.#derived?.secret !== secret) {
        this.#derived = { secret, seal: createSeal({ secret, stage: this.#options.stage }) };
      }
      return this.#derived.seal;
    } catch {
      this.#alarm('cache_secret_unavailable');
      return undefined;
    }
  }
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && Buffer.compare(one, other) === 0;
}
