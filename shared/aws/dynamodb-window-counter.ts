import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Unavailable } from '../ports/ledger-store.ts';
import type { WindowCounter } from '../ports/window-counter.ts';
import { itemOf, number, numberAttribute, textAttribute } from './attributes.ts';
import { createItemAccess } from './item-access.ts';
import { key, TTL_ATTRIBUTE } from './table.ts';

/** That others take between a write and the next so often is no accident any more. */
const ATTEMPTS = 10;
/** A window that is over is looked at by nobody; clocks may differ. */
const KEPT_SECONDS = 3_600;
const TIME_DIGITS = 16;

/** Counters in the stage's table, an item a window: each take is one conditional write, or two where little is left. */
export function createDynamoDbWindowCounter(client: DynamoDBClient, tableName: string): WindowCounter {
  const table = createItemAccess(client, tableName);
  return {
    async take(name, endsAt, wanted, most) {
      const at = itemOf({
        pk: textAttribute(key('taken', name)),
        sk: textAttribute(String(endsAt).padStart(TIME_DIGITS, '0')),
      });
      let count = wanted;
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const changed = await table.change(at, taking(count, most, endsAt));
        if (changed.kind === 'made') return { taken: count, total: number(changed.attributes, 'total') };
        const item = changed.old ?? (await table.get(at));
        const total = item === undefined ? 0 : number(item, 'total');
        if (total >= most) return { taken: 0, total };
        count = Math.min(wanted, most - total);
      }
      throw new Unavailable('the counter is changing too fast to take from it');
    },
  };
}

function taking(count: number, most: number, endsAt: number) {
  return {
    UpdateExpression: 'SET #ttl = :ttl ADD #total :count',
    ConditionExpression: 'attribute_not_exists(#total) OR #total <= :room',
    ExpressionAttributeNames: { '#total': 'total', '#ttl': TTL_ATTRIBUTE },
    ExpressionAttributeValues: {
      ':count': numberAttribute(count),
      ':room': numberAttribute(most - count),
      ':ttl': numberAttribute(Math.ceil(endsAt / 1_000) + KEPT_SECONDS),
    },
    ReturnValues: 'UPDATED_NEW' as const,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}
