import type { Picodollars } from './money.ts';
import type { Period } from './period.ts';
import type { Limit, Scope, Subject } from './scope.ts';
import type { UsageClass } from './usage.ts';

/**
 * Names an account: the counter of one limit's scope in one period (`limit`), or the books of one subject on one
 * day (`books`), which have no limit and carry the tallies that usage reports are made of.
 */
export type AccountId =
  | { readonly kind: 'limit'; readonly scope: Scope; readonly period: Period; readonly periodKey: string }
  | ({ readonly kind: 'books'; readonly day: string } & Subject);

/** What is counted beside money: calls, hits, and units by class. */
export type TallyKey = UsageClass | 'calls' | 'hits';
export type Tally = Partial<Record<TallyKey, number>>;

/** Money set aside in an account for a call in flight. */
export interface Hold {
  readonly amount: Picodollars;
  /** When it was taken, milliseconds since the epoch. */
  readonly at: number;
  /** The project of the call: with the call's id, the way to its entry. */
  readonly project: string;
}

/** A counter as it stands. `remaining = limit - carried - spent - (sum of holds)`, in limit accounts. */
export interface Account {
  readonly id: AccountId;
  /** The limit it counts against; absent in books. */
  readonly limit?: {
    readonly amount: Picodollars;
    readonly version: number;
    readonly remaining: Picodollars;
  };
  /** What the scope had spent in this period before this account was opened. */
  readonly carried: Picodollars;
  /** The sum of the costs of all entries that name this account. */
  readonly spent: Picodollars;
  /** What cache hits would have cost (books only). */
  readonly saved: Picodollars;
  readonly holds: ReadonlyMap<string, Hold>;
  readonly tally: Tally;
}

/** How a call ended, decided once and never changed. */
export interface Outcome {
  /**
   * `settled`: at its true cost · `unsettled`: at its full hold, because the function died before it knew better ·
   * `void`: nothing was sent.
   */
  readonly state: 'settled' | 'unsettled' | 'void';
  readonly cost: Picodollars;
  /** What this call would have cost, had it not been answered from the cache. */
  readonly saved: Picodollars;
  readonly tally: Tally;
  /** What an admin must look into: `over_hold`, `unpriced`, `estimated`, `no_usage`… */
  readonly flags: readonly string[];
  readonly servedModel?: string;
  readonly serviceTier?: string;
  /** The status that the caller saw. */
  readonly status?: number;
  /** Milliseconds since the epoch. */
  readonly decidedAt: number;
  /** Which sweep decided, where several may try at once: something that no other sweep draws. */
  readonly decidedBy?: string;
}

/**
 * A call on the books.
 *
 * `open`: its holds are, or may be, in its accounts · `decided`: its outcome is known, its accounts are being
 * released · `closed`: every account has booked it.
 */
export interface CallEntry extends Subject {
  readonly id: string;
  readonly endpoint: string;
  readonly requestedModel: string;
  readonly stream: boolean;
  /** The worst case, held in every account. */
  readonly held: Picodollars;
  readonly accounts: readonly AccountId[];
  /** From then on the sweep may settle it: no function can still be working on it. Milliseconds. */
  readonly expiresAt: number;
  readonly state: 'open' | 'decided' | 'closed';
  readonly outcome?: Outcome;
}

/** The way to a call's entry. */
export type CallRef = Pick<CallEntry, 'id' | 'project'>;

/** A call that found no room for its worst case: nothing is held for it. */
export interface Refused {
  readonly kind: 'refused';
  /**
   * The limit that refused. Where several did, the one with the least left for good, holds not counted: if any of
   * them is truly exhausted, it is this one, and no waiting for holds helps.
   */
  readonly limit: Limit;
  /** What is left of it, holds of other calls deducted. */
  readonly remaining: Picodollars;
  /** What other calls hold of it at this instant, and may give back. */
  readonly heldByOthers: Picodollars;
  /** What is left in the tightest of the limits that refused: the most that a smaller call could hold now. */
  readonly affordable: Picodollars;
  /** When it starts again, milliseconds since the epoch; absent for `total`. */
  readonly resetsAt?: number;
}

/** A call whose money is durably set aside: only such a call may be forwarded. */
export interface Held {
  readonly kind: 'held';
  readonly call: CallEntry;
  /** The limit with the least left after this hold; absent where no limit binds (free endpoints). */
  readonly tightest?: { readonly limit: Limit; readonly remaining: Picodollars };
}
