import { callShard, callTime } from './call-id.ts';
import type { Account, AccountId, DeferredAccountId, LimitAccountId, Outcome } from './ledger.ts';
import type { Picodollars } from './money.ts';
import { type Period, periodKey } from './period.ts';
import { type Limit, type Scope, type Subject, scopeId } from './scope.ts';

/** What is booked in an account when a call's hold in it ends. */
export type Booking = Pick<Outcome, 'cost' | 'saved' | 'tally'>;

export const NOTHING: Booking = { cost: 0n, saved: 0n, tally: {} };

/**
 * The books of one subject's day have no limit, so they are simply kept in as many items. That carries a subject of
 * about 2,000 calls in flight (docs/scale.md).
 */
export const BOOKS_SHARDS = 16;

/**
 * The account in which a scope's limit counts at an instant.
 *
 * @param at milliseconds since the epoch
 */
export function limitAccount(scope: Scope, period: Period, at: number): LimitAccountId {
  return { kind: 'limit', scope, period, periodKey: periodKey(period, at) };
}

/**
 * The books of a call's subject on the call's day. A call counts in the day and the periods in which it began,
 * which its id tells: they never change, however late it ends.
 */
export function booksAccount(callId: string, { user, project, model }: Subject): AccountId {
  const day = periodKey('day', callTime(callId));
  return { kind: 'books', user, project, model, day, shard: callShard(callId, BOOKS_SHARDS) };
}

/** Where a call holds under a limit: its account or, where that is spread over shards, the call's own one. */
export function accountUnder({ scope, period, shards = 1 }: Limit, callId: string): LimitAccountId {
  const account = limitAccount(scope, period, callTime(callId));
  return shards === 1 ? account : shardOf(account, callShard(callId, shards));
}

/** A shard of an account. */
export function shardOf(account: LimitAccountId, shard: number): LimitAccountId {
  return { ...account, shard };
}

/** The account that a shard is one of; itself, where it is none. */
export function wholeAccount({ kind, scope, period, periodKey: key }: LimitAccountId): LimitAccountId {
  return { kind, scope, period, periodKey: key };
}

/** The account of a project's deferred calls. */
export function deferredAccount(project: string): DeferredAccountId {
  return { kind: 'deferred', project };
}

/**
 * Every account that a call holds its worst case in: one for each limit, the books of its subject, and where OpenAI will
 * go on working on it, that of its project's deferred calls.
 */
export function accountsOf(
  callId: string,
  subject: Subject,
  limits: readonly Limit[],
  isDeferred = false,
): AccountId[] {
  const bounding = isDeferred ? [deferredAccount(subject.project)] : [];
  return [...limits.map((limit) => accountUnder(limit, callId)), booksAccount(callId, subject), ...bounding];
}

/** Names an account for machines: one text for each account. */
export function accountName(id: AccountId): string {
  const shard = id.shard === undefined ? '' : `#${id.shard}`;
  if (id.kind === 'deferred') return `deferred/${encodeURIComponent(id.project)}`;
  if (id.kind === 'limit') return `limit/${id.period}/${id.periodKey}/${scopeId(id.scope)}${shard}`;
  return `books/${id.day}/${scopeId(id)}${shard}`;
}

/**
 * What an outcome books in an account: usage is told by the books; all others count money and calls. A correction counts
 * nothing but money.
 */
export function bookingIn(id: AccountId, outcome: Outcome): Booking {
  if (outcome.state === 'void') return NOTHING;
  if (outcome.state === 'correction') return { ...NOTHING, cost: outcome.cost };
  if (id.kind !== 'books') return { cost: outcome.cost, saved: 0n, tally: { calls: 1 } };
  return { cost: outcome.cost, saved: outcome.saved, tally: { ...outcome.tally, calls: 1 } };
}

/** All that calls in flight hold in an account, or all but one of them. */
export function heldIn(account: Pick<Account, 'holds'>, exceptCall?: string): Picodollars {
  let sum = 0n;
  for (const [callId, { amount }] of account.holds) if (callId !== exceptCall) sum += amount;
  return sum;
}
