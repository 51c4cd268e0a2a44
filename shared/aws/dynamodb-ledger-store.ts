import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RETENTION_DAYS } from '../core/ledger.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { createAccountOperations } from './account-operations.ts';
import { createCallOperations } from './call-operations.ts';
import { createItemAccess } from './item-access.ts';

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
