import type { Account, CallEntry } from '../../shared/core/ledger.ts';
import { inScope, type Scope } from '../../shared/core/scope.ts';
import { forEach } from '../../shared/ledger/concurrent.ts';
import { projectDays } from '../../shared/ledger/project-days.ts';
import type { DayRange } from './day-range.ts';
import type { AdminDeps } from './deps.ts';
import { WIDTH } from './parallel.ts';

/** Each project has its books of each day read by one query. */
const MAX_QUERIES = 20_000;

/**
 * The books of the days in a range, of those subjects that a scope binds.
 *
 * @returns instead of the accounts, of how many projects' days they would be, when that is too much for one command
 */
export async function readBooks(
  filter: Scope,
  range: Pick<DayRange, 'start' | 'end'>,
  { directory, store }: Pick<AdminDeps, 'directory' | 'store'>,
): Promise<Account[] | { readonly projectDays: number }> {
  const days = await projectDays(directory, range.start, range.end, filter.project);
  if (days.length > MAX_QUERIES) return { projectDays: days.length };
  const books: Account[] = [];
  await forEach(days, WIDTH, async ({ project, day }) => {
    for await (const account of store.books(project, day))
      if (account.id.kind === 'books' && inScope(account.id, filter)) books.push(account);
  });
  return books;
}

/** The entries of the days in a range that carry flags, each with the day on which it is booked. */
export async function readFlagged(
  range: Pick<DayRange, 'start' | 'end'>,
  { directory, store }: Pick<AdminDeps, 'directory' | 'store'>,
): Promise<{ readonly day: string; readonly call: CallEntry }[]> {
  const flagged: { day: string; call: CallEntry }[] = [];
  const days = await projectDays(directory, range.start, range.end);
  await forEach(days, WIDTH, async ({ project, day }) => {
    for await (const call of store.calls(project, day))
      if ((call.outcome?.flags.length ?? 0) > 0) flagged.push({ day, call });
  });
  return flagged;
}
