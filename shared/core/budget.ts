import type { Account } from './ledger.ts';
import type { Picodollars } from './money.ts';

/** What of a limit was used when its account was read, and the thresholds that this has reached. */
export interface BudgetUse {
  readonly amount: Picodollars;
  readonly used: Picodollars;
  /** In percent, of those that were asked for. */
  readonly reached: readonly number[];
}

/**
 * Says which thresholds the account of a limit has reached by what is booked in it. Holds do not count: most of each
 * comes back.
 *
 * @param thresholds in percent of the limit
 */
export function budgetUse(account: Account, thresholds: readonly number[]): BudgetUse | undefined {
  const { limit, carried, spent } = account;
  if (limit === undefined) return undefined;
  const used = carried + spent;
  const reached = thresholds.filter(
    (threshold) => used > 0n && used * 100n >= limit.amount * BigInt(threshold),
  );
  return { amount: limit.amount, used, reached };
}
