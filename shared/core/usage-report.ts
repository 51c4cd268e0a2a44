import type { Account, Tally } from './ledger.ts';
import { tallyEntries, tallySum } from './ledger-rules.ts';
import type { Picodollars } from './money.ts';
import type { Subject } from './scope.ts';

export const GROUPS = ['project', 'user', 'model', 'day', 'month'] as const;
export type Group = (typeof GROUPS)[number];

/** What the calls of one group came to. */
export interface UsageRow {
  readonly group: Readonly<Partial<Record<Group, string>>>;
  readonly tally: Tally;
  /** What the calls cost. */
  readonly cost: Picodollars;
  /** What the cache hits among them would have cost. */
  readonly saved: Picodollars;
}

export interface UsageReport {
  /** In ascending order of what they are grouped by. */
  readonly rows: readonly UsageRow[];
  readonly total: UsageRow;
}

/**
 * Sums up books by group.
 *
 * @param books accounts of kind `books`; others are left out, and those on which nothing is booked yet
 * @param groupBy in the order in which the rows are sorted; with none there is one row
 */
export function sumUsage(books: Iterable<Account>, groupBy: readonly Group[]): UsageReport {
  const rows = new Map<string, UsageRow>();
  let total = emptyRow({});
  for (const account of books) {
    if (account.id.kind !== 'books' || isEmpty(account)) continue;
    const group = groupOf(account.id, groupBy);
    const name = JSON.stringify(groupBy.map((part) => group[part]));
    rows.set(name, rowWith(rows.get(name) ?? emptyRow(group), account));
    total = rowWith(total, account);
  }
  return { rows: [...rows.values()].sort((a, b) => compare(a.group, b.group, groupBy)), total };
}

function groupOf(id: Subject & { readonly day: string }, groupBy: readonly Group[]): UsageRow['group'] {
  const parts: Record<Group, string> = {
    project: id.project,
    user: id.user,
    model: id.model,
    day: id.day,
    month: id.day.slice(0, 'YYYY-MM'.length),
  };
  return Object.fromEntries(groupBy.map((part) => [part, parts[part]]));
}

function isEmpty({ spent, saved, tally }: Account): boolean {
  return spent === 0n && saved === 0n && tallyEntries(tally).length === 0;
}

function emptyRow(group: UsageRow['group']): UsageRow {
  return { group, tally: {}, cost: 0n, saved: 0n };
}

function rowWith(row: UsageRow, { spent, saved, tally }: Account): UsageRow {
  return {
    group: row.group,
    tally: tallySum(row.tally, tally),
    cost: row.cost + spent,
    saved: row.saved + saved,
  };
}

function compare(a: UsageRow['group'], b: UsageRow['group'], groupBy: readonly Group[]): number {
  for (const part of groupBy) {
    const [left = '', right = ''] = [a[part], b[part]];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
