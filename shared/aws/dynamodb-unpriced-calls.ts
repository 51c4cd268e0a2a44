import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { periodKey } from '../core/period.ts';
import { MOST_UNPRICED_MODELS, OTHER_MODELS } from '../core/unpriced.ts';
import type { UnpricedCalls } from '../ports/unpriced-calls.ts';
import { type Item, numberAttribute, textAttribute } from './attributes.ts';
import { type Change, createItemAccess } from './item-access.ts';
import { key, TTL_ATTRIBUTE } from './table.ts';

/** Prefixes of the attributes of a model: its name follows. */
const CALLS = 'calls:';
const LAST = 'last:';

/** A month is of use until the one after the next has passed. */
const KEPT_SECONDS = 93 * 86_400;

/**
 * Refused calls in a stage's table: one item a month, whose size is bounded. A model's first call takes one of its
 * places, on the condition that there is one left; all others add to a count that is there.
 */
export function createDynamoDbUnpricedCalls(client: DynamoDBClient, tableName: string): UnpricedCalls {
  const table = createItemAccess(client, tableName);

  async function add(model: string, at: number, condition?: 'counted' | 'new'): Promise<boolean> {
    const changed = await table.change(monthKey(periodKey('month', at)), addition(model, at, condition));
    return changed.kind === 'made';
  }

  return {
    async count(model, at) {
      if (model !== OTHER_MODELS) {
        // Two that take the last place at once, or the same model's: the one that loses looks again.
        if (await add(model, at, 'counted')) return model;
        if (await add(model, at, 'new')) return model;
        if (await add(model, at, 'counted')) return model;
      }
      await add(OTHER_MODELS, at);
      return OTHER_MODELS;
    },

    async inMonth(month) {
      const item = (await table.get(monthKey(month))) ?? {};
      return Object.entries(item).flatMap(([name, { N: calls }]) => {
        if (!name.startsWith(CALLS)) return [];
        const model = name.slice(CALLS.length);
        return [{ model, calls: Number(calls), lastAt: Number(item[LAST + model]?.N) }];
      });
    },
  };
}

function addition(model: string, at: number, condition?: 'counted' | 'new'): Change {
  const isNew = condition === 'new';
  return {
    UpdateExpression: `ADD #calls :one${isNew ? ', places :one' : ''} SET #last = :at, #ttl = :ttl`,
    ...(condition === 'counted' && { ConditionExpression: 'attribute_exists(#calls)' }),
    ...(isNew && {
      ConditionExpression:
        'attribute_not_exists(#calls) AND (attribute_not_exists(places) OR places < :most)',
    }),
    ExpressionAttributeNames: { '#calls': CALLS + model, '#last': LAST + model, '#ttl': TTL_ATTRIBUTE },
    ExpressionAttributeValues: {
      ':one': numberAttribute(1),
      ':at': numberAttribute(at),
      ':ttl': numberAttribute(Math.ceil(at / 1_000) + KEPT_SECONDS),
      ...(isNew && { ':most': numberAttribute(MOST_UNPRICED_MODELS) }),
    },
  };
}

function monthKey(month: string): Item {
  return { pk: textAttribute(key('unpriced')), sk: textAttribute(key(month)) };
}
