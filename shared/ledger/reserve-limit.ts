import { accountUnder, heldIn, shardOf, wholeAccount } from '../core/accounts.ts';
import type { Account, CallEntry, Hold, LimitAccountId, Refused } from '../core/ledger.ts';
import type { Picodollars } from '../core/money.ts';
import type { Limit } from '../core/scope.ts';
import { funding, idleIn, incoming, type Receipt, returning, summed } from '../core/shards.ts';
import type { Directory } from '../ports/directory.ts';
import { type LedgerStore, Unavailable } from '../ports/ledger-store.ts';
import { allOf } from './concurrent.ts';
import { collect, readLimitAccount, readWithShards, renew } from './limit-account.ts';

export interface ReserveParts {
  readonly store: LedgerStore;
  readonly directory: Pick<Directory, 'limit'>;
  /** So many calls may hold under a limit of one project. */
  readonly openCalls: number;
}

export type Answer =
  /** `remaining`: what is left of the limit; where it is spread over shards, what is left in the call's own one. */
  | { readonly kind: 'held'; readonly limit: Limit; readonly remaining?: Picodollars }
  | Pick<Refused, 'kind' | 'limit' | 'remaining' | 'heldByOthers'>
  /** As many calls hold under it as may. */
  | { readonly kind: 'crowded'; readonly limit: Limit };

/** All that is left of a limit is less than a call needs. */
type Short = Pick<Refused, 'remaining' | 'heldByOthers'>;

/**
 * The limit and its account change under a reservation so often only if something is wrong. For the last of the money in
 * shards many calls may race: then one of them that never came in time is told to come again.
 */
const ATTEMPTS = 32;
/** Money on its way to a shard is left to the call that asked for it so often, in case its function is alive. */
const PATIENCE = 3;

/** Holds a call's worst case under one limit: in its account or, where that is spread over shards, in one of them. */
export function reserveLimit(
  limit: Limit,
  call: CallEntry,
  taken: Hold,
  parts: ReserveParts,
): Promise<Answer> {
  return reserveIn(accountUnder(limit, call.id), limit, call, taken, parts);
}

/** The same, in this account of the limit or this shard of one. */
export async function reserveIn(
  id: LimitAccountId,
  limit: Limit,
  call: Pick<CallEntry, 'id'>,
  taken: Hold,
  parts: ReserveParts,
): Promise<Answer> {
  const { store } = parts;
  const most = mostIn(limit, parts.openCalls);
  let receipt: Receipt | undefined;
  let contended = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const result = await store.reserve(id, call.id, taken, {
      limitVersion: limit.version,
      ...(receipt !== undefined && { receipt }),
      ...(most !== undefined && { most }),
    });
    receipt = undefined;
    switch (result.kind) {
      case 'crowded':
        return { kind: 'crowded', limit };
      case 'missing':
        await open(id, limit, parts);
        break;
      case 'outdated':
        await catchUp(id, limit, store);
        break;
      case 'exhausted': {
        const { remaining, heldByOthers, shards } = result;
        if (id.shard === undefined && shards === undefined)
          return { kind: 'refused', limit, remaining, heldByOthers };
        const raised = await raise(id, shards ?? 0, taken.amount, attempt < PATIENCE, store);
        if ('remaining' in raised) return { ...raised, kind: 'refused', limit };
        receipt = raised.receipt;
        contended = true;
        break;
      }
      default: {
        const { remaining } = result;
        return { kind: 'held', limit, ...(remaining !== undefined && { remaining }) };
      }
    }
  }
  const rest = contended ? await readLimitAccount(store, wholeAccount(id), limit.shards) : undefined;
  if (rest?.limit === undefined) throw new Unavailable('a limit is changing too fast to hold money in it');
  return { kind: 'refused', limit, remaining: rest.limit.remaining, heldByOthers: heldIn(rest) };
}

/**
 * So many calls may hold in one item of a limit that is a project's own; in each of its shards, their part. What others
 * count in as well bounds nobody: one project would shut out the rest.
 */
function mostIn({ scope, shards = 1 }: Limit, openCalls: number): number | undefined {
  if (scope.project === undefined || !Number.isFinite(openCalls)) return undefined;
  return Math.max(1, Math.floor(openCalls / shards));
}

/**
 * Opens the account of a period that has just begun, and a call's shard of it. In the period in which a limit is set,
 * its account is opened before anybody can see the limit; so nothing was spent in a period whose account is missing. The
 * limit is read again: a change that found no account to tell must be heard of here.
 *
 * A shard is opened when its account knows of it, and gets money only when it is opened: so one that is missing has
 * none, and needs not be told of a limit.
 */
async function open(id: LimitAccountId, limit: Limit, { store, directory }: ReserveParts): Promise<void> {
  const whole = wholeAccount(id);
  const account = id.shard === undefined ? undefined : await store.getAccount(whole);
  if (account === undefined) {
    await store.openAccount({ id: whole, limit, carried: 0n });
    const latest = await directory.limit(limit.scope, limit.period);
    if (latest !== undefined && latest.version > limit.version) await store.changeLimit(whole, latest);
  }
  const { shards = 1, version } = limit;
  if (id.shard === undefined) return;
  if ((account?.limit?.version ?? version) < version) await store.changeLimit(whole, limit);
  if ((account?.lent?.length ?? 0) < shards) await store.transfer(whole, { kind: 'split', shards });
  await store.openAccount({ id, limit: { amount: 0n, version }, carried: 0n });
}

/** Tells an account of a limit that is newer than it knows, and a shard of what its account knows. */
async function catchUp(id: LimitAccountId, limit: Limit, store: LedgerStore): Promise<void> {
  const whole = wholeAccount(id);
  if (id.shard === undefined) return void (await store.changeLimit(id, limit));
  const [account, shard] = await store.getAccounts([whole, id]);
  if (account?.limit === undefined || shard === undefined) return;
  if (account.limit.version < limit.version) await store.changeLimit(whole, limit);
  else await renew(store, whole, account, shard, id.shard);
}

/**
 * Finds money for a call where its own item has too little: what remains in the account or, if that is not enough, what
 * lies in other shards, which goes back to the account first. Says how short it is where all of it together is not enough.
 *
 * @param shards how many the account has; of no use where the item is one of them
 */
async function raise(
  id: LimitAccountId,
  shards: number,
  amount: Picodollars,
  patient: boolean,
  store: LedgerStore,
): Promise<Short | { readonly receipt?: Receipt }> {
  const whole = wholeAccount(id);
  let spread = shards;
  if (id.shard !== undefined) {
    const [account, shard] = await store.getAccounts([whole, id]);
    if (account === undefined || shard === undefined) return {};
    const funds = funding(account, shard, id.shard, amount);
    if (funds !== 'short') {
      const isMade = funds.grant === undefined || (await store.transfer(whole, funds.grant)) === 'made';
      return isMade ? { receipt: funds.receipt } : {};
    }
    spread = account.lent?.length ?? 0;
  }
  const found = await readWithShards(store, whole, spread);
  if (found.account === undefined || (found.account.lent?.length ?? 0) > spread) return {};
  const total = summed(found.account, found.shards);
  const remaining = total.limit?.remaining ?? 0n;
  if (remaining < amount) return { remaining, heldByOthers: heldIn(total) };
  await recall(id, found.account, found.shards, amount, patient, store);
  const back = await readWithShards(store, whole, spread);
  if (back.account !== undefined) await collect(store, whole, back.account, back.shards);
  return {};
}

/** Lets the richest of the other shards return what lies in them, as many as are needed. */
async function recall(
  id: LimitAccountId,
  account: Account,
  shards: readonly (Account | undefined)[],
  amount: Picodollars,
  patient: boolean,
  store: LedgerStore,
): Promise<void> {
  const own = id.shard === undefined ? undefined : shards[id.shard];
  const others = shards.flatMap((shard, index) => {
    if (shard === undefined || index === id.shard) return [];
    const arriving = incoming(account, shard, index);
    const worth = idleIn(shard) + arriving;
    return worth <= 0n || (patient && arriving > 0n) ? [] : [{ shard, index, worth }];
  });
  others.sort((a, b) => (a.worth > b.worth ? -1 : 1));
  let lacking = amount - (account.limit?.remaining ?? 0n) - (own === undefined ? 0n : idleIn(own));
  const recalled: Promise<unknown>[] = [];
  for (const { shard, index, worth } of others) {
    if (lacking <= 0n) break;
    const transfer = returning(account, shard, index);
    if (transfer !== undefined) recalled.push(store.transfer(shardOf(wholeAccount(id), index), transfer));
    lacking -= worth;
  }
  await allOf(recalled);
}
