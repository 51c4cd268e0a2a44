import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDynamoDbObjects } from '../../../shared/aws/dynamodb-objects.ts';
import { TTL_ATTRIBUTE } from '../../../shared/aws/table.ts';
import { containersContract } from '../../contracts/containers.ts';
import { objectListsContract, objectsContract } from '../../contracts/objects.ts';
import { startDynalite, type TestTable } from '../../support/dynalite.ts';

const clock = { now: () => Date.parse('2026-11-21T12:00:00Z') };

let table: TestTable;
beforeAll(async () => {
  table = await startDynalite();
});
afterAll(() => table.close());

const create = async () =>
  createDynamoDbObjects(table.client, await table.anotherTable(), { clock, retentionDays: 400 });
objectsContract('DynamoDB', create);
objectListsContract('DynamoDB', create);
containersContract('DynamoDB', create);

it('forgets whose a response was after the retention, and never whose a file is', async () => {
  const tableName = await table.anotherTable();
  const objects = createDynamoDbObjects(table.client, tableName, { clock, retentionDays: 2 });
  const mine = { project: 'demo', user: 'user/alice', call: 'call-1' };
  await objects.own([
    { ...mine, id: 'resp_1', kind: 'response' },
    { ...mine, id: 'file-1', kind: 'file' },
    { ...mine, id: 'msg_1', kind: 'sent_item' },
  ]);
  const ttlOf = async (id: string) => {
    const Key = { pk: { S: `object#${id}` }, sk: { S: 'owner' } };
    const { Item } = await table.client.send(new GetItemCommand({ TableName: tableName, Key }));
    return Item?.[TTL_ATTRIBUTE]?.N;
  };
  expect(await ttlOf('resp_1')).toBe(String(Date.parse('2026-11-23T12:00:00Z') / 1_000));
  expect(await ttlOf('file-1')).toBeUndefined();
  // What OpenAI keeps of it may be shown for ever.
  expect(await ttlOf('msg_1')).toBeUndefined();
});
