import { type Booking, heldIn } from './accounts.ts';
import type { Account, AccountId, Hold, Tally, TallyKey } from './ledger.ts';
import type { Picodollars } from './money.ts';
import { NOTHING_LENT, type Receipt, type Transfer } from './shards.ts';

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
    ...(isShard(id) && { flow: { received: 0n, returned: 0n } }),
    ...(limit !== undefined && {
      limit: { amount: limit.amount, version: limit.version, remaining: limit.amount - carried },
    }),
  };
}

export type NotReserved =
  | ({ readonly kind: 'duplicate' } & Remaining)
  | Exhausted
  | { readonly kind: 'outdated' | 'crowded' };

/** So much does not remain, in this item. */
export interface Exhausted {
  readonly kind: 'exhausted';
  readonly remaining: Picodollars;
  readonly heldByOthers: Picodollars;
  /** Over how many shards the rest is spread; absent: this is all there is. */
  readonly shards?: number;
}

/** What is left in an account of a limit; there is none in books. */
export interface Remaining {
  readonly remaining?: Picodollars;
}

export function remainingOf({ limit }: Account): Remaining {
  return limit === undefined ? {} : { remaining: limit.remaining };
}

/**
 * Why a call cannot set so much aside in an account; `undefined` when it can.
 *
 * @param arriving money that comes with the call, where the account is a shard
 * @param most so many calls may hold in it
 * @param anyway whatever remains, also where too much is spent already
 */
export function notReserved(
  account: Account,
  callId: string,
  amount: Picodollars,
  limitVersion: number,
  arriving: Picodollars = 0n,
  most = Number.POSITIVE_INFINITY,
  anyway = false,
): NotReserved | undefined {
  if (account.holds.has(callId)) return { kind: 'duplicate', ...remainingOf(account) };
  const crowded = account.holds.size < most ? undefined : ({ kind: 'crowded' } as const);
  if (account.limit === undefined) return crowded;
  if (account.limit.version < limitVersion) return { kind: 'outdated' };
  const { remaining } = account.limit;
  if (anyway || remaining + arriving >= amount) return crowded;
  const shards = account.lent === undefined ? {} : { shards: account.lent.length };
  return { kind: 'exhausted', remaining, heldByOthers: heldIn(account), ...shards };
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
  const back = hold.amount - booking.cost;
  return {
    // What a shard gets back only its account may spend again: the limit may be lower by now.
    ...(account.flow !== undefined && back > 0n
      ? flowing(account, { received: 0n, returned: back })
      : moved(account, back)),
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

/** Money that comes to a shard with a call, unless it came before. */
export function arrivingIn(account: Account | undefined, receipt: Receipt | undefined): Picodollars {
  return receipt !== undefined && account?.flow?.received === receipt.seen ? receipt.received : 0n;
}

/** Receives money in a shard. */
export function received(account: Account, amount: Picodollars): Account {
  return amount === 0n ? account : moved(flowing(account, { received: amount, returned: 0n }), amount);
}

type Transferring<K extends Transfer['kind']> = (
  account: Account,
  transfer: Extract<Transfer, { kind: K }>,
) => Account | 'stale';

/** Carries a transfer out; `stale` when the account is not as it was seen. */
export function transferred(account: Account, transfer: Transfer): Account | 'stale' {
  switch (transfer.kind) {
    case 'split':
      return split(account, transfer);
    case 'lend':
      return lend(account, transfer);
    case 'flow':
      return flow(account, transfer);
  }
}

const split: Transferring<'split'> = (account, { shards }) => {
  const { lent = [] } = account;
  if (shards <= lent.length) return 'stale';
  const none = Array.from({ length: shards - lent.length }, () => NOTHING_LENT);
  return { ...account, lent: [...lent, ...none] };
};

const lend: Transferring<'lend'> = (account, { shards, atLeast }) => {
  if (!remains(account, atLeast)) return 'stale';
  const lent = [...(account.lent ?? [])];
  let back = 0n;
  for (const { shard, seen, granted, collected } of shards) {
    const before = lent[shard] ?? NOTHING_LENT;
    if (before.granted !== seen.granted || before.collected !== seen.collected) return 'stale';
    lent[shard] = { granted: seen.granted + granted, collected: seen.collected + collected };
    back += collected - granted;
  }
  return { ...moved(account, back), lent };
};

const flow: Transferring<'flow'> = (account, transfer) => {
  const known = account.limit?.version ?? 0;
  const { version = known, atLeast } = transfer;
  if (account.flow?.received !== transfer.seen || version < known) return 'stale';
  if (!remains(account, atLeast)) return 'stale';
  const next = flowing(moved(account, transfer.received - transfer.returned), transfer);
  return next.limit === undefined ? next : { ...next, limit: { ...next.limit, version } };
};

function remains({ limit }: Account, atLeast: Picodollars | undefined): boolean {
  return limit !== undefined && (atLeast === undefined || limit.remaining >= atLeast);
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

function isShard(id: AccountId): boolean {
  return id.kind === 'limit' && id.shard !== undefined;
}

/** What a shard has of its limit is what it received and has not returned. */
function flowing(account: Account, more: { received: Picodollars; returned: Picodollars }): Account {
  const { flow, limit } = account;
  if (flow === undefined || limit === undefined) return account;
  return {
    ...account,
    limit: { ...limit, amount: limit.amount + more.received - more.returned },
    flow: { received: flow.received + more.received, returned: flow.returned + more.returned },
  };
}

function moved(account: Account, by: Picodollars): Account {
  if (account.limit === undefined) return account;
  return { ...account, limit: { ...account.limit, remaining: account.limit.remaining + by } };
}
