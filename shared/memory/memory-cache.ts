import type { Clock } from '../ports/clock.ts';
import type { CacheCapacity, ResponseCache } from '../ports/response-cache.ts';

export interface MemoryCacheOptions {
  readonly clock: Clock;
  /** Keys and values together take no more than this; what was used longest ago goes first. 64 MiB where absent. */
  readonly maxBytes?: number;
}

interface Entry {
  readonly value: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What one entry is reckoned to cost beside its key and value. */
const ENTRY_OVERHEAD_BYTES = 100;
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

/** A cache inside this process, for where there is no Memcached: other processes do not see it. */
export function createMemoryCache({
  clock,
  maxBytes = DEFAULT_MAX_BYTES,
}: MemoryCacheOptions): ResponseCache {
  return new MemoryCache(clock, maxBytes);
}

class MemoryCache implements ResponseCache {
  readonly capacity: CacheCapacity;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(clock: Clock, maxBytes: number) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.capacity = { itemBytes: maxBytes, answerBytes: maxBytes, width: 1, answerMs: 1_000 };
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#read(`answer.${key}`);
  }

  async set(key: string, item: Uint8Array, ttlSeconds: number): Promise<boolean> {
    return this.#write(`answer.${key}`, item, ttlSeconds);
  }

  distrust(key: string): void {
    this.#remove(`answer.${key}`);
  }

  async claim(key: string, proof: Uint8Array, ttlSeconds: number): Promise<'free' | 'taken'> {
    const name = `claim.${key}`;
    if (this.#read(name) !== undefined) return 'taken';
    this.#write(name, proof, ttlSeconds);
    return 'free';
  }

  async claimed(key: string): Promise<Uint8Array | undefined> {
    return this.#read(`claim.${key}`);
  }

  async unclaim(key: string): Promise<void> {
    this.#remove(`claim.${key}`);
  }

  /** Copies, here as on writing: what callers do to their bytes is theirs alone, as with a cache elsewhere. */
  #read(name: string): Uint8Array | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    if (entry.expiresAt <= this.#clock.now()) {
      this.#remove(name);
      return undefined;
    }
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return Uint8Array.from(entry.value);
  }

  #write(name: string, value: Uint8Array, ttlSeconds: number): boolean {
    this.#remove(name);
    const size = sizeOf(name, value);
    if (size > this.#maxBytes) return false;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes + size <= this.#maxBytes) break;
      this.#remove(oldest);
    }
    const expiresAt = this.#clock.now() + ttlSeconds * 1_000;
    this.#entries.set(name, { value: Uint8Array.from(value), expiresAt });
    this.#bytes += size;
    return true;
  }

  #remove(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#bytes -= sizeOf(name, entry.value);
  }
}

function sizeOf(name: string, value: Uint8Array): number {
  return name.length + value.length + ENTRY_OVERHEAD_BYTES;
}
