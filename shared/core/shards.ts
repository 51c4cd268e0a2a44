import { heldIn } from './accounts.ts';
import type { Account, Lent } from './ledger.ts';
import type { Picodollars } from './money.ts';

/**
 * A movement of money between an account and its shards: one write on one of them, made only while the counters are
 * as they were seen, so that it may be repeated, and may come late.
 */
export type Transfer =
  /** The account gets to know that it has so many shards; they never become fewer. */
  | { readonly kind: 'split'; readonly shards: number }
  /** The account grants to shards and collects from them; `atLeast` must remain before. */
  | { readonly kind: 'lend'; readonly shards: readonly Lending[]; readonly atLeast?: Picodollars }
  /** A shard receives and returns; `atLeast` must remain before. With `version` it follows a newer limit. */
  | (Receipt & {
      readonly kind: 'flow';
      readonly returned: Picodollars;
      readonly atLeast?: Picodollars;
      readonly version?: number;
    });

/** What changes of one shard's counters in its account. */
export interface Lending extends Lent {
  readonly shard: number;
  readonly seen: Lent;
}

/** Money that arrives in a shard, unless it has arrived before: then the shard has received more than was `seen`. */
export interface Receipt {
  readonly seen: Picodollars;
  readonly received: Picodollars;
}

/** A shard, or what it will be when it is opened. */
type Shard = Pick<Account, 'flow' | 'limit' | 'holds'>;

/** A grant is enough for so many calls like the one that asks, where there is plenty, so that the account is asked seldom. */
const CALLS_PER_GRANT = 32n;
export const NOTHING_LENT: Lent = { granted: 0n, collected: 0n };

/** Money that an account granted to a shard which has not received it yet. */
export function incoming(account: Account, shard: Shard, index: number): Picodollars {
  return greatest(0n, lentTo(account, index).granted - (shard.flow?.received ?? 0n));
}

/** Money that a shard returned and its account has not collected yet. */
function outgoing(account: Account, shard: Shard, index: number): Picodollars {
  return greatest(0n, (shard.flow?.returned ?? 0n) - lentTo(account, index).collected);
}

/** What lies in a shard for calls to come; below nothing where calls cost more than they held. */
export function idleIn(shard: Shard): Picodollars {
  return shard.limit?.remaining ?? 0n;
}

export interface Funding {
  /** To be made first; absent where the money is on its way already. */
  readonly grant?: Transfer;
  /** What the shard then may receive. */
  readonly receipt: Receipt;
}

/**
 * How a shard gets the money for a call out of what remains in its account: with some for calls to come, but no more
 * than a fair part. `short`: so much does not remain, unless other shards give something back.
 */
export function funding(
  account: Account,
  shard: Account,
  index: number,
  amount: Picodollars,
): Funding | 'short' {
  const arriving = incoming(account, shard, index);
  const seen = shard.flow?.received ?? 0n;
  const needed = amount - idleIn(shard) - arriving;
  if (needed <= 0n) return { receipt: { seen, received: arriving } };
  const collected = outgoing(account, shard, index);
  const available = (account.limit?.remaining ?? 0n) + collected;
  if (available < needed) return 'short';
  const plenty = needed + amount * (CALLS_PER_GRANT - 1n);
  const fair = available / (2n * BigInt(account.lent?.length ?? 1));
  const granted = greatest(needed, least(plenty, fair));
  const lending = { shard: index, seen: lentTo(account, index), granted, collected };
  return {
    grant: { kind: 'lend', shards: [lending], atLeast: granted - collected },
    receipt: { seen, received: arriving + granted },
  };
}

/** Covers what a shard lacks because a call cost more than it held, also where nothing remains. `undefined`: it lacks nothing. */
export function covering(account: Account, shard: Account, index: number): Funding | undefined {
  const arriving = incoming(account, shard, index);
  const lacking = -idleIn(shard) - arriving;
  const seen = shard.flow?.received ?? 0n;
  if (idleIn(shard) >= 0n) return undefined;
  if (lacking <= 0n) return { receipt: { seen, received: arriving } };
  const lending = { shard: index, seen: lentTo(account, index), granted: lacking, collected: 0n };
  return {
    grant: { kind: 'lend', shards: [lending] },
    receipt: { seen, received: arriving + lacking },
  };
}

/**
 * Gives back all that lies in a shard, and what is on its way to it. `undefined`: there is nothing.
 *
 * @param version the account's limit, which is newer than the shard's and which it follows from then on: what it
 *   gets later was granted under that one
 */
export function returning(
  account: Account,
  shard: Account,
  index: number,
  version?: number,
): Transfer | undefined {
  const received = incoming(account, shard, index);
  const idle = idleIn(shard);
  const returned = greatest(0n, idle + received);
  if (version === undefined && returned === 0n && received === 0n) return undefined;
  const seen = shard.flow?.received ?? 0n;
  const flow = { kind: 'flow' as const, seen, received, returned, atLeast: idle };
  return version === undefined ? flow : { ...flow, version };
}

/** Takes back what shards have returned. `undefined`: nothing. */
export function collecting(account: Account, shards: readonly (Account | undefined)[]): Transfer | undefined {
  const lendings = shards.flatMap((shard, index): Lending[] => {
    const collected = shard === undefined ? 0n : outgoing(account, shard, index);
    return collected === 0n ? [] : [{ shard: index, seen: lentTo(account, index), granted: 0n, collected }];
  });
  return lendings.length === 0 ? undefined : { kind: 'lend', shards: lendings };
}

/**
 * An account and its shards as one. Money on its way between them is in what remains. Read one after the other while
 * calls go on, each of them is right for its own instant, and no transfer is counted twice or left out.
 *
 * @param shards in their order; those that were not opened yet are absent
 */
export function summed(account: Account, shards: readonly (Account | undefined)[]): Account {
  const { lent: _, ...whole } = account;
  const parts = [account, ...shards.filter((shard) => shard !== undefined)];
  const holds = new Map(parts.flatMap((part) => [...part.holds]));
  const spent = parts.reduce((sum, part) => sum + part.spent, 0n);
  const calls = parts.reduce((sum, part) => sum + (part.tally.calls ?? 0), 0);
  if (account.limit === undefined) return whole;
  const remaining = account.limit.amount - account.carried - spent - heldIn({ holds });
  return {
    ...whole,
    limit: { ...account.limit, remaining },
    spent,
    tally: calls === 0 ? {} : { calls },
    holds,
  };
}

/** What an account granted to its shards and has not collected again. */
export function lentOut({ lent = [] }: Pick<Account, 'lent'>): Picodollars {
  return lent.reduce((sum, { granted, collected }) => sum + granted - collected, 0n);
}

function lentTo({ lent = [] }: Account, shard: number): Lent {
  return lent[shard] ?? NOTHING_LENT;
}

function least(a: Picodollars, b: Picodollars): Picodollars {
  return a < b ? a : b;
}

function greatest(a: Picodollars, b: Picodollars): Picodollars {
  return a > b ? a : b;
}
