import type { PriceTable } from '../core/price.ts';

/** Where a call gets its prices: one table, from its hold to its settlement. */
export interface PriceSource {
  /**
   * The prices as they stand; at most 50 seconds old, where the ledger can be reached. Throws `Unavailable` when they
   * were never read: what an admin corrected must not pass at the price that was wrong.
   */
  current(): Promise<PriceTable>;
}
