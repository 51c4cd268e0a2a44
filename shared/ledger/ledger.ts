import type { Difference } from '../core/audit-rules.ts';
import type { NotCorrected } from '../core/corrections.ts';
import type {
  CallEntry,
  CallRef,
  Correction,
  Crowded,
  Deferred,
  Held,
  Outcome,
  Refused,
  Room,
} from '../core/ledger.ts';
import type { Picodollars } from '../core/money.ts';
import type { Period } from '../core/period.ts';
import type { Limit, Scope, Subject } from '../core/scope.ts';

export type { Difference };

/** A call that wants its worst case set aside. */
export interface HoldRequest extends Subject {
  readonly id: string;
  readonly endpoint: string;
  readonly requestedModel: string;
  readonly stream: boolean;
  readonly amount: Picodollars;
  /** The limits that bind the call; none for a free one, which is booked all the same. */
  readonly limits: readonly Limit[];
  /** OpenAI goes on working on it after it has answered. */
  readonly deferred?: boolean;
}

export interface SweepReport {
  /** Expired calls settled at their full hold, since OpenAI may have billed them. */
  readonly unsettled: number;
  /** Expired calls voided: a hold was missing, so nothing had been sent. */
  readonly voided: number;
  /** Decided calls whose booking was completed, and corrections that were begun. */
  readonly completed: number;
  /** Calls whose cost OpenAI told in the meantime, settled at it. */
  readonly settled: number;
  /** Calls whose cost OpenAI could not tell yet: they are looked at again. */
  readonly waiting: number;
  /** Holds that no open call stands for, given back (deep sweep only). */
  readonly strays: number;
}

export interface SweepOptions {
  /** Whether to look for holds without an open call too. */
  readonly deep: boolean;
  /** Told of each call that this sweep, and no other, decided to settle; before it is booked. */
  readonly onDecided?: (call: DecidedCall) => void;
  /** Asks OpenAI what became of a call; without it, every call is waited for until it is given up. */
  readonly truth?: Truth;
}

export type DecidedCall = CallEntry & { readonly outcome: Outcome };

/** Tells what a call came to whose cost is told later; `undefined` while that is not known. Throws `Unavailable`. */
export type Truth = (call: CallEntry, deferred: Deferred) => Promise<Outcome | undefined>;

/** One instance of a period: the one in which `at` (milliseconds since the epoch) lies. */
export interface PeriodInstance {
  readonly period: Period;
  readonly at: number;
}

export interface AuditReport {
  /** Counters that were compared. */
  readonly accounts: number;
  /** Entries that they were compared with. */
  readonly entries: number;
  /** Counters that moved during the audit: only their bounds were compared. */
  readonly moving: number;
  readonly differences: readonly Difference[];
}

/** Compares counters with the sums of their entries. Throws `Unavailable`. */
export interface Audit {
  /**
   * Compares every limit account of these period instances, and the books of their days, with the entries that name
   * them.
   *
   * @param project only this project's books and the limits on it; absent: everything
   */
  run(instances: readonly PeriodInstance[], project?: string): Promise<AuditReport>;
}

/** Sets and removes limits so that the accounts of the running period follow. Throws `Unavailable`. */
export interface Limits {
  /**
   * Sets a limit. It counts all that was booked in the running period when this was called, and every call that
   * begins after it returned.
   *
   * @param shards over how many items its account is spread; absent: as many as before
   */
  set(scope: Scope, period: Period, amount: Picodollars, shards?: number): Promise<Limit>;
  /** Removes a limit and returns what it was; `undefined` when none was set. */
  remove(scope: Scope, period: Period): Promise<Limit | undefined>;
}

/** How an attempt to correct a call came out. */
export type Corrected =
  /** The call as it stands, corrected now or before to the same cost. */
  | { readonly kind: 'corrected'; readonly call: CallEntry }
  | { readonly kind: 'not_corrected'; readonly why: NotCorrected; readonly call?: CallEntry | undefined }
  /** It was corrected before, to another cost. */
  | { readonly kind: 'corrected_before'; readonly call: CallEntry }
  /** A limit does not have what the call is to cost more: so much is left of it. */
  | { readonly kind: 'refused'; readonly limit: Limit; readonly remaining: Picodollars };

/** Corrects what calls were booked at. Throws `Unavailable`: then the sweep completes what was begun, or it is sent again. */
export interface Corrections {
  /**
   * Books a call at another cost, once, within what it held: in its entry, and in every account that counts it, also of
   * periods that are over.
   *
   * @param correction `at` is the time of the clock
   */
  correct(ref: CallRef, correction: Omit<Correction, 'at'>): Promise<Corrected>;
}

/** When the ledger gives up on a hold; after both, nothing of it is begun any more. */
export interface HoldDeadline {
  /** By then it is made, or fails. */
  readonly holding: AbortSignal;
  /** By then it was given back where it was refused or failed; what was not, the sweep gives back. */
  readonly givingBack: AbortSignal;
}

/** The life of a call on the books. Throws `Unavailable` where the store cannot say what happened. */
export interface Ledger {
  /** Makes the call's entry and all its holds durable, or none of the holds: then says which limit refused, or which bound. */
  hold(request: HoldRequest, deadline?: HoldDeadline): Promise<Held | Refused | Crowded>;
  /** Looks at what a call could hold under these limits now, and holds nothing: a read for each of them. */
  room(limits: readonly Limit[], deadline: AbortSignal): Promise<Room>;
  /**
   * Decides the outcome, once, and books it everywhere. Returns the entry as it stands in the end: an earlier
   * decision (the sweep's, say) wins over this one.
   */
  settle(call: CallEntry, outcome: Outcome): Promise<CallEntry>;
  /**
   * Leaves a call to whoever first sees what it cost: it keeps its hold, and the sweep looks after it. Of a call that
   * is decided already, nothing changes.
   */
  defer(call: CallEntry, deferred: Deferred): Promise<void>;
  /** Settles what dead functions left behind. Each call counts in the report of the one sweep that decided it. */
  sweep(options: SweepOptions): Promise<SweepReport>;
}
