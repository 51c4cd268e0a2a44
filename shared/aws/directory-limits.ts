import type { Picodollars } from '../core/money.ts';
import { PERIODS, type Period } from '../core/period.ts';
import { type Scope, scopeId } from '../core/scope.ts';
import type { Directory } from '../ports/directory.ts';
import { numberAttribute, textAttribute } from './attributes.ts';
import { assignments, LIMITS, limitAttributes, limitOf, limitsOf, scopeKey } from './directory-items.ts';
import type { Change, ItemAccess } from './item-access.ts';

type LimitRules = Pick<Directory, 'limit' | 'putLimit' | 'removeLimit' | 'limits'>;

/** The limits of a stage in its table: one item for each scope that ever had one. */
export function createLimitRules(table: ItemAccess): LimitRules {
  return {
    async limit(scope, period) {
      const item = await table.get(scopeKey(scope));
      return item === undefined ? undefined : limitOf(item, period);
    },

    async putLimit(scope, period, amount) {
      const changed = await table.change(scopeKey(scope), setting(scope, period, amount));
      const limit = changed.kind === 'made' ? limitOf(changed.attributes, period) : undefined;
      if (limit === undefined) throw new Error('DynamoDB did not return the limit that it set');
      return limit;
    },

    async removeLimit(scope, period) {
      const removed = await table.change(scopeKey(scope), removing(period));
      if (removed.kind === 'not_made') return undefined;
      const isLast = limitsOf(removed.attributes).length === 1;
      if (isLast) await table.change(scopeKey(scope), unlisting());
      return limitOf(removed.attributes, period);
    },

    async *limits() {
      for await (const item of table.listed(LIMITS)) yield* limitsOf(item);
    },
  };
}

/** A scope that is not listed yet is, from then on, with the parts that name it. */
function setting(scope: Scope, period: Period, amount: Picodollars): Change {
  const names = limitAttributes(period);
  const texts = { lookupPk: LIMITS, lookupSk: scopeId(scope), ...scope };
  const set = assignments({
    ...Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, textAttribute(value)])),
    [names.amount]: numberAttribute(amount),
  });
  return {
    UpdateExpression: `${set.UpdateExpression} ADD #version :one`,
    ExpressionAttributeNames: { ...set.ExpressionAttributeNames, '#version': names.version },
    ExpressionAttributeValues: { ...set.ExpressionAttributeValues, ':one': numberAttribute(1) },
    ReturnValues: 'ALL_NEW',
  };
}

/** The version stays, and grows: a limit that is set again must be newer than any before. */
function removing(period: Period): Change {
  const names = limitAttributes(period);
  return {
    UpdateExpression: 'REMOVE #amount ADD #version :one',
    ConditionExpression: 'attribute_exists(#amount)',
    ExpressionAttributeNames: { '#amount': names.amount, '#version': names.version },
    ExpressionAttributeValues: { ':one': numberAttribute(1) },
    ReturnValues: 'ALL_OLD',
  };
}

/** A scope without limits leaves the index, unless somebody has just set one. */
function unlisting(): Change {
  const none = PERIODS.map((period) => `attribute_not_exists(${limitAttributes(period).amount})`);
  return { UpdateExpression: 'REMOVE lookupPk, lookupSk', ConditionExpression: none.join(' AND ') };
}
