import { limitAccount } from '../core/accounts.ts';
import { inTransit, spentIn, uncounted } from '../core/carried.ts';
import type { Account, CallEntry, LimitAccountId } from '../core/ledger.ts';
import type { Picodollars } from '../core/money.ts';
import { periodStart } from '../core/period.ts';
import { inScope, isShardCount } from '../core/scope.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import { type LedgerStore, Unavailable } from '../ports/ledger-store.ts';
import { forEach } from './concurrent.ts';
import type { Limits } from './ledger.ts';
import { readLimitAccount, renewShards } from './limit-account.ts';
import { projectDays } from './project-days.ts';

export interface LimitsParts {
  readonly directory: Directory;
  readonly store: LedgerStore;
  readonly clock: Clock;
}

/** Reads under way at a time. */
const WIDTH = 16;
const ATTEMPTS = 5;
/** Older than any version of the directory: whoever sees the limit tells the account its true one. */
const BEFORE_ALL_VERSIONS = 0;

/**
 * Sets and removes limits. While a limit is not in force, the running period's account is made ready first, with what
 * the scope has spent in the period; only then can calls see the limit. So a call that finds no account knows that
 * the period began under the limit, and that nothing was spent in it.
 */
export function createLimits(parts: LimitsParts): Limits {
  const { directory, store, clock } = parts;
  return {
    async set(scope, period, amount, shards) {
      if (amount < 0n) throw new RangeError(`a limit of ${amount} picodollars`);
      if (shards !== undefined && !isShardCount(shards)) throw new RangeError(`a limit of ${shards} shards`);
      const at = clock.now();
      const id = limitAccount(scope, period, at);
      if ((await directory.limit(scope, period)) === undefined) await prepare(id, amount, at, parts);
      const limit = await directory.putLimit(scope, period, amount, shards);
      await store.changeLimit(id, limit);
      await renewShards(store, id);
      return limit;
    },
    remove: (scope, period) => directory.removeLimit(scope, period),
  };
}

async function prepare(
  id: LimitAccountId,
  amount: Picodollars,
  at: number,
  parts: LimitsParts,
): Promise<void> {
  const { directory, store } = parts;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const account = await readLimitAccount(store, id);
    const books = await booksOf(id, at, parts);
    if (account === undefined) {
      const limit = { amount, version: BEFORE_ALL_VERSIONS };
      if ((await store.openAccount({ id, limit, carried: spentIn(books) })) === 'created') return;
      continue;
    }
    const carried = uncounted(account, books, await transitEntries(account, books, store));
    if ((await store.changeCarried(account, carried)) === 'changed') return;
    // Another admin has set it meanwhile, and made the account ready for that.
    if ((await directory.limit(id.scope, id.period)) !== undefined) return;
  }
  throw new Unavailable('the account is changing too fast to carry the books into it');
}

async function booksOf(id: LimitAccountId, at: number, { directory, store }: LimitsParts) {
  const days = await projectDays(directory, periodStart(id.period, at), at, id.scope.project);
  const books: Account[] = [];
  await forEach(days, WIDTH, async ({ project, day }) => {
    for await (const account of store.books(project, day)) {
      if (account.id.kind === 'books' && inScope(account.id, id.scope)) books.push(account);
    }
  });
  return books;
}

async function transitEntries(account: Account, books: readonly Account[], store: LedgerStore) {
  const entries: CallEntry[] = [];
  await forEach(inTransit(account, books), WIDTH, async ([id, project]) => {
    const entry = await store.getCall({ id, project });
    if (entry !== undefined) entries.push(entry);
  });
  return entries;
}
