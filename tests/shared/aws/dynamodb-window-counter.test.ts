import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDynamoDbWindowCounter } from '../../../shared/aws/dynamodb-window-counter.ts';
import { TTL_ATTRIBUTE } from '../../../shared/aws/table.ts';
import { windowCounterContract } from '../../contracts/window-counter.ts';
import { startDynalite, type TestTable } from '../../support/dynalite.ts';

let table: TestTable;
beforeAll(async () => {
  table = await startDynalite();
});
afterAll(() => table.close());

windowCounterContract('DynamoDB', async () =>
  createDynamoDbWindowCounter(table.client, await table.anotherTable()),
);

it('leaves nothing behind for ever', async () => {
  const TableName = await table.anotherTable();
  const endsAt = Date.parse('2026-11-21T12:01:00Z');
  await createDynamoDbWindowCounter(table.client, TableName).take('demo', endsAt, 1, 10);
  const { Items = [] } = await table.client.send(new ScanCommand({ TableName }));
  expect(Items.map((item) => item[TTL_ATTRIBUTE]?.N)).toEqual([String(endsAt / 1_000 + 3_600)]);
});
