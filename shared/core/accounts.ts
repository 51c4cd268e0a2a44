import { callTime } from './call-id.ts';
import type { Account, AccountId, Outcome } from './ledger.ts';
import type { Picodollars } from './money.ts';
import { type Period, periodKey } from './period.ts';
import { type Limit, type Scope, type Subject, scopeId } from './scope.ts';

/** What is booked in an account when a call's hold in it ends. */
export type Booking = Pick<Outcome, 'cost' | 'saved' | 'tally'>;

export const NOTHING: Booking = { cost: 0n, saved: 0n, tally: {} };

type LimitAccountId = Extract<AccountId, { kind: 'limit' }>;

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
  return { kind: 'books', user, project, model, day: periodKey('day', callTime(callId)) };
}

/** Every account that a call holds its worst case in: one for each limit, and the books of its subject. */
export function accountsOf(callId: string, subject: Subject, limits: readonly Limit[]): AccountId[] {
  const at = callTime(callId);
  return [
    ...limits.map(({ scope, period }) => limitAccount(scope, period, at)),
    booksAccount(callId, subject),
  ];
}

/** Names an account for machines: one text for each account. */
export function accountName(id: AccountId): string {
  if (id.kind === 'limit') return `limit/${id.period}/${id.periodKey}/${scopeId(id.scope)}`;
  return `books/${id.day}/${scopeId(id)}`;
}

/** Whether what is booked on this subject counts in this scope. */
export function inScope(subject: Subject, scope: Scope): boolean {
  return (['user', 'project', 'model'] as const).every(
    (part) => scope[part] === undefined || scope[part] === subject[part],
  );
}

/** What an outcome books in an account: usage is told by the books; a limit counts money and calls. */
export function bookingIn(id: AccountId, outcome: Outcome): Booking {
  if (outcome.state === 'void') return NOTHING;
  if (id.kind === 'limit') return { cost: outcome.cost, saved: 0n, tally: { calls: 1 } };
  return { cost: outcome.cost, saved: outcome.saved, tally: { ...outcome.tally, calls: 1 } };
}

/** All that calls in flight hold in an account, or all but one of them. */
export function heldIn(account: Pick<Account, 'holds'>, exceptCall?: string): Picodollars {
  let sum = 0n;
  for (const [callId, { amount }] of account.holds) if (callId !== exceptCall) sum += amount;
  return sum;
}
