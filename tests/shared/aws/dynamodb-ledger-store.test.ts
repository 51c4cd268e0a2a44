import { afterAll, beforeAll } from 'vitest';
import { createDynamoDbLedgerStore } from '../../../shared/aws/dynamodb-ledger-store.ts';
import { ledgerStoreContract } from '../../contracts/ledger-store.ts';
import { startDynalite, type TestTable } from '../../support/dynalite.ts';

let table: TestTable;
beforeAll(async () => {
  table = await startDynalite();
});
afterAll(() => table.close());

ledgerStoreContract('DynamoDB', async () =>
  createDynamoDbLedgerStore(table.client, await table.anotherTable()),
);
