import type { HoldDeadline } from '../../shared/ledger/ledger.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import { Unavailable } from '../../shared/ports/ledger-store.ts';

/** Past the budget, so that a call which fails leaves nothing behind where the ledger still answers. */
const GIVE_BACK_MS = 1_000;

/** How long a call may keep the ledger busy before it is forwarded: whatever it asks, and however often. */
export interface LedgerBudget {
  /** What is left of it, as a part of the whole, from 1 down. */
  left(): number;
  /** Does a piece of work on it. Throws `Unavailable` when none is left. */
  spend<T>(work: (deadline: HoldDeadline) => Promise<T>): Promise<T>;
}

/**
 * Makes the budget of one call.
 *
 * @param wholeMs all of it, in milliseconds
 * @param spentMs what the call has spent of it already
 */
export function createLedgerBudget(wholeMs: number, spentMs: number, clock: Clock): LedgerBudget {
  let leftMs = wholeMs - spentMs;
  return {
    left: () => leftMs / wholeMs,
    async spend(work) {
      if (leftMs <= 0) throw new Unavailable('the ledger took all the time that a call has for it');
      const began = clock.now();
      const deadline = {
        holding: AbortSignal.timeout(Math.ceil(leftMs)),
        givingBack: AbortSignal.timeout(Math.ceil(leftMs) + GIVE_BACK_MS),
      };
      try {
        return await work(deadline);
      } finally {
        leftMs -= Math.max(0, clock.now() - began);
      }
    },
  };
}
