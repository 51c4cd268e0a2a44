import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { scopeId } from '../core/scope.ts';
import type { AlertClaims, AlertId } from '../ports/alerts.ts';
import { itemOf, numberAttribute, textAttribute } from './attributes.ts';
import { createItemAccess } from './item-access.ts';
import { key, TTL_ATTRIBUTE } from './table.ts';

const DAY_SECONDS = 86_400;

/**
 * Claims of alerts as items of the stage's table. A conditional write decides; an item that was published stays for the
 * retention, or, of a limit that never starts again, for ever.
 */
export function createDynamoDbAlertClaims(
  client: DynamoDBClient,
  table: string,
  { retentionDays }: { readonly retentionDays: number },
): AlertClaims {
  const items = createItemAccess(client, table);
  return {
    async claim(alert, now, until) {
      const changed = await items.change(keyOf(alert), {
        UpdateExpression: 'SET claimedUntil = :until',
        ConditionExpression:
          'attribute_not_exists(publishedAt) AND (attribute_not_exists(claimedUntil) OR claimedUntil <= :now)',
        ExpressionAttributeValues: { ':until': numberAttribute(until), ':now': numberAttribute(now) },
      });
      if (changed.kind === 'made') return 'claimed';
      const item = changed.old ?? (await items.get(keyOf(alert)));
      return item?.['publishedAt'] === undefined ? 'taken' : 'published';
    },

    async publishedAt(alert, now) {
      const isLasting = alert.period === 'total';
      const ttl = Math.ceil(now / 1_000) + retentionDays * DAY_SECONDS;
      await items.change(keyOf(alert), {
        UpdateExpression: `SET publishedAt = :now${isLasting ? '' : ', #ttl = :ttl'}`,
        ...(!isLasting && { ExpressionAttributeNames: { '#ttl': TTL_ATTRIBUTE } }),
        ExpressionAttributeValues: {
          ':now': numberAttribute(now),
          ...(!isLasting && { ':ttl': numberAttribute(ttl) }),
        },
      });
    },
  };
}

function keyOf({ scope, period, periodKey, amount, threshold }: AlertId) {
  return itemOf({
    pk: textAttribute(`alert#${scopeId(scope)}`),
    sk: textAttribute(key(period, periodKey, amount.toString(), String(threshold))),
  });
}
