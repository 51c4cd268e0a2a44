import { randomBytes } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type Chunk, chunksOf, type Manifest, manifestItem, readItem, wholeItem } from '../core/chunks.ts';
import { CircuitBreaker } from '../core/circuit-breaker.ts';
import type { Clock } from '../ports/clock.ts';
import type { ResponseCache } from '../ports/response-cache.ts';
import { itemOf, numberAttribute, textAttribute } from './attributes.ts';
import { isBusy } from './dynamodb-client.ts';

export interface DynamoDbCacheOptions {
  /** One that tries once, and whose deadline is short: `dynamoDbCacheClient` has what suits. */
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
  /**
   * A larger value is split, in bytes; 390,000 where absent: an item has 400 KB with its key and its names
   * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
   */
  readonly chunkBytes?: number;
  /**
   * A larger value is neither stored nor read, in bytes; 4 MiB where absent: each KB is a write unit, of which a table
   * that was idle takes 4,000 a second.
   */
  readonly maxValueBytes?: number;
  /** Told once when the table is found dead, and not again before it answered. */
  readonly onFault?: () => void;
}

/** What a client of the cache differs in: one attempt, and 100 ms for it. */
export const CACHE_CLIENT = { attempts: 1, deadlineMs: 100 } as const;

/** So many failures in a row, and the table is left alone for a while, in milliseconds, which doubles to the most. */
const BREAKER = { failures: 2, backoffMs: 1_000, maxBackoffMs: 30_000 };

/** Chunks on their way at once: more would wait for each other, and the deadline does not wait for them. */
const WIDTH = 4;

/** The table's attributes: its key, and the one that time to live looks at, in seconds since the epoch. */
const KEY = 'key';
const TTL = 'ttl';
const DATA = 'data';

type Reply<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'failed' };

/**
 * A cache in a DynamoDB table of its own. Every operation on an item ends with the client's deadline, as a miss where
 * DynamoDB does not answer; none throws. After two failures in a row DynamoDB is not asked for a while.
 */
export function createDynamoDbCache(options: DynamoDbCacheOptions): ResponseCache {
  return new TableCache(options);
}

class TableCache implements ResponseCache {
  readonly #options: DynamoDbCacheOptions;
  readonly #chunkBytes: number;
  readonly #maxValueBytes: number;
  readonly #breaker: CircuitBreaker;

  constructor(options: DynamoDbCacheOptions) {
    this.#options = options;
    this.#chunkBytes = options.chunkBytes ?? 390_000;
    this.#maxValueBytes = options.maxValueBytes ?? 4 * 1024 * 1024;
    this.#breaker = new CircuitBreaker({ clock: options.clock, ...BREAKER });
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const item = await this.#getItem(valueKey(key));
    const read = item === undefined ? undefined : readItem(item);
    if (read?.kind === 'whole') return read.value;
    if (read?.kind !== 'split' || !this.#isOurs(read)) return undefined;
    const parts = await this.#forEachChunk(valueKey(key), read, async (chunk) => {
      const part = await this.#getItem(chunk.key);
      return part?.length === chunk.end - chunk.start ? part : undefined;
    });
    return parts && Buffer.concat(parts);
  }

  async set(key: string, value: Uint8Array, ttlSeconds: number): Promise<void> {
    if (value.length > this.#maxValueBytes) return;
    const ttl = this.#expiry(ttlSeconds);
    if (value.length <= this.#chunkBytes) {
      await this.#putItem(valueKey(key), wholeItem(value), ttl);
      return;
    }
    const nonce = randomBytes(16).toString('hex');
    const manifest: Manifest = { nonce, length: value.length, chunkBytes: this.#chunkBytes };
    const stored = await this.#forEachChunk(valueKey(key), manifest, async (chunk) => {
      const part = await this.#putItem(chunk.key, value.subarray(chunk.start, chunk.end), ttl);
      return part || undefined;
    });
    // Last, so that it never names a chunk that is not there yet.
    if (stored !== undefined) await this.#putItem(valueKey(key), manifestItem(manifest), ttl);
  }

  async claim(key: string, proof: Uint8Array, ttlSeconds: number): Promise<'free' | 'taken' | 'unknown'> {
    const reply = await this.#run(async ({ client, table }) => {
      const put = new PutItemCommand({
        TableName: table,
        Item: this.#item(claimKey(key), proof, this.#expiry(ttlSeconds)),
        // Time to live deletes days late: what is over is as good as gone.
        ConditionExpression: 'attribute_not_exists(#key) OR #ttl <= :now',
        ExpressionAttributeNames: { '#key': KEY, '#ttl': TTL },
        ExpressionAttributeValues: { ':now': numberAttribute(this.#seconds()) },
      });
      try {
        await client.send(put);
        return 'free';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'taken';
        throw error;
      }
    });
    return reply.kind === 'ok' ? reply.value : 'unknown';
  }

  claimed(key: string): Promise<Uint8Array | undefined> {
    return this.#getItem(claimKey(key));
  }

  async unclaim(key: string): Promise<void> {
    const Key = itemOf({ [KEY]: textAttribute(claimKey(key)) });
    await this.#run(({ client, table }) => client.send(new DeleteItemCommand({ TableName: table, Key })));
  }

  /** Any other chunk size could promise millions of chunks, and each costs time. */
  #isOurs({ length, chunkBytes }: Manifest): boolean {
    return chunkBytes === this.#chunkBytes && length > chunkBytes && length <= this.#maxValueBytes;
  }

  /** Does something for every chunk, some at a time, in their order; `undefined` as soon as it gives nothing for one. */
  async #forEachChunk<T>(
    key: string,
    manifest: Manifest,
    act: (chunk: Chunk) => Promise<T | undefined>,
  ): Promise<T[] | undefined> {
    const chunks = [...chunksOf(key, manifest)];
    const results: T[] = [];
    for (let start = 0; start < chunks.length; start += WIDTH) {
      for (const result of await Promise.all(chunks.slice(start, start + WIDTH).map(act))) {
        if (result === undefined) return undefined;
        results.push(result);
      }
    }
    return results;
  }

  /** Consistent, or a call could miss the answer that it waited for. */
  async #getItem(name: string): Promise<Buffer | undefined> {
    const Key = itemOf({ [KEY]: textAttribute(name) });
    const reply = await this.#run(({ client, table }) =>
      client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true })),
    );
    if (reply.kind === 'failed' || reply.value.Item === undefined) return undefined;
    const { [TTL]: ttl, [DATA]: data } = reply.value.Item;
    if (data?.B === undefined || !(Number(ttl?.N) > this.#seconds())) return undefined;
    return Buffer.from(data.B);
  }

  async #putItem(name: string, data: Uint8Array, ttl: number): Promise<boolean> {
    const Item = this.#item(name, data, ttl);
    const reply = await this.#run(({ client, table }) =>
      client.send(new PutItemCommand({ TableName: table, Item })),
    );
    return reply.kind === 'ok';
  }

  #item(name: string, data: Uint8Array, ttl: number) {
    return itemOf({ [KEY]: textAttribute(name), [DATA]: { B: data }, [TTL]: numberAttribute(ttl) });
  }

  async #run<T>(operation: (options: DynamoDbCacheOptions) => Promise<T>): Promise<Reply<T>> {
    if (!this.#breaker.enter()) return { kind: 'failed' };
    try {
      const value = await operation(this.#options);
      this.#breaker.succeeded();
      return { kind: 'ok', value };
    } catch (error) {
      // A throttled table answers, and will take the next item: a large value is simply not kept.
      if (isThrottled(error)) this.#breaker.succeeded();
      else if (this.#breaker.failed()) this.#options.onFault?.();
      return { kind: 'failed' };
    }
  }

  #expiry(ttlSeconds: number): number {
    return Math.ceil(this.#options.clock.now() / 1_000) + ttlSeconds;
  }

  #seconds(): number {
    return Math.floor(this.#options.clock.now() / 1_000);
  }
}

function isThrottled(error: unknown): boolean {
  return isBusy(error) || (error instanceof Error && isBusy(error.cause));
}

function valueKey(key: string): string {
  return `value.${key}`;
}

function claimKey(key: string): string {
  return `claim.${key}`;
}
