import type { DynamoDBClient, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Picodollars } from '../core/money.ts';
import { PERIODS, type Period } from '../core/period.ts';
import { type Scope, scopeId } from '../core/scope.ts';
import type { Directory } from '../ports/directory.ts';
import { assignments, readItems, readListed, updateItem } from './directory-access.ts';
import * as items from './directory-items.ts';

type LimitRules = Pick<Directory, 'limit' | 'putLimit' | 'removeLimit' | 'limits'>;

/** The limits of a stage in its table: one item for each scope that ever had one. */
export function createLimitRules(client: DynamoDBClient, table: string): LimitRules {
  return {
    async limit(scope, period) {
      const [item] = await readItems(client, table, [items.keyItem(items.scopeKey(scope))]);
      return item === undefined ? undefined : items.limitOf(item, period);
    },

    async putLimit(scope, period, amount) {
      const item = await updateItem(client, table, items.scopeKey(scope), setting(scope, period, amount));
      const limit = items.limitOf(item ?? {}, period);
      if (limit === undefined) throw new Error('DynamoDB did not return the limit that it set');
      return limit;
    },

    async removeLimit(scope, period) {
      const before = await updateItem(client, table, items.scopeKey(scope), removing(period));
      if (before === undefined) return undefined;
      const isLast = items.limitsOf(before).length === 1;
      if (isLast) await updateItem(client, table, items.scopeKey(scope), unlisting());
      return items.limitOf(before, period);
    },

    async *limits() {
      for await (const item of readListed(client, table, items.LIMITS)) yield* items.limitsOf(item);
    },
  };
}

/** A scope that is not listed yet is, from then on, with the parts that name it. */
function setting(scope: Scope, period: Period, amount: Picodollars): Partial<UpdateItemCommandInput> {
  const names = items.limitAttributes(period);
  const texts = { lookupPk: items.LIMITS, lookupSk: scopeId(scope), ...scope };
  const set = assignments({
    ...Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, { S: value }])),
    [names.amount]: { N: String(amount) },
  });
  return {
    UpdateExpression: `${set.UpdateExpression} ADD #version :one`,
    ExpressionAttributeNames: { ...set.ExpressionAttributeNames, '#version': names.version },
    ExpressionAttributeValues: { ...set.ExpressionAttributeValues, ':one': { N: '1' } },
  };
}

/** The version stays, and grows: a limit that is set again must be newer than any before. */
function removing(period: Period): Partial<UpdateItemCommandInput> {
  const names = items.limitAttributes(period);
  return {
    UpdateExpression: 'REMOVE #amount ADD #version :one',
    ConditionExpression: 'attribute_exists(#amount)',
    ExpressionAttributeNames: { '#amount': names.amount, '#version': names.version },
    ExpressionAttributeValues: { ':one': { N: '1' } },
    ReturnValues: 'ALL_OLD',
  };
}

/** A scope without limits leaves the index, unless somebody has just set one. */
function unlisting(): Partial<UpdateItemCommandInput> {
  const none = PERIODS.map((period) => `attribute_not_exists(${items.limitAttributes(period).amount})`);
  return { UpdateExpression: 'REMOVE lookupPk, lookupSk', ConditionExpression: none.join(' AND ') };
}
