import { randomUUID } from 'node:crypto';
import type { Picodollars } from '../core/money.ts';
import { PERIODS, type Period } from '../core/period.ts';
import { type Scope, scopeId } from '../core/scope.ts';
import type { Directory } from '../ports/directory.ts';
import { Unavailable } from '../ports/ledger-store.ts';
import { type Item, numberAttribute, textAttribute } from './attributes.ts';
import {
  assignments,
  LIMITS,
  limitAttributes,
  limitOf,
  limitsOf,
  numberOf,
  scopeKey,
} from './directory-items.ts';
import type { Change, ItemAccess } from './item-access.ts';

type LimitRules = Pick<Directory, 'limit' | 'putLimit' | 'removeLimit' | 'limits'>;

/** That others change the same limit between a read and a write so often is no accident any more. */
const ATTEMPTS = 20;

/**
 * The limits of a stage in its table: one item for each scope that ever had one. A change names the version that it
 * follows, so that a copy of it that arrives late finds a newer one and does nothing; and it leaves its own mark, so
 * that it is known when its answer was lost.
 */
export function createLimitRules(table: ItemAccess): LimitRules {
  /**
   * @param next the change, seen the item; `undefined`: there is nothing to change
   * @returns the item before and after it
   */
  async function change(scope: Scope, period: Period, next: (item: Item) => Change | undefined) {
    const mark = randomUUID();
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const before = (await table.get(scopeKey(scope))) ?? {};
      const wanted = next(before);
      if (wanted === undefined) return undefined;
      const result = await table.change(scopeKey(scope), following(before, period, wanted, mark));
      if (result.kind === 'made') return { before, after: result.attributes };
      const after = (await table.get(scopeKey(scope))) ?? {};
      if (after[limitAttributes(period).mark]?.S === mark) return { before, after };
    }
    throw new Unavailable('the limit is changing too fast to change it');
  }

  return {
    async limit(scope, period) {
      const item = await table.get(scopeKey(scope));
      return item === undefined ? undefined : limitOf(item, period);
    },

    async putLimit(scope, period, amount, shards) {
      const changed = await change(scope, period, () => setting(scope, period, amount, shards));
      const limit = changed && limitOf(changed.after, period);
      if (limit === undefined) throw new Error('DynamoDB did not return the limit that it set');
      return limit;
    },

    async removeLimit(scope, period) {
      const changed = await change(scope, period, (item) =>
        limitOf(item, period) === undefined ? undefined : removing(period),
      );
      if (changed === undefined) return undefined;
      if (limitsOf(changed.after).length === 0) await table.change(scopeKey(scope), unlisting());
      return limitOf(changed.before, period);
    },

    async *limits() {
      for await (const item of table.listed(LIMITS)) yield* limitsOf(item);
    },
  };
}

/** A scope that is not listed yet is, from then on, with the parts that name it. */
function setting(scope: Scope, period: Period, amount: Picodollars, shards?: number): Change {
  const names = limitAttributes(period);
  const texts = { lookupPk: LIMITS, lookupSk: scopeId(scope), ...scope };
  return assignments({
    ...Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, textAttribute(value)])),
    [names.amount]: numberAttribute(amount),
    ...(shards !== undefined && { [names.shards]: numberAttribute(shards) }),
  });
}

function removing(period: Period): Change {
  const names = limitAttributes(period);
  return {
    UpdateExpression: 'REMOVE #amount, #shards',
    ExpressionAttributeNames: { '#amount': names.amount, '#shards': names.shards },
  };
}

/**
 * A change that is made to this version alone, and makes the next. The version outlives a removal, and grows with it:
 * a limit that is set again must be newer than any before.
 */
function following(before: Item, period: Period, change: Change, mark: string): Change {
  const names = limitAttributes(period);
  const seen = numberOf(before[names.version]);
  const set = change.UpdateExpression?.startsWith('SET') ? ', ' : ' SET ';
  return {
    UpdateExpression: `${change.UpdateExpression}${set}#version = :next, #mark = :mark`,
    ConditionExpression: seen === 0 ? 'attribute_not_exists(#version)' : '#version = :seen',
    ExpressionAttributeNames: {
      ...change.ExpressionAttributeNames,
      '#version': names.version,
      '#mark': names.mark,
    },
    ExpressionAttributeValues: {
      ...change.ExpressionAttributeValues,
      ...(seen > 0 && { ':seen': numberAttribute(seen) }),
      ':next': numberAttribute(seen + 1),
      ':mark': textAttribute(mark),
    },
    ReturnValues: 'ALL_NEW',
  };
}

/** A scope without limits leaves the index, unless somebody has just set one. */
function unlisting(): Change {
  const none = PERIODS.map((period) => `attribute_not_exists(${limitAttributes(period).amount})`);
  return { UpdateExpression: 'REMOVE lookupPk, lookupSk', ConditionExpression: none.join(' AND ') };
}
