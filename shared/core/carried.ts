import { accountName, wholeAccount } from './accounts.ts';
import type { Account, AccountId, CallEntry } from './ledger.ts';
import type { Picodollars } from './money.ts';

/** The sum of what these accounts have booked. */
export function spentIn(accounts: readonly Account[]): Picodollars {
  return accounts.reduce((sum, { spent }) => sum + spent, 0n);
}

/**
 * The calls that a limit's account and the books disagree on: in one of them the call still holds, in the other it
 * does not, or not any more. Their entries tell whether the other has booked it.
 */
export function inTransit(account: Account, books: readonly Account[]): Map<string, string> {
  const calls = new Map<string, string>();
  const inBooks = new Map(books.flatMap(({ holds }) => [...holds]));
  for (const [id, { project }] of account.holds) if (!inBooks.has(id)) calls.set(id, project);
  for (const [id, { project }] of inBooks) if (!account.holds.has(id)) calls.set(id, project);
  return calls;
}

function wholeOf(id: AccountId): AccountId {
  return id.kind === 'limit' ? wholeAccount(id) : id;
}

/**
 * What a scope has spent that its limit's account does not count: the books of the scope less what the account has
 * booked itself. A call that only one of the two has booked yet is taken out of the difference.
 *
 * @param account as it was read before the books, summed with its shards; while its limit is not in force, no new call enters it
 * @param books every account of the books in the scope and the period
 * @param transit the entries of the calls `inTransit`, read after both
 */
export function uncounted(
  account: Account,
  books: readonly Account[],
  transit: readonly CallEntry[],
): Picodollars {
  const name = accountName(account.id);
  let sum = spentIn(books) - account.spent;
  for (const { id, accounts, outcome } of transit) {
    if (!accounts.some((other) => accountName(wholeOf(other)) === name)) continue;
    const cost = outcome?.cost ?? 0n;
    // It still holds in the account, so it is the books that have booked it; or the other way round.
    sum += account.holds.has(id) ? -cost : cost;
  }
  return sum;
}
