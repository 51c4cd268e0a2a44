import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { createAccountOperations } from './account-operations.ts';
import { createCallOperations } from './call-operations.ts';
import { createItemAccess } from './item-access.ts';

/** How long an entry can be read after its call, in days: a year and a month. */
const RETENTION_DAYS = 400;

/**
 * The books of a stage in its table. Every change is one conditional write of one item; there are no transactions.
 *
 * @param options.retentionDays how long DynamoDB keeps the entry of a call after its outcome was decided
 */
export function createDynamoDbLedgerStore(
  client: DynamoDBClient,
  tableName: string,
  options: { readonly retentionDays?: number } = {},
): LedgerStore {
  const items = createItemAccess(client, tableName);
  return {
    ...createAccountOperations(items),
    ...createCallOperations(items, options.retentionDays ?? RETENTION_DAYS),
  };
}
