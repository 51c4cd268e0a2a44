import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { CircuitBreaker } from '../core/circuit-breaker.ts';
import type { Clock } from '../ports/clock.ts';
import type { CacheCapacity, ResponseCache } from '../ports/response-cache.ts';
import { itemOf, numberAttribute, textAttribute } from './attributes.ts';
import { isBusy } from './dynamodb-client.ts';

export interface DynamoDbCacheOptions {
  /** One that tries once, and whose deadline is short: `CACHE_CLIENT` has what suits. */
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
  /**
   * The client's deadline, in milliseconds; 100 where absent. All items of one answer together may take five times as
   * long.
   */
  readonly operationMs?: number;
  /** Told once when the table is found dead, and not again before it answered. */
  readonly onFault?: () => void;
}

/** What a client of the cache differs in: one attempt, and 100 ms for it. */
export const CACHE_CLIENT = { attempts: 1, deadlineMs: 100 } as const;

/** So many failures in a row, and the table is left alone for a while, in milliseconds, which doubles to the most. */
const BREAKER = { failures: 2, backoffMs: 1_000, maxBackoffMs: 30_000 };

const CAPACITY = {
  // An item has 400 KB with its key and its names
  // (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
  itemBytes: 390_000,
  // Each KB is a write unit, of which a table that was idle takes 4,000 a second.
  answerBytes: 4 * 1024 * 1024,
  // More would wait for each other, and the deadline does not wait for them.
  width: 4,
};
const ITEMS_IN_TIME = 5;

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
  readonly capacity: CacheCapacity;
  readonly #options: DynamoDbCacheOptions;
  readonly #breaker: CircuitBreaker;

  constructor(options: DynamoDbCacheOptions) {
    this.#options = options;
    const answerMs = ITEMS_IN_TIME * (options.operationMs ?? CACHE_CLIENT.deadlineMs);
    this.capacity = { ...CAPACITY, answerMs };
    this.#breaker = new CircuitBreaker({ clock: options.clock, ...BREAKER });
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#getItem(valueKey(key));
  }

  async set(key: string, item: Uint8Array, ttlSeconds: number): Promise<boolean> {
    if (item.length > CAPACITY.itemBytes) return false;
    const Item = this.#item(valueKey(key), item, this.#expiry(ttlSeconds));
    const reply = await this.#run(({ client, table }) =>
      client.send(new PutItemCommand({ TableName: table, Item })),
    );
    return reply.kind === 'ok';
  }

  /** DynamoDB does not mix up its answers. */
  distrust(): void {}

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
