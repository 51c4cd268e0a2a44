import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { type Item, textAttribute } from './attributes.ts';
import { readItems } from './batch-read.ts';
import { sentOnce } from './dynamodb-client.ts';
import { LOOKUP_INDEX } from './table.ts';

/** Items may be large (an account with thousands of holds): few of them at a time. */
const READ_TOGETHER = 25;

export type Change = Omit<UpdateItemCommandInput, 'TableName' | 'Key'>;

/** A change of one item that was made, with what DynamoDB returned, or was not, with the item if it was returned. */
export type Changed =
  | { readonly kind: 'made'; readonly attributes: Item }
  | { readonly kind: 'not_made'; readonly old: Item | undefined };

/** One stage's table, an item at a time. All but `getRecent` reads consistently. Throws `Unavailable` as the client does. */
export interface ItemAccess {
  get(key: Item): Promise<Item | undefined>;
  /** The item as it was a moment ago, at half the price. */
  getRecent(key: Item): Promise<Item | undefined>;
  /** Reads items in one round trip, those that exist; at most 100, no two alike. */
  getAll(keys: readonly Item[]): Promise<Item[]>;
  /** Writes an item unless there is one with its key. */
  create(item: Item): Promise<'created' | 'exists'>;
  /** Changes an item if its condition holds. */
  change(key: Item, change: Change): Promise<Changed>;
  /**
   * The same, but sent once: for a change whose late copy would be made again after it was undone.
   *
   * @param signal once it is aborted, nothing is sent any more
   */
  changeOnce(key: Item, change: Change, signal?: AbortSignal): Promise<Changed>;
  /** Removes an item, if it is there. */
  remove(key: Item): Promise<void>;
  query(query: Query): AsyncIterable<Item>;
  /** Reads a part of a partition in one round trip, up to 1 MB of it. */
  queryPart(query: PartQuery): Promise<QueryPart>;
  /** Reads what the index lists, page by page, in its order. */
  listed(listing: string, before?: string): AsyncIterable<Item>;
}

interface Query {
  readonly pk: string;
  readonly newestFirst?: boolean;
}

export interface PartQuery extends Query {
  /** The sort key that it begins after, and the one that it ends before, in the order of the query. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  /** Only items whose set `name` has all of these, or that have no such set. */
  readonly having?: { readonly name: string; readonly values: readonly string[] };
  /** Items that are read, whether they are found or not. */
  readonly most?: number;
}

export interface QueryPart {
  readonly items: readonly Item[];
  /** The sort key after which it goes on; absent: that was all. */
  readonly next?: string;
}

/** Reaches the items of one table. */
export function createItemAccess(client: DynamoDBClient, table: string): ItemAccess {
  async function* pages(query: Omit<QueryCommandInput, 'TableName'>): AsyncIterable<Item[]> {
    let start: Item | undefined;
    do {
      const page = await client.send(
        new QueryCommand({ TableName: table, ...query, ExclusiveStartKey: start }),
      );
      yield page.Items ?? [];
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  async function get(key: Item, isConsistent: boolean): Promise<Item | undefined> {
    const reply = await client.send(
      new GetItemCommand({ TableName: table, Key: key, ConsistentRead: isConsistent }),
    );
    return reply.Item;
  }

  async function update(command: UpdateItemCommand, signal?: AbortSignal): Promise<Changed> {
    try {
      const reply = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
      return { kind: 'made', attributes: reply.Attributes ?? {} };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { kind: 'not_made', old: error.Item };
    }
  }

  return {
    get: (key) => get(key, true),
    getRecent: (key) => get(key, false),

    getAll: (keys) => readItems(client, table, keys),

    async create(item) {
      const condition = { ConditionExpression: 'attribute_not_exists(pk)' };
      try {
        await client.send(new PutItemCommand({ TableName: table, Item: item, ...condition }));
        return 'created';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'exists';
        throw error;
      }
    },

    change: (key, change) => update(new UpdateItemCommand({ TableName: table, Key: key, ...change })),
    changeOnce: (key, change, signal) =>
      update(sentOnce(new UpdateItemCommand({ TableName: table, Key: key, ...change })), signal),

    async remove(key) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: key }));
    },

    async *query({ pk, newestFirst = false }) {
      const found = pages({
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: pk } },
        ConsistentRead: true,
        ScanIndexForward: !newestFirst,
      });
      for await (const page of found) yield* page;
    },

    async queryPart(part) {
      const reply = await client.send(new QueryCommand({ TableName: table, ...partOf(part) }));
      const next = reply.LastEvaluatedKey?.['sk']?.S;
      return { items: reply.Items ?? [], ...(next === undefined ? {} : { next }) };
    },

    async *listed(listing, before) {
      const range = before === undefined ? '' : ' AND lookupSk < :before';
      const found = pages({
        IndexName: LOOKUP_INDEX,
        KeyConditionExpression: `lookupPk = :listing${range}`,
        ExpressionAttributeValues: {
          ':listing': { S: listing },
          ...(before !== undefined && { ':before': { S: before } }),
        },
        Limit: READ_TOGETHER,
      });
      for await (const page of found) {
        const keys = page.map(({ pk, sk }): Item => ({ ...(pk && { pk }), ...(sk && { sk }) }));
        yield* await readItems(client, table, keys);
      }
    },
  };
}

function partOf({ pk, newestFirst = false, after, before, having, most }: PartQuery) {
  const end = before === undefined ? '' : ` AND sk ${newestFirst ? '>' : '<'} :before`;
  const values = (having?.values ?? []).map((value, index) => [`:v${index}`, textAttribute(value)] as const);
  return {
    KeyConditionExpression: `pk = :pk${end}`,
    ...(values.length > 0 && {
      FilterExpression: `attribute_not_exists(#having) OR (${values.map(([name]) => `contains(#having, ${name})`).join(' AND ')})`,
      ExpressionAttributeNames: { '#having': having?.name ?? '' },
    }),
    ExpressionAttributeValues: {
      ':pk': textAttribute(pk),
      ...(before !== undefined && { ':before': textAttribute(before) }),
      ...Object.fromEntries(values),
    },
    ...(after !== undefined && { ExclusiveStartKey: { pk: textAttribute(pk), sk: textAttribute(after) } }),
    ...(most !== undefined && { Limit: most }),
    ConsistentRead: true,
    ScanIndexForward: !newestFirst,
  };
}
