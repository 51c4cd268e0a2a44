import type { Account, AccountId, Hold, Tally } from '../core/ledger.ts';
import { tallyEntries } from '../core/ledger-rules.ts';
import { PERIODS, type Period } from '../core/period.ts';
import { scopeId } from '../core/scope.ts';
import { USAGE_CLASSES } from '../core/usage.ts';
import type { NewAccount } from '../ports/ledger-store.ts';
import {
  bigint,
  type Item,
  itemOf,
  map,
  number,
  numberAttribute,
  text,
  textAttribute,
} from './attributes.ts';
import { key } from './table.ts';

const TALLY_KEYS = ['calls', 'hits', ...USAGE_CLASSES] as const;
const SCOPE_PARTS = ['user', 'project', 'model'] as const;

/**
 * Where an account lies. A limit's accounts share a partition by scope; the books of a project's day share one, so
 * that a report is a query.
 */
export function accountKey(id: AccountId): Item {
  if (id.kind === 'limit') {
    return itemOf({
      pk: textAttribute(`limit#${scopeId(id.scope)}`),
      sk: textAttribute(key(id.period, id.periodKey)),
    });
  }
  return itemOf({
    pk: textAttribute(booksPartition(id.project, id.day)),
    sk: textAttribute(key(id.user, id.model)),
  });
}

export function booksPartition(project: string, day: string): string {
  return key('books', project, day);
}

/** The name under which the index lists the limit accounts of a period instance. */
export function accountsListing(period: Period, periodKey: string): string {
  return key('accounts', period, periodKey);
}

/** The attributes that name an account: in its item, and in the entry of each call that it counts. */
export function accountIdAttributes(id: AccountId): Item {
  const { user, project, model } = id.kind === 'limit' ? id.scope : id;
  const parts = { user, project, model };
  const named = SCOPE_PARTS.map((part) => [part, parts[part]] as const);
  const scope = named.flatMap(([part, value]) =>
    value === undefined ? [] : [[part, textAttribute(value)] as const],
  );
  const period =
    id.kind === 'limit'
      ? { period: textAttribute(id.period), periodKey: textAttribute(id.periodKey) }
      : { day: textAttribute(id.day) };
  return itemOf({ kind: textAttribute(id.kind), ...Object.fromEntries(scope), ...period });
}

/** Reads which account an item, or an entry's map, names. Throws when it names none. */
export function accountIdOf(item: Item): AccountId {
  if (text(item, 'kind') === 'books') {
    const [user, project, model] = SCOPE_PARTS.map((part) => text(item, part)) as [string, string, string];
    return { kind: 'books', user, project, model, day: text(item, 'day') };
  }
  const scope = SCOPE_PARTS.flatMap((part) =>
    item[part] === undefined ? [] : [[part, text(item, part)] as const],
  );
  const period = PERIODS.find((name) => name === text(item, 'period'));
  if (period === undefined) throw new Error(`no such period: ${text(item, 'period')}`);
  return { kind: 'limit', scope: Object.fromEntries(scope), period, periodKey: text(item, 'periodKey') };
}

/** An account as it is opened. Only limit accounts are listed in the index: the books are found by their key. */
export function newAccountItem({ id, carried, limit }: NewAccount): Item {
  return itemOf({
    ...accountKey(id),
    ...accountIdAttributes(id),
    ...(id.kind === 'limit' && {
      lookupPk: textAttribute(accountsListing(id.period, id.periodKey)),
      lookupSk: textAttribute(scopeId(id.scope)),
    }),
    ...(limit !== undefined && {
      limitAmount: numberAttribute(limit.amount),
      limitVersion: numberAttribute(limit.version),
      remaining: numberAttribute(limit.amount - carried),
    }),
    carried: numberAttribute(carried),
    spent: numberAttribute(0),
    saved: numberAttribute(0),
    holds: { M: {} },
  });
}

/** Reads an account's item. Throws when it is none. */
export function accountOf(item: Item): Account {
  const id = accountIdOf(item);
  const holds = Object.entries(map(item, 'holds')).map(
    ([callId, value]) => [callId, holdOf(value.M)] as const,
  );
  return {
    id,
    ...(item['limitAmount'] !== undefined && {
      limit: {
        amount: bigint(item, 'limitAmount'),
        version: number(item, 'limitVersion'),
        remaining: bigint(item, 'remaining'),
      },
    }),
    carried: bigint(item, 'carried'),
    spent: bigint(item, 'spent'),
    saved: bigint(item, 'saved'),
    holds: new Map(holds),
    tally: tallyOf(item, tallyAttribute),
  };
}

/** Short names: an item's holds are read and, on a refusal, sent with it. */
export function holdAttribute({ amount, at, project }: Hold) {
  return { M: { a: numberAttribute(amount), t: numberAttribute(at), p: textAttribute(project) } };
}

function holdOf(value: Item = {}): Hold {
  return { amount: bigint(value, 'a'), at: number(value, 't'), project: text(value, 'p') };
}

/** A count is an attribute of its own at the top: `ADD` makes it where it is missing, but only there. */
export function tallyAttribute(name: string): string {
  return `n_${name}`;
}

export function tallyAttributes(tally: Tally): Item {
  return Object.fromEntries(tallyEntries(tally).map(([name, count]) => [name, numberAttribute(count)]));
}

/** Reads the counts of an item; `attribute` is how a count is named there. */
export function tallyOf(item: Item, attribute: (name: string) => string = (name) => name): Tally {
  const counts = TALLY_KEYS.flatMap((name) =>
    item[attribute(name)] === undefined ? [] : [[name, number(item, attribute(name))] as const],
  );
  return Object.fromEntries(counts);
}
