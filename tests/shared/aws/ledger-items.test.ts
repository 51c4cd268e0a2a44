import { GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountKey } from '../../../shared/aws/account-items.ts';
import { callKey } from '../../../shared/aws/call-items.ts';
import { createDynamoDbLedgerStore } from '../../../shared/aws/dynamodb-ledger-store.ts';
import { mergeSorted } from '../../../shared/aws/merge-sorted.ts';
import { LOOKUP_INDEX } from '../../../shared/aws/table.ts';
import { accountsOf, limitAccount } from '../../../shared/core/accounts.ts';
import { callId } from '../../../shared/core/call-id.ts';
import type { CallEntry, Outcome } from '../../../shared/core/ledger.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import { startDynalite, type TestTable } from '../../support/dynalite.ts';

const NOON = Date.parse('2026-11-21T12:00:00.000Z');
const ALICE = { user: 'user/alice', project: 'demo', model: 'gpt-4o' };
const OUTCOME: Outcome = { state: 'settled', cost: 1n, saved: 0n, tally: {}, flags: [], decidedAt: NOON };

let table: TestTable;
beforeAll(async () => {
  table = await startDynalite();
});
afterAll(() => table.close());

function entry(random: string): CallEntry {
  const id = callId(NOON, random);
  return {
    id,
    ...ALICE,
    endpoint: 'POST /embeddings',
    requestedModel: 'gpt-4o',
    stream: false,
    held: 3n,
    accounts: accountsOf(id, ALICE, []),
    expiresAt: NOON + 1,
    state: 'open',
  };
}

async function ttlOf(call: CallEntry): Promise<number | undefined> {
  const { Item } = await table.client.send(
    new GetItemCommand({ TableName: table.tableName, Key: callKey(call), ConsistentRead: true }),
  );
  return Item?.['ttl']?.N === undefined ? undefined : Number(Item['ttl'].N);
}

describe('the items of the ledger', () => {
  it('are kept while a call is open, and from its outcome on for their retention', async () => {
    const store = createDynamoDbLedgerStore(table.client, table.tableName, { retentionDays: 30 });
    const [settled, voided, born] = ['0', '1', '2'].map((n) => entry(n.repeat(16))) as [
      CallEntry,
      CallEntry,
      CallEntry,
    ];
    for (const call of [settled, voided]) {
      await store.putCall(call);
      expect(await ttlOf(call)).toBeUndefined();
    }
    await store.decideCall(settled, OUTCOME);
    await store.decideCall(voided, { ...OUTCOME, state: 'void' });
    await store.putCall({ ...born, state: 'decided', outcome: { ...OUTCOME, state: 'void' } });
    expect(await ttlOf(settled)).toBe(NOON / 1000 + 30 * 86_400);
    expect(await ttlOf(voided)).toBe(NOON / 1000 + 86_400);
    expect(await ttlOf(born)).toBe(NOON / 1000 + 86_400);
  });

  it('leave the index when their call is closed', async () => {
    const tableName = await table.anotherTable();
    const store = createDynamoDbLedgerStore(table.client, tableName);
    const listed = async () => {
      const lists = Array.from({ length: 8 }, (_, shard) =>
        table.client.send(
          new QueryCommand({
            TableName: tableName,
            IndexName: LOOKUP_INDEX,
            KeyConditionExpression: 'lookupPk = :list',
            ExpressionAttributeValues: { ':list': { S: `open#${shard}` } },
          }),
        ),
      );
      return (await Promise.all(lists)).reduce((count, { Items }) => count + (Items?.length ?? 0), 0);
    };
    const call = entry('a'.repeat(16));
    await store.putCall(call);
    await store.decideCall(call, OUTCOME);
    expect(await listed()).toBe(1);
    await store.closeCall(call);
    expect(await listed()).toBe(0);
  });

  it('that are full answer Unavailable: there is room again when calls end', async () => {
    const store = createDynamoDbLedgerStore(table.client, table.tableName);
    const id = limitAccount({}, 'day', NOON);
    await store.openAccount({ id, limit: { amount: 100n, version: 1 }, carried: 0n });
    const { Item } = await table.client.send(
      new GetItemCommand({ TableName: table.tableName, Key: accountKey(id) }),
    );
    const padded = { ...Item, padding: { S: 'x'.repeat(400 * 1024 - 300) } };
    await table.client.send(new PutItemCommand({ TableName: table.tableName, Item: padded }));
    const hold = { amount: 1n, at: NOON, project: 'demo' };
    const reserve = async () => {
      for (let n = 0; n < 10; n += 1) await store.reserve(id, callId(NOON, `${n}`.repeat(16)), hold);
    };
    await expect(reserve()).rejects.toBeInstanceOf(Unavailable);
  });

  it('that are not ours are a fault, not a guess', async () => {
    const store = createDynamoDbLedgerStore(table.client, table.tableName);
    const call = entry('f'.repeat(16));
    await table.client.send(new PutItemCommand({ TableName: table.tableName, Item: callKey(call) }));
    await expect(store.getCall(call)).rejects.toThrow(/has no valid/);
  });
});

describe('sorted lists', () => {
  async function* list(...values: number[]) {
    yield* values;
  }

  it('merge into one', async () => {
    const merged: number[] = [];
    for await (const value of mergeSorted([list(1, 4, 9), list(), list(2, 3, 10), list(4)], (a, b) => a - b))
      merged.push(value);
    expect(merged).toEqual([1, 2, 3, 4, 4, 9, 10]);
  });
});
