import { accountName, type Booking, bookingIn, heldIn, NOTHING } from './accounts.ts';
import type { Account, AccountId, CallEntry, Tally } from './ledger.ts';
import { tallyEntries, tallySum } from './ledger-rules.ts';
import type { Picodollars } from './money.ts';
import { lentOut } from './shards.ts';

/** One counter that is not the sum of its entries. */
export interface Difference {
  readonly account: AccountId;
  readonly field: 'spent' | 'remaining' | 'saved' | 'tally' | 'hold' | 'granted' | 'returned';
  readonly counter: string;
  readonly entries: string;
}

/** What the entries that name an account say of it. */
export interface EntrySums {
  /** Of the decided calls that no longer held in the account when it was read: it must have booked just them. */
  readonly booked: Booking;
  /** Of all that is decided, but for what lowers it: it cannot have booked more. */
  readonly most: Picodollars;
  /** Of all that is closed, and all that may lower it: it cannot have booked less. */
  readonly least: Picodollars;
  /** The states of the calls that held in the account when it was read. */
  readonly holding: ReadonlyMap<string, CallEntry['state']>;
}

export const NO_ENTRIES: EntrySums = { booked: NOTHING, most: 0n, least: 0n, holding: new Map() };

/**
 * Adds an entry to the sums of an account that it names.
 *
 * @param account as it was read before the entry; absent: there was none
 */
export function addEntry(
  sums: EntrySums,
  id: AccountId,
  account: Account | undefined,
  call: CallEntry,
): EntrySums {
  const holds = account?.holds.has(call.id) === true;
  const holding = holds ? new Map(sums.holding).set(call.id, call.state) : sums.holding;
  const lowers = least(call.corrects?.difference ?? 0n, 0n);
  if (call.outcome === undefined) return { ...sums, holding, least: sums.least + lowers };
  const booking = bookingIn(id, call.outcome);
  return {
    holding,
    booked: holds ? sums.booked : bookingSum(sums.booked, booking),
    most: sums.most + (booking.cost > 0n ? booking.cost : 0n),
    least: sums.least + (call.state === 'closed' ? booking.cost : least(booking.cost, 0n)),
  };
}

function least(a: Picodollars, b: Picodollars): Picodollars {
  return a < b ? a : b;
}

/**
 * Compares an account with its entries.
 *
 * @param before as it was read before the entries
 * @param after as it was read after them: if it is the same, the comparison is exact; if calls moved it meanwhile,
 *   only its bounds are compared
 * @param complete whether all entries are still there; old ones are not kept for ever
 */
export function differences(
  before: Account,
  after: Account,
  sums: EntrySums,
  complete: boolean,
): Difference[] {
  const found: Difference[] = [];
  const compare = (field: Difference['field'], counter: string | bigint, entries: string | bigint) => {
    if (counter !== entries)
      found.push({ account: before.id, field, counter: String(counter), entries: String(entries) });
  };
  if (before.limit !== undefined) {
    const { amount, remaining } = before.limit;
    compare(
      'remaining',
      remaining,
      amount - before.carried - before.spent - heldIn(before) - lentOut(before),
    );
  }
  if (after.spent < sums.least) compare('spent', after.spent, sums.least);
  if (!complete) return found;
  if (before.spent > sums.most) compare('spent', before.spent, sums.most);
  if (!sameAccount(before, after) || found.some(({ field }) => field === 'spent')) return found;
  compare('spent', before.spent, sums.booked.cost);
  compare('saved', before.saved, sums.booked.saved);
  compare('tally', tallyText(before.tally), tallyText(sums.booked.tally));
  return found;
}

/**
 * Compares what an account lent a shard with what the shard had of it: each counter with the one that it follows, read
 * later, since they move one after the other.
 */
export function lendingDifferences(
  account: { readonly before: Account; readonly after: Account },
  shard: { readonly before: Account; readonly after: Account },
  index: number,
): Difference[] {
  const granted = account.after.lent?.[index]?.granted ?? 0n;
  const received = shard.before.flow?.received ?? 0n;
  const returned = shard.after.flow?.returned ?? 0n;
  const collected = account.before.lent?.[index]?.collected ?? 0n;
  const { id } = shard.before;
  return [
    ...(received > granted
      ? [{ account: id, field: 'granted' as const, counter: `${received}`, entries: `${granted}` }]
      : []),
    ...(collected > returned
      ? [{ account: id, field: 'returned' as const, counter: `${collected}`, entries: `${returned}` }]
      : []),
  ];
}

/** The calls that held in an account before and after its entries were read, and that no entry was seen holding for. */
export function unexplainedHolds(before: Account, after: Account, sums: EntrySums): Map<string, string> {
  const calls = new Map<string, string>();
  for (const [id, { project }] of before.holds) {
    const state = sums.holding.get(id);
    if (after.holds.has(id) && state !== 'open' && state !== 'decided') calls.set(id, project);
  }
  return calls;
}

/** Whether nothing was held, booked or changed between two readings of an account. */
export function sameAccount(a: Account, b: Account): boolean {
  return accountText(a) === accountText(b);
}

function accountText({ id, limit, carried, spent, saved, tally, holds }: Account): string {
  const held = [...holds.keys()].sort().join();
  const limited = limit === undefined ? '' : `${limit.amount} ${limit.version} ${limit.remaining}`;
  return [accountName(id), limited, carried, spent, saved, tallyText(tally), held].join(' | ');
}

function bookingSum(a: Booking, b: Booking): Booking {
  return { cost: a.cost + b.cost, saved: a.saved + b.saved, tally: tallySum(a.tally, b.tally) };
}

function tallyText(tally: Tally): string {
  return tallyEntries(tally)
    .map(([name, count]) => `${name} ${count}`)
    .sort()
    .join(', ');
}
