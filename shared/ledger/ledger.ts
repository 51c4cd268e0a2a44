import type { AccountId, CallEntry, Held, Outcome, Refused } from '../core/ledger.ts';
import type { Picodollars } from '../core/money.ts';
import type { Limit, Subject } from '../core/scope.ts';

/** A call that wants its worst case set aside. */
export interface HoldRequest extends Subject {
  readonly id: string;
  readonly endpoint: string;
  readonly requestedModel: string;
  readonly stream: boolean;
  readonly amount: Picodollars;
  /** The limits that bind the call; none for a free one, which is booked all the same. */
  readonly limits: readonly Limit[];
}

export interface SweepReport {
  /** Expired calls settled at their full hold, since OpenAI may have billed them. */
  readonly unsettled: number;
  /** Expired calls voided: a hold was missing, so nothing had been sent. */
  readonly voided: number;
  /** Decided calls whose booking was completed. */
  readonly completed: number;
  /** Holds that no open call stands for, given back (deep sweep only). */
  readonly strays: number;
}

/** One counter that is not the sum of its entries. */
export interface Difference {
  readonly account: AccountId;
  readonly field: 'spent' | 'remaining' | 'saved' | 'tally' | 'hold';
  readonly counter: string;
  readonly entries: string;
}

/** The life of a call on the books. Throws `Unavailable` where the store cannot say what happened. */
export interface Ledger {
  /** Makes the call's entry and all its holds durable, or none of the holds: then says which limit refused. */
  hold(request: HoldRequest): Promise<Held | Refused>;
  /**
   * Decides the outcome, once, and books it everywhere. Returns the entry as it stands in the end: an earlier
   * decision (the sweep's, say) wins over this one.
   */
  settle(call: CallEntry, outcome: Outcome): Promise<CallEntry>;
  /** Settles what dead functions left behind. `deep` also looks for holds without an open call. */
  sweep(options: { readonly deep: boolean }): Promise<SweepReport>;
}
