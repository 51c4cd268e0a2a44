import { type Booking, heldIn } from './accounts.ts';
import type { Account, AccountId, Hold, Tally, TallyKey } from './ledger.ts';
import type { Picodollars } from './money.ts';

type LimitState = { readonly amount: Picodollars; readonly version: number };

/** An account as it is opened: nothing spent, nothing held. */
export function openedAccount(id: AccountId, carried: Picodollars, limit?: LimitState): Account {
  return {
    id,
    carried,
    spent: 0n,
    saved: 0n,
    holds: new Map(),
    tally: {},
    ...(limit !== undefined && {
      limit: { amount: limit.amount, version: limit.version, remaining: limit.amount - carried },
    }),
  };
}

export type NotReserved =
  | ({ readonly kind: 'duplicate' } & Remaining)
  | { readonly kind: 'exhausted'; readonly remaining: Picodollars; readonly heldByOthers: Picodollars }
  | { readonly kind: 'outdated' };

/** What is left in an account of a limit; there is none in books. */
export interface Remaining {
  readonly remaining?: Picodollars;
}

export function remainingOf({ limit }: Account): Remaining {
  return limit === undefined ? {} : { remaining: limit.remaining };
}

/** Why a call cannot set so much aside in an account; `undefined` when it can. */
export function notReserved(
  account: Account,
  callId: string,
  amount: Picodollars,
  limitVersion: number,
): NotReserved | undefined {
  if (account.holds.has(callId)) return { kind: 'duplicate', ...remainingOf(account) };
  if (account.limit === undefined) return undefined;
  if (account.limit.version < limitVersion) return { kind: 'outdated' };
  const { remaining } = account.limit;
  return remaining < amount ? { kind: 'exhausted', remaining, heldByOthers: heldIn(account) } : undefined;
}

/** Sets money aside for a call; only where nothing in `notReserved` speaks against it. */
export function reserved(account: Account, callId: string, hold: Hold): Account {
  return { ...moved(account, -hold.amount), holds: new Map(account.holds).set(callId, hold) };
}

/** Replaces a call's hold by what it cost; `absent` when it holds nothing. */
export function released(account: Account, callId: string, booking: Booking): Account | 'absent' {
  const hold = account.holds.get(callId);
  if (hold === undefined) return 'absent';
  const holds = new Map(account.holds);
  holds.delete(callId);
  return {
    ...moved(account, hold.amount - booking.cost),
    spent: account.spent + booking.cost,
    saved: account.saved + booking.saved,
    tally: tallySum(account.tally, booking.tally),
    holds,
  };
}

/** Moves an account to a newer limit; `stale` when it knows this version or a newer one, or is none of a limit. */
export function relimited(account: Account, limit: LimitState): Account | 'stale' {
  if (account.limit === undefined || account.limit.version >= limit.version) return 'stale';
  const remaining = account.limit.remaining + limit.amount - account.limit.amount;
  return { ...account, limit: { amount: limit.amount, version: limit.version, remaining } };
}

/** Corrects what was carried into an account. */
export function recarried(account: Account, carried: Picodollars): Account {
  return { ...moved(account, account.carried - carried), carried };
}

export function tallySum(a: Tally, b: Tally): Tally {
  const sum: Tally = { ...a };
  for (const [name, count] of tallyEntries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

/** A tally's counts that are not 0. */
export function tallyEntries(tally: Tally): [TallyKey, number][] {
  const names = Object.keys(tally) as TallyKey[];
  return names.flatMap((name) => (tally[name] ? [[name, tally[name]]] : []));
}

function moved(account: Account, by: Picodollars): Account {
  if (account.limit === undefined) return account;
  return { ...account, limit: { ...account.limit, remaining: account.limit.remaining + by } };
}
