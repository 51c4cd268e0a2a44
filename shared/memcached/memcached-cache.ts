import { createHash } from 'node:crypto';
import type { Client } from 'memjs';
import type { Clock } from '../ports/clock.ts';
import type { CacheCapacity, ResponseCache } from '../ports/response-cache.ts';
import type { Address, Reply } from './connection.ts';
import { MemcachedNode, type NodeOptions } from './node.ts';

export interface MemcachedCacheOptions {
  readonly servers: readonly Address[];
  readonly clock: Clock;
  /**
   * How long a server may take for one item, connecting included, in milliseconds; 50 where absent. All items of one
   * answer together may take five times as long.
   */
  readonly operationMs?: number;
  /** So many failures in a row open a server's circuit; 2 where absent. */
  readonly failures?: number;
  /** How long it stays open at first, in milliseconds; 1,000 where absent. Doubles with each failed probe. */
  readonly backoffMs?: number;
  /** The longest it stays open, in milliseconds; 30,000 where absent. */
  readonly maxBackoffMs?: number;
  /** Told once when a server's circuit opens, and not again before it was closed. */
  readonly onFault?: (server: Address) => void;
}

/** The most bytes of an item: Memcached's 1 MiB less its overhead. */
const ITEM_BYTES = 1_000_000;
/** The most bytes of all items of an answer. */
const ANSWER_BYTES = 32 * 1024 * 1024;
const ITEMS_IN_TIME = 5;

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
  return new ClusterCache(options);
}

class ClusterCache implements MemcachedCache {
  readonly capacity: CacheCapacity;
  readonly #nodes: readonly MemcachedNode[];

  constructor(options: MemcachedCacheOptions) {
    const operationMs = options.operationMs ?? 50;
    this.capacity = {
      itemBytes: ITEM_BYTES,
      answerBytes: ANSWER_BYTES,
      // One after the other: a hanging server costs one bound, and a fast one loses nothing on a single connection.
      width: 1,
      answerMs: ITEMS_IN_TIME * operationMs,
    };
    const node: NodeOptions = {
      clock: options.clock,
      operationMs,
      itemBytes: ITEM_BYTES,
      failures: options.failures ?? 2,
      backoffMs: options.backoffMs ?? 1_000,
      maxBackoffMs: options.maxBackoffMs ?? 30_000,
      onFault: options.onFault ?? (() => undefined),
    };
    this.#nodes = options.servers.map((address) => new MemcachedNode(address, node));
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#getItem(valueKey(key));
  }

  async set(key: string, item: Uint8Array, ttlSeconds: number): Promise<boolean> {
    if (item.length > ITEM_BYTES) return false;
    const name = valueKey(key);
    const bytes = Buffer.from(item.buffer, item.byteOffset, item.byteLength);
    const reply = await this.#run(name, (client) => client.set(name, bytes, { expires: expiry(ttlSeconds) }));
    return reply.kind === 'ok' && reply.value;
  }

  /** `memjs` may have mixed up its answers: what else comes on this connection is not to be trusted either. */
  distrust(key: string): void {
    this.#node(valueKey(key)).close();
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

  async #getItem(name: string): Promise<Buffer | undefined> {
    const reply = await this.#run(name, (client) => client.get(name));
    return reply.kind === 'ok' && reply.value.value !== null ? reply.value.value : undefined;
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
