import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

/** The sparse index: only items that carry `lookupPk` are in it (open calls, accounts, limits). */
export const LOOKUP_INDEX = 'lookup';

/** The attribute that DynamoDB's time to live looks at, in seconds since the epoch. */
export const TTL_ATTRIBUTE = 'ttl';

/**
 * The one table of a stage, as Terraform makes it and as the local stack and the tests create it. The index holds
 * keys alone, so an item that stays in it costs a second write only when it enters or leaves.
 */
export function tableDefinition(tableName: string): CreateTableCommandInput {
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk', 'lookupPk', 'lookupSk'].map((name) => ({
      AttributeName: name,
      AttributeType: 'S' as const,
    })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: LOOKUP_INDEX,
        KeySchema: [
          { AttributeName: 'lookupPk', KeyType: 'HASH' },
          { AttributeName: 'lookupSk', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  };
}

/** Joins the parts of a key so that no part can pose as two. */
export function key(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join('#');
}
