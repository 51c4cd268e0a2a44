import { heldIn, limitAccount } from '../core/accounts.ts';
import type { Room } from '../core/ledger.ts';
import type { Picodollars } from '../core/money.ts';
import { periodEnd } from '../core/period.ts';
import type { Limit } from '../core/scope.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { allOf } from './concurrent.ts';
import { readLimitAccount } from './limit-account.ts';

/** What is left under one limit, and what calls in flight hold of it. */
export type LimitRoom = Pick<Room, 'limit' | 'remaining' | 'heldByOthers'>;

/**
 * Of several limits, names the one that tells whether waiting helps, and the most that can be held under all of them.
 *
 * @param at in whose periods they were looked at, milliseconds since the epoch
 * @returns `undefined` where there is no limit
 */
export function roomUnder(limits: readonly LimitRoom[], at: number): Room | undefined {
  const tightest = least(limits, ({ remaining }) => remaining);
  const scarcest = least(limits, ({ remaining, heldByOthers }) => remaining + heldByOthers);
  if (tightest === undefined || scarcest === undefined) return undefined;
  const { limit, remaining, heldByOthers } = scarcest;
  const resetsAt = periodEnd(limit.period, at);
  return {
    limit,
    remaining,
    heldByOthers,
    affordable: tightest.remaining,
    ...(resetsAt !== undefined && { resetsAt }),
  };
}

/**
 * Looks at what calls could hold under these limits now, without holding anything: one consistent read for each.
 *
 * @param at milliseconds since the epoch
 */
export async function readRoom(
  limits: readonly Limit[],
  at: number,
  store: Pick<LedgerStore, 'getAccount' | 'getAccounts'>,
): Promise<Room> {
  const found = roomUnder(await allOf(limits.map((limit) => roomOf(limit, at, store))), at);
  if (found === undefined) throw new RangeError('no limit to look at');
  return found;
}

async function roomOf(
  limit: Limit,
  at: number,
  store: Pick<LedgerStore, 'getAccount' | 'getAccounts'>,
): Promise<LimitRoom> {
  const { scope, period, shards = 1, amount, version } = limit;
  const id = limitAccount(scope, period, at);
  const account = await readLimitAccount(store, id, shards === 1 ? 0 : shards);
  // The first call of a period opens its account.
  if (account?.limit === undefined) return { limit, remaining: amount, heldByOthers: 0n };
  // So does a call tell it of a newer limit.
  const news = account.limit.version < version ? amount - account.limit.amount : 0n;
  return { limit, remaining: account.limit.remaining + news, heldByOthers: heldIn(account) };
}

/** The one whose amount is the least; the first of several. */
export function least<T>(answers: readonly T[], amountOf: (answer: T) => Picodollars): T | undefined {
  return answers.reduce<T | undefined>(
    (found, answer) => (found === undefined || amountOf(answer) < amountOf(found) ? answer : found),
    undefined,
  );
}
