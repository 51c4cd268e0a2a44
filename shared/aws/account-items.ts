import { deferredAccount } from '../core/accounts.ts';
import type { Account, AccountId, Lent, Tally } from '../core/ledger.ts';
import { tallyEntries } from '../core/ledger-rules.ts';
import { PERIODS, type Period } from '../core/period.ts';
import { type Scope, scopeId } from '../core/scope.ts';
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
import { callHeld, holdOf } from './hold-markers.ts';
import { key } from './table.ts';

const TALLY_KEYS = ['calls', 'hits', ...USAGE_CLASSES] as const;
const SCOPE_PARTS = ['user', 'project', 'model'] as const;

/**
 * Where an account lies. A limit's accounts share a partition by scope, and each shard has one of its own; the shards
 * of the books of a project's day share a few, so that a report is a few queries.
 */
export function accountKey(id: AccountId): Item {
  if (id.kind === 'deferred')
    return itemOf({ pk: textAttribute(key('deferred', id.project)), sk: textAttribute('account') });
  if (id.kind === 'limit') {
    return itemOf({
      pk: textAttribute(`limit#${scopeId(id.scope)}${id.shard === undefined ? '' : `#${id.shard}`}`),
      sk: textAttribute(key(id.period, id.periodKey)),
    });
  }
  return itemOf({
    pk: textAttribute(booksPartition(id.project, id.day, id.shard % BOOKS_PARTITIONS)),
    sk: textAttribute(key(id.user, id.model, String(id.shard))),
  });
}

/** Smaller items cost less to write, and so relieve a partition as more partitions would: there are more shards than these. */
const BOOKS_PARTITIONS = 4;

function booksPartition(project: string, day: string, partition: number): string {
  return key('books', project, day, String(partition));
}

/** All partitions of the books of a project's day. */
export function booksPartitions(project: string, day: string): string[] {
  return Array.from({ length: BOOKS_PARTITIONS }, (_, partition) => booksPartition(project, day, partition));
}

/** The name under which the index lists the limit accounts of a period instance. */
export function accountsListing(period: Period, periodKey: string): string {
  return key('accounts', period, periodKey);
}

/** The attributes that name an account: in its item, and in the entry of each call that it counts. */
export function accountIdAttributes(id: AccountId): Item {
  const parts: Scope = id.kind === 'limit' ? id.scope : id;
  const named = SCOPE_PARTS.map((part) => [part, parts[part]] as const);
  const scope = named.flatMap(([part, value]) =>
    value === undefined ? [] : [[part, textAttribute(value)] as const],
  );
  const period = {
    ...(id.kind === 'limit' && { period: textAttribute(id.period), periodKey: textAttribute(id.periodKey) }),
    ...(id.kind === 'books' && { day: textAttribute(id.day) }),
  };
  const shard = id.shard === undefined ? {} : { shard: numberAttribute(id.shard) };
  return itemOf({ kind: textAttribute(id.kind), ...Object.fromEntries(scope), ...period, ...shard });
}

/** Reads which account an item, or an entry's map, names. Throws when it names none. */
export function accountIdOf(item: Item): AccountId {
  if (text(item, 'kind') === 'deferred') return deferredAccount(text(item, 'project'));
  if (text(item, 'kind') === 'books') {
    const [user, project, model] = SCOPE_PARTS.map((part) => text(item, part)) as [string, string, string];
    return { kind: 'books', user, project, model, day: text(item, 'day'), shard: number(item, 'shard') };
  }
  const scope = SCOPE_PARTS.flatMap((part) =>
    item[part] === undefined ? [] : [[part, text(item, part)] as const],
  );
  const period = PERIODS.find((name) => name === text(item, 'period'));
  if (period === undefined) throw new Error(`no such period: ${text(item, 'period')}`);
  return {
    kind: 'limit',
    scope: Object.fromEntries(scope),
    period,
    periodKey: text(item, 'periodKey'),
    ...(item['shard'] !== undefined && { shard: number(item, 'shard') }),
  };
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
      ...(id.shard === undefined
        ? { limitAmount: numberAttribute(limit.amount) }
        : { received: numberAttribute(0), returned: numberAttribute(0) }),
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
    ([name, value]) => [callHeld(name), holdOf(id, callHeld(name), value.M)] as const,
  );
  const flow =
    item['received'] === undefined
      ? undefined
      : { received: bigint(item, 'received'), returned: bigint(item, 'returned') };
  return {
    id,
    ...(item['remaining'] !== undefined && {
      limit: {
        amount: flow === undefined ? bigint(item, 'limitAmount') : flow.received - flow.returned,
        version: number(item, 'limitVersion'),
        remaining: bigint(item, 'remaining'),
      },
    }),
    carried: bigint(item, 'carried'),
    spent: bigint(item, 'spent'),
    saved: bigint(item, 'saved'),
    holds: new Map(holds),
    tally: tallyOf(item, tallyAttribute),
    ...(item['shards'] !== undefined && { lent: lentIn(item) }),
    ...(flow !== undefined && { flow }),
  };
}

/** The attributes that count what an account granted to a shard and collected from it; absent: nothing yet. */
export function lentAttributes(shard: number): { granted: string; collected: string } {
  return { granted: `g${shard}`, collected: `c${shard}` };
}

function lentIn(item: Item): Lent[] {
  const amount = (name: string) => (item[name] === undefined ? 0n : bigint(item, name));
  return Array.from({ length: number(item, 'shards') }, (_, shard) => {
    const { granted, collected } = lentAttributes(shard);
    return { granted: amount(granted), collected: amount(collected) };
  });
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
