import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDynamoDbAlertClaims } from '../../../shared/aws/dynamodb-alert-claims.ts';
import { alertClaimsContract } from '../../contracts/alert-claims.ts';
import { startDynalite, type TestTable } from '../../support/dynalite.ts';

let table: TestTable;
beforeAll(async () => {
  table = await startDynalite();
});
afterAll(() => table.close());

alertClaimsContract('DynamoDB', async () =>
  createDynamoDbAlertClaims(table.client, await table.anotherTable(), { retentionDays: 10 }),
);

it('an alert that was published is forgotten after the retention, but never one of a limit without an end', async () => {
  const name = await table.anotherTable();
  const claims = createDynamoDbAlertClaims(table.client, name, { retentionDays: 10 });
  const alert = { scope: {}, amount: 5n, threshold: 50 };
  await claims.publishedAt({ ...alert, period: 'month', periodKey: '2026-11' }, 1_000_000);
  await claims.publishedAt({ ...alert, period: 'total', periodKey: 'total' }, 1_000_000);
  const { Items = [] } = await table.client.send(new ScanCommand({ TableName: name }));
  const ttls = Items.map(({ sk, ttl }) => [sk?.S?.split('#')[0], ttl?.N]);
  expect(Object.fromEntries(ttls)).toEqual({ month: String(1_000 + 10 * 86_400), total: undefined });
});
