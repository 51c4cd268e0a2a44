import type {
  Account,
  AccountId,
  CallEntry,
  CallRef,
  Deferred,
  Hold,
  Outcome,
  Tally,
} from '../core/ledger.ts';
import type { Exhausted } from '../core/ledger-rules.ts';
import type { Picodollars } from '../core/money.ts';
import type { Period } from '../core/period.ts';
import type { Receipt, Transfer } from '../core/shards.ts';

/**
 * What `reserve` found. `duplicate`: the call holds already · `missing`: the account was not opened yet ·
 * `outdated`: the account's limit is older than the version that the caller knows · `crowded`: as many calls hold in it as
 * may.
 */
export type Reservation =
  /** `remaining`: what is left after it; there is none in books. */
  | { readonly kind: 'held' | 'duplicate'; readonly remaining?: Picodollars }
  | Exhausted
  | { readonly kind: 'missing' | 'outdated' | 'crowded' };

export interface NewAccount {
  readonly id: AccountId;
  readonly limit?: { readonly amount: Picodollars; readonly version: number };
  readonly carried: Picodollars;
}

/** What a reservation depends on. */
export interface ReserveOptions {
  /** Nothing is held in an account whose limit is older than this version. */
  readonly limitVersion?: number;
  /** Money that arrives in a shard with the hold, in the same write; none if it arrived before. */
  readonly receipt?: Receipt;
  /** Nothing is held where so many calls hold already; absent: any number may. */
  readonly most?: number;
  /** Once it is aborted, the hold is not sent any more: whoever gave up on it gives it back. */
  readonly signal?: AbortSignal;
  /** It holds whatever remains, also where too much is spent already: a correction takes nothing. */
  readonly anyway?: true;
}

export interface Release {
  /** What the caller believes is held; the store releases what truly is. */
  readonly held: Picodollars;
  readonly cost: Picodollars;
  readonly saved: Picodollars;
  readonly tally: Tally;
}

/**
 * The books: items that are changed one at a time, each change conditional, durable and linearizable per item.
 * Every method is idempotent by the ids that it is given. A method throws `Unavailable` when it cannot say what
 * happened (the change may or may not have been made).
 */
export interface LedgerStore {
  /** Writes an entry, open or decided, unless there is one. */
  putCall(call: CallEntry): Promise<'created' | 'exists'>;
  getCall(ref: CallRef): Promise<CallEntry | undefined>;
  /** Writes the outcome if the call is open. Returns the entry as it then stands: with this outcome, or an earlier one. */
  decideCall(ref: CallRef, outcome: Outcome): Promise<CallEntry | undefined>;
  /**
   * Writes into an open call what tells its cost later, if nothing stands there yet, and when to look next. A further
   * one only puts off the look, never forward, so that a late copy changes nothing. Returns the entry as it then stands.
   */
  deferCall(ref: CallRef, deferred: Deferred, expiresAt: number): Promise<CallEntry | undefined>;
  /** Takes a decided call off the open list; it stays readable until its retention ends. */
  closeCall(ref: CallRef): Promise<void>;
  /**
   * Writes into a closed call what it cost in the end, if nothing stands there yet. Returns the entry as it then stands:
   * with this correction, or an earlier one.
   */
  correctCall(ref: CallRef, correction: NonNullable<CallEntry['correction']>): Promise<CallEntry | undefined>;

  openAccount(account: NewAccount): Promise<'created' | 'exists'>;
  /**
   * @param read `recent`, at half the price: the account as it was a moment ago, without changes that were acknowledged
   *   since then
   */
  getAccount(id: AccountId, read?: 'latest' | 'recent'): Promise<Account | undefined>;
  /** Reads accounts at about the same time; no more than 100, no two alike. */
  getAccounts(ids: readonly AccountId[]): Promise<(Account | undefined)[]>;
  /** Holds money for a call if that much remains. What has no limit is opened on the way. */
  reserve(id: AccountId, callId: string, hold: Hold, options?: ReserveOptions): Promise<Reservation>;
  /** Moves money between the account of a limit and its shards. `stale`: it is not as it was seen, or is not there. */
  transfer(id: AccountId, transfer: Transfer): Promise<'made' | 'stale'>;
  /** Replaces a call's hold by its cost. `absent`: the hold is not there (released before, or never taken). */
  release(id: AccountId, callId: string, release: Release): Promise<'released' | 'absent'>;
  /**
   * Moves an account to a newer limit, `remaining` by the difference. `stale`: it knows this version or a newer one.
   */
  changeLimit(
    id: AccountId,
    limit: { readonly amount: Picodollars; readonly version: number },
  ): Promise<'changed' | 'stale' | 'missing'>;
  /**
   * Corrects what was carried into a limit's account, `remaining` by the difference. `stale`: its limit or what was
   * carried has changed since it was `seen`.
   */
  changeCarried(seen: Account, carried: Picodollars): Promise<'changed' | 'stale'>;

  /** Calls that are open or decided and expired before this instant (milliseconds), the oldest first. */
  expiredCalls(before: number): AsyncIterable<CallEntry>;
  /** Every limit account of a period instance, such as `2026-11`, and every shard of one. */
  limitAccounts(period: Period, periodKey: string): AsyncIterable<Account>;
  /** The books of a project on a UTC day. */
  books(project: string, day: string): AsyncIterable<Account>;
  /**
   * The entries of the calls of a project on a UTC day, the newest first.
   *
   * @param and with the entries that book corrections of calls: accounts are the sums of both
   */
  calls(project: string, day: string, and?: 'corrections'): AsyncIterable<CallEntry>;
}

/** The store could not be reached in time, or did not say what happened. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
