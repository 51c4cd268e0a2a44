import type { Picodollars } from './money.ts';
import type { Period } from './period.ts';
import type { Limit, Scope, Subject } from './scope.ts';
import type { UsageClass } from './usage.ts';

/** How long closed entries are kept where a stage does not say otherwise, in days: the store and the audit must agree. */
export const RETENTION_DAYS = 400;

/**
 * Names an account: the counter of one limit's scope in one period (`limit`), a shard of the books of one subject on
 * one day (`books`), which have no limit and carry the tallies that usage reports are made of, or that of a project's
 * deferred calls, whose number it bounds.
 */
export type AccountId =
  | LimitAccountId
  | ({ readonly kind: 'books'; readonly day: string } & Subject & Shard)
  | DeferredAccountId;

export interface DeferredAccountId {
  readonly kind: 'deferred';
  readonly project: string;
  readonly shard?: undefined;
}

/** The account of a limit, or with `shard` one of the items that it is spread over, from 0. */
export type LimitAccountId = {
  readonly kind: 'limit';
  readonly scope: Scope;
  readonly period: Period;
  readonly periodKey: string;
} & Partial<Shard>;

interface Shard {
  readonly shard: number;
}

/** What an account lent a shard, and took back, since it was opened. Both only grow. */
export interface Lent {
  readonly granted: Picodollars;
  readonly collected: Picodollars;
}

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

/**
 * A counter as it stands. In limit accounts, `remaining = limit - carried - spent - (sum of holds) - (granted to shards
 * and not collected again)`. A shard has what it `received` and has not `returned` for its limit.
 */
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
  /** By shard, in the account of a limit that was ever spread over shards. */
  readonly lent?: readonly Lent[];
  /** In shards only. Both only grow; what was granted and not received, or returned and not collected, is on its way. */
  readonly flow?: { readonly received: Picodollars; readonly returned: Picodollars };
}

/** What OpenAI made for a call, and goes on working on after it answered: what it costs is told by it, later. */
export interface Deferred {
  readonly kind: 'response' | 'chat_completion' | 'batch';
  /** OpenAI's id of it, such as `resp_abc` or `batch_abc`. */
  readonly object: string;
  /**
   * Of an answer that broke off: what is booked should OpenAI never tell. Absent: the answer only promised, and the full
   * hold is booked then.
   */
  readonly untold?: Untold;
}

/** What is booked for a call of which OpenAI does not tell what it used, and the status that its caller saw. */
export type Untold = Pick<Outcome, 'cost' | 'flags'> & { readonly status: number };

/** That an admin says what a call cost, in the place of what was booked for it. */
export interface Correction {
  readonly cost: Picodollars;
  readonly reason: string;
  /** Who asked for it, in their own word; absent where nobody is named. */
  readonly by?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** How a call ended, decided once and never changed. */
export interface Outcome {
  /**
   * `settled`: at its true cost · `unsettled`: at its full hold, because the function died before it knew better ·
   * `void`: nothing was sent · `correction`: it is no call, but books by how much another one is corrected.
   */
  readonly state: 'settled' | 'unsettled' | 'void' | 'correction';
  /** Of a correction, what is booked beside the call's own cost: below 0 where the call was booked too high. */
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
 * A call on the books, or the correction of one.
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
  /**
   * From then on the sweep sees to it, as no function can still be working on it; where its cost is `deferred`, when it
   * is looked at next. Milliseconds.
   */
  readonly expiresAt: number;
  /** OpenAI tells what it cost when this has ended; absent where the answer itself tells. */
  readonly deferred?: Deferred;
  readonly state: 'open' | 'decided' | 'closed';
  readonly outcome?: Outcome;
  /** What the call cost in the end, and by which entry the difference is booked. Set once, after it was closed. */
  readonly correction?: Correction & { readonly entry: string };
  /** The call that this entry corrects, and by how much; absent in the entry of a call. */
  readonly corrects?: Correction & { readonly call: string; readonly difference: Picodollars };
}

/** The way to a call's entry. */
export type CallRef = Pick<CallEntry, 'id' | 'project'>;

/** What is left under one limit, or under several. */
export interface Room {
  /**
   * Of several, the one with the least left for good, holds not counted: if any of them is truly exhausted, it is this
   * one, and no waiting for holds helps.
   */
  readonly limit: Limit;
  /** What is left of it, holds of other calls deducted. */
  readonly remaining: Picodollars;
  /** What other calls hold of it at this instant, and may give back. */
  readonly heldByOthers: Picodollars;
  /** What is left in the tightest of them: the most that a call could hold now. */
  readonly affordable: Picodollars;
  /** When it starts again, milliseconds since the epoch; absent for `total`. */
  readonly resetsAt?: number;
}

/** A call that found no room for its worst case: nothing is held for it. */
export interface Refused extends Room {
  readonly kind: 'refused';
  /** Every limit that refused it: there is room for it when there is under each of them. */
  readonly refusing: readonly Limit[];
}

/** A project has as many calls open, or deferred, as it may: nothing is held for one more. */
export interface Crowded {
  readonly kind: 'crowded';
  readonly which: 'open' | 'deferred';
  /** As many may be. */
  readonly most: number;
}

/** A call whose money is durably set aside: only such a call may be forwarded. */
export interface Held {
  readonly kind: 'held';
  readonly call: CallEntry;
  /**
   * The limit with the least left after this hold. Of one that is spread over shards, that is the least that is left, as
   * no one write or read tells what lies in all of them. Absent where no limit binds the call.
   */
  readonly tightest?: { readonly limit: Limit; readonly remaining: Picodollars };
}
