import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  QueryCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { Unavailable } from '../ports/ledger-store.ts';
import { type Item, keyItem, keyText, type TableKey } from './directory-items.ts';
import { LOOKUP_INDEX } from './table.ts';

/** As many as one BatchGetItem may ask for. */
const BATCH_SIZE = 100;
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 10;

/**
 * Reads items by their keys, consistently, in one round trip (more only where DynamoDB leaves some for later).
 *
 * @param keys at most 100, no two alike
 * @returns the items that exist, in the order of their keys; throws `Unavailable` when some stay unread
 */
export async function readItems(
  client: DynamoDBClient,
  table: string,
  keys: readonly Item[],
): Promise<Item[]> {
  const found = new Map<string, Item>();
  let unread: readonly Item[] = keys;
  for (let attempt = 0; unread.length > 0; attempt += 1) {
    if (attempt === ATTEMPTS) throw new Unavailable(`DynamoDB left ${unread.length} items unread`);
    if (attempt > 0) await pause(FIRST_PAUSE_MS * 2 ** attempt * (1 + Math.random()));
    const request = { [table]: { Keys: [...unread], ConsistentRead: true } };
    const reply = await client.send(new BatchGetItemCommand({ RequestItems: request }));
    for (const item of reply.Responses?.[table] ?? []) found.set(keyText(item), item);
    unread = reply.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return keys.map((key) => found.get(keyText(key))).filter((item) => item !== undefined);
}

/**
 * Reads the items that the index lists under a name, in its order, page by page. The index may lag behind by a
 * moment; the items themselves are read consistently.
 */
export async function* readListed(
  client: DynamoDBClient,
  table: string,
  listed: string,
): AsyncIterable<Item> {
  let start: Item | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: LOOKUP_INDEX,
        KeyConditionExpression: 'lookupPk = :listed',
        ExpressionAttributeValues: { ':listed': { S: listed } },
        Limit: BATCH_SIZE,
        ExclusiveStartKey: start,
      }),
    );
    const keys = (page.Items ?? []).map(({ pk, sk }): Item => ({ ...(pk && { pk }), ...(sk && { sk }) }));
    yield* await readItems(client, table, keys);
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}

/**
 * Changes one item, as a whole or not at all.
 *
 * @returns the item after the change (or before it, if `ReturnValues` says so); `undefined` when the condition did
 *   not hold
 */
export async function updateItem(
  client: DynamoDBClient,
  table: string,
  at: TableKey,
  change: Partial<UpdateItemCommandInput>,
): Promise<Item | undefined> {
  const target = { TableName: table, Key: keyItem(at) };
  try {
    const reply = await client.send(new UpdateItemCommand({ ReturnValues: 'ALL_NEW', ...change, ...target }));
    return reply.Attributes ?? {};
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

/** The `SET` clause for these attributes, with its names and values. */
export function assignments(attributes: Record<string, AttributeValue>) {
  const entries = Object.entries(attributes);
  return {
    UpdateExpression: `SET ${entries.map((_, index) => `#f${index} = :f${index}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(entries.map(([name], index) => [`#f${index}`, name])),
    ExpressionAttributeValues: Object.fromEntries(entries.map(([, value], index) => [`:f${index}`, value])),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}
