import { afterAll, beforeAll } from 'vitest';
import { createDynamoDbStagePrices } from '../../../shared/aws/dynamodb-stage-prices.ts';
import { createDynamoDbTrail } from '../../../shared/aws/dynamodb-trail.ts';
import { createDynamoDbUnpricedCalls } from '../../../shared/aws/dynamodb-unpriced-calls.ts';
import { stagePricesContract } from '../../contracts/stage-prices.ts';
import { trailContract } from '../../contracts/trail.ts';
import { unpricedCallsContract } from '../../contracts/unpriced-calls.ts';
import { startDynalite, type TestTable } from '../../support/dynalite.ts';

let table: TestTable;
beforeAll(async () => {
  table = await startDynalite();
});
afterAll(() => table.close());

stagePricesContract('DynamoDB', async () =>
  createDynamoDbStagePrices(table.client, await table.anotherTable()),
);
unpricedCallsContract('DynamoDB', async () =>
  createDynamoDbUnpricedCalls(table.client, await table.anotherTable()),
);
trailContract('DynamoDB', async () => createDynamoDbTrail(table.client, await table.anotherTable()));
