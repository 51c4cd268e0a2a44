import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Unavailable } from '../ports/ledger-store.ts';
import type { Item } from './attributes.ts';

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

/** The key of an item as one text. */
export function keyText(item: Item): string {
  return `${item['pk']?.S ?? ''} ${item['sk']?.S ?? ''}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}
