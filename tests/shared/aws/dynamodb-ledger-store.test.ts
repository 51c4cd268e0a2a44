import { afterAll, beforeAll } from 'vitest';
import { createDynamoDbLedgerStore } from '../../../shared/aws/dynamodb-ledger-store.ts';
import { ledgerBoundsContract } from '../../contracts/ledger-bounds.ts';
import { ledgerCorrectionsContract } from '../../contracts/ledger-corrections.ts';
import { ledgerShardsContract } from '../../contracts/ledger-shards.ts';
import { ledgerStoreContract } from '../../contracts/ledger-store.ts';
import { startDynalite, type TestTable } from '../../support/dynalite.ts';

let table: TestTable;
beforeAll(async () => {
  table = await startDynalite();
});
afterAll(() => table.close());

const create = async () => createDynamoDbLedgerStore(table.client, await table.anotherTable());
ledgerStoreContract('DynamoDB', create);
ledgerShardsContract('DynamoDB', create);
ledgerBoundsContract('DynamoDB', create);
ledgerCorrectionsContract('DynamoDB', create);
