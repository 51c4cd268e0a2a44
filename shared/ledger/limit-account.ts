import { shardOf } from '../core/accounts.ts';
import type { Account, LimitAccountId } from '../core/ledger.ts';
import { collecting, covering, returning, summed } from '../core/shards.ts';
import { type LedgerStore, Unavailable } from '../ports/ledger-store.ts';
import { allOf } from './concurrent.ts';

/** That a shard changes between a read and a write so often is no accident any more. */
const ATTEMPTS = 16;

/**
 * Reads the account of a limit with all that its shards hold, have spent and have left; `undefined`: not opened.
 *
 * @param expected how many shards it has, where that is known: then they are read in the same round trip
 */
export async function readLimitAccount(
  store: Pick<LedgerStore, 'getAccount' | 'getAccounts'>,
  id: LimitAccountId,
  expected = 0,
): Promise<Account | undefined> {
  const found =
    expected === 0
      ? { account: await store.getAccount(id), shards: [] }
      : await readWithShards(store, id, expected);
  const spread = found.account?.lent?.length;
  if (found.account === undefined || spread === undefined) return found.account;
  return summed(found.account, spread <= expected ? found.shards : await shardsIn(store, id, spread));
}

/** An account and so many shards of it, in one read. Those that were not opened yet are absent. */
export async function readWithShards(
  store: Pick<LedgerStore, 'getAccounts'>,
  id: LimitAccountId,
  shards: number,
) {
  const [account, ...parts] = await store.getAccounts([id, ...shardIds(id, shards)]);
  return { account, shards: parts };
}

/**
 * Makes every shard follow its account's limit. What lies in them for calls to come, granted under an older limit, goes
 * back: when this has returned, all that a shard can hold was granted under the limit as it is.
 */
export async function renewShards(store: LedgerStore, id: LimitAccountId): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const account = await store.getAccount(id);
    const version = account?.limit?.version;
    if (account?.lent === undefined || version === undefined) return;
    const shards = await shardsIn(store, id, account.lent.length);
    const behind = shards.flatMap((shard, index) =>
      shard?.limit !== undefined && shard.limit.version < version ? [{ shard, index }] : [],
    );
    if (behind.length === 0) return collect(store, id, account, shards);
    await allOf(behind.map(({ shard, index }) => renew(store, id, account, shard, index)));
  }
  throw new Unavailable('the shards of a limit are changing too fast to follow it');
}

/** Makes one shard follow its account's limit, unless it has changed since it was read. */
export async function renew(
  store: LedgerStore,
  id: LimitAccountId,
  account: Account,
  shard: Account,
  index: number,
): Promise<void> {
  const transfer = returning(account, shard, index, account.limit?.version);
  if (transfer !== undefined) await store.transfer(shardOf(id, index), transfer);
}

/** Takes back what shards have returned; it can wait where somebody else is at it. */
export async function collect(
  store: LedgerStore,
  id: LimitAccountId,
  account: Account,
  shards: readonly (Account | undefined)[],
): Promise<void> {
  const transfer = collecting(account, shards);
  if (transfer !== undefined) await store.transfer(id, transfer);
}

/**
 * Takes from the account what a shard lacks because a call cost more than it held, so that no other call spends it.
 * Where it is cut short, whoever books the call does it, or the next call that asks money of the shard.
 */
export async function coverShard(store: LedgerStore, id: LimitAccountId, index: number): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const [account, shard] = await store.getAccounts([id, shardOf(id, index)]);
    const cover = account && shard && covering(account, shard, index);
    if (cover === undefined) return;
    if (cover.grant !== undefined && (await store.transfer(id, cover.grant)) === 'stale') continue;
    await store.transfer(shardOf(id, index), { kind: 'flow', ...cover.receipt, returned: 0n });
  }
}

async function shardsIn(store: Pick<LedgerStore, 'getAccounts'>, id: LimitAccountId, shards: number) {
  return shards === 0 ? [] : store.getAccounts(shardIds(id, shards));
}

function shardIds(id: LimitAccountId, shards: number): LimitAccountId[] {
  return Array.from({ length: shards }, (_, index) => shardOf(id, index));
}
