import { createHash, randomBytes } from 'node:crypto';
import type { Client } from 'memjs';
import { chunksOf, type Manifest, manifestItem, readItem, wholeItem } from '../core/chunks.ts';
import type { Clock } from '../ports/clock.ts';
import type { ResponseCache } from '../ports/response-cache.ts';
import type { Address, Reply } from './connection.ts';
import { MemcachedNode, type NodeOptions } from './node.ts';

export interface MemcachedCacheOptions {
  readonly servers: readonly Address[];
  readonly clock: Clock;
  /**
   * How long a server may take for one item, connecting included, in milliseconds; 50 where absent. A value of n chunks
   * is n + 1 items.
   */
  readonly operationMs?: number;
  /** A larger value is split, in bytes; 1,000,000 where absent: Memcached's 1 MiB less its overhead. */
  readonly chunkBytes?: number;
  /** A larger value is neither stored nor read, in bytes; 32 MiB where absent. */
  readonly maxValueBytes?: number;
  /** So many failures in a row open a server's circuit; 2 where absent. */
  readonly failures?: number;
  /** How long it stays open at first, in milliseconds; 1,000 where absent. Doubles with each failed probe. */
  readonly backoffMs?: number;
  /** The longest it stays open, in milliseconds; 30,000 where absent. */
  readonly maxBackoffMs?: number;
  /** Told once when a server's circuit opens, and not again before it was closed. */
  readonly onFault?: (server: Address) => void;
}

/** From there on Memcached reads an expiry as a date, in seconds since 1970 (its protocol.txt, "Expiration times"). */
const MAX_TTL_SECONDS = 30 * 24 * 60 * 60;

export interface MemcachedCache extends ResponseCache {
  /** Closes all connections. A later operation opens new ones. */
  close(): void;
}

/**
 * A cache on one or more Memcached servers, shared by all functions of all stages. Every operation ends within its
 * bound, as a miss where the server is dead, slow or talks nonsense; none throws.
 */
export function createMemcachedCache(options: MemcachedCacheOptions): MemcachedCache {
  if (options.servers.length === 0) throw new RangeError('a Memcached cache needs at least one server');
  return new ChunkedCache(options);
}

class ChunkedCache implements MemcachedCache {
  readonly #nodes: readonly MemcachedNode[];
  readonly #chunkBytes: number;
  readonly #maxValueBytes: number;

  constructor(options: MemcachedCacheOptions) {
    this.#chunkBytes = options.chunkBytes ?? 1_000_000;
    this.#maxValueBytes = options.maxValueBytes ?? 32 * 1024 * 1024;
    const node: NodeOptions = {
      clock: options.clock,
      operationMs: options.operationMs ?? 50,
      failures: options.failures ?? 2,
      backoffMs: options.backoffMs ?? 1_000,
      maxBackoffMs: options.maxBackoffMs ?? 30_000,
      onFault: options.onFault ?? (() => undefined),
    };
    this.#nodes = options.servers.map((address) => new MemcachedNode(address, node));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const item = await this.#getItem(valueKey(key));
    if (item === undefined) return undefined;
    const read = readItem(item);
    if (read?.kind === 'whole') return read.value;
    if (read?.kind === 'split' && this.#isOurs(read)) return this.#getChunks(key, read);
    // Nothing that this cache writes: what else comes on this connection is not to be trusted either.
    this.#node(valueKey(key)).close();
    return undefined;
  }

  async set(key: string, value: Uint8Array, ttlSeconds: number): Promise<void> {
    if (value.length > this.#maxValueBytes) return;
    if (value.length <= this.#chunkBytes) {
      await this.#setItem(valueKey(key), wholeItem(value), ttlSeconds);
      return;
    }
    const manifest: Manifest = {
      nonce: randomBytes(16).toString('hex'),
      length: value.length,
      chunkBytes: this.#chunkBytes,
    };
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    for (const chunk of chunksOf(valueKey(key), manifest)) {
      const stored = await this.#setItem(chunk.key, bytes.subarray(chunk.start, chunk.end), ttlSeconds);
      if (!stored) return;
    }
    // Last, so that it never names a chunk that is not there yet.
    await this.#setItem(valueKey(key), manifestItem(manifest), ttlSeconds);
  }

  async claim(key: string, proof: Uint8Array, ttlSeconds: number): Promise<'free' | 'taken' | 'unknown'> {
    const name = claimKey(key);
    const value = Buffer.from(proof);
    const reply = await this.#run(name, (client) => client.add(name, value, { expires: expiry(ttlSeconds) }));
    if (reply.kind !== 'ok') return 'unknown';
    return reply.value ? 'free' : 'taken';
  }

  async claimed(key: string): Promise<Uint8Array | undefined> {
    return this.#getItem(claimKey(key));
  }

  async unclaim(key: string): Promise<void> {
    const name = claimKey(key);
    await this.#run(name, (client) => client.delete(name));
  }

  close(): void {
    for (const node of this.#nodes) node.close();
  }

  /** Any other chunk size could promise millions of chunks, and each costs time. */
  #isOurs({ length, chunkBytes }: Manifest): boolean {
    return chunkBytes === this.#chunkBytes && length > chunkBytes && length <= this.#maxValueBytes;
  }

  async #getChunks(key: string, manifest: Manifest): Promise<Uint8Array | undefined> {
    const parts: Buffer[] = [];
    // One after the other: a hanging server costs one bound, and a fast one loses nothing on a single connection.
    for (const chunk of chunksOf(valueKey(key), manifest)) {
      const part = await this.#getItem(chunk.key);
      if (part?.length !== chunk.end - chunk.start) return undefined;
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  async #getItem(name: string): Promise<Buffer | undefined> {
    const reply = await this.#run(name, (client) => client.get(name));
    return reply.kind === 'ok' && reply.value.value !== null ? reply.value.value : undefined;
  }

  async #setItem(name: string, item: Buffer, ttlSeconds: number): Promise<boolean> {
    const options = { expires: expiry(ttlSeconds) };
    const reply = await this.#run(name, (client) => client.set(name, item, options));
    return reply.kind === 'ok' && reply.value;
  }

  #run<T>(name: string, operation: (client: Client) => Promise<T>): Promise<Reply<T>> {
    return this.#node(name).run(operation);
  }

  /** Spreads keys over the servers; the same in every process that lists them in the same order. */
  #node(name: string): MemcachedNode {
    const hash = createHash('sha256').update(name).digest().readUInt32BE(0);
    const node = this.#nodes[hash % this.#nodes.length];
    if (node === undefined) throw new RangeError('no Memcached server');
    return node;
  }
}

function valueKey(key: string): string {
  return `answer.${key}`;
}

function claimKey(key: string): string {
  return `claim.${key}`;
}

/** Zero would mean for ever. */
function expiry(ttlSeconds: number): number {
  return Math.min(Math.max(Math.floor(ttlSeconds), 1), MAX_TTL_SECONDS);
}
