import { beforeEach, describe, expect, it } from 'vitest';
import { limitAccount, NOTHING, shardOf } from '../../shared/core/accounts.ts';
import { callId } from '../../shared/core/call-id.ts';
import type { LimitAccountId } from '../../shared/core/ledger.ts';
import type { Lending, Transfer } from '../../shared/core/shards.ts';
import type { LedgerStore } from '../../shared/ports/ledger-store.ts';

const NOON = Date.parse('2026-11-21T12:00:00.000Z');
const ACCOUNT = limitAccount({ project: 'demo' }, 'month', NOON);
const SHARD = shardOf(ACCOUNT, 1);
const CALLS = [1, 2, 3].map((n) => callId(NOON, n.toString(16).padStart(16, '0'))) as [
  string,
  string,
  string,
];

/** What every ledger store must do for accounts in shards; `create` makes an empty one. */
export function ledgerShardsContract(name: string, create: () => Promise<LedgerStore>): void {
  describe(`a ledger store with shards in ${name}`, () => {
    let store: LedgerStore;
    beforeEach(async () => {
      store = await create();
      await store.openAccount({ id: ACCOUNT, limit: { amount: 100n, version: 3 }, carried: 10n });
    });
    const openShard = () => store.openAccount({ id: SHARD, limit: { amount: 0n, version: 3 }, carried: 0n });
    const hold = (amount: bigint) => ({ amount, at: NOON, project: 'demo' });
    const lend = (more: Partial<Lending>, atLeast?: bigint): Promise<'made' | 'stale'> => {
      const seen = { granted: 0n, collected: 0n };
      const lending = { shard: 1, seen, granted: 0n, collected: 0n, ...more };
      const transfer: Transfer = {
        kind: 'lend',
        shards: [lending],
        ...(atLeast !== undefined && { atLeast }),
      };
      return store.transfer(ACCOUNT, transfer);
    };
    const flow = (seen: bigint, received: bigint, returned: bigint, more = {}) =>
      store.transfer(SHARD, { kind: 'flow', seen, received, returned, ...more });
    const found = async (id: LimitAccountId) => {
      const account = await store.getAccount(id);
      return { ...account?.limit, lent: account?.lent, flow: account?.flow };
    };

    it('reads several accounts at once, in the order in which they are asked for', async () => {
      await openShard();
      const ids = [SHARD, shardOf(ACCOUNT, 2), ACCOUNT];
      const accounts = await store.getAccounts(ids);
      expect(accounts.map((account) => account?.id)).toEqual([SHARD, undefined, ACCOUNT]);
      expect(accounts[0]).toEqual(await store.getAccount(SHARD));
    });

    it('opens a shard beside its account, and lists both', async () => {
      expect(await openShard()).toBe('created');
      expect(await openShard()).toBe('exists');
      expect(await found(SHARD)).toMatchObject({
        remaining: 0n,
        version: 3,
        flow: { received: 0n, returned: 0n },
      });
      const listed: unknown[] = [];
      for await (const { id } of store.limitAccounts('month', '2026-11')) listed.push(id);
      expect(listed).toHaveLength(2);
      expect(listed).toEqual(expect.arrayContaining([ACCOUNT, SHARD]));
    });

    it('splits an account into more shards, never fewer, and says so when it refuses', async () => {
      expect(await store.reserve(ACCOUNT, CALLS[0], hold(91n))).not.toHaveProperty('shards');
      const split = (shards: number) => store.transfer(ACCOUNT, { kind: 'split', shards });
      expect([await split(2), await split(2), await split(1), await split(3)]).toEqual([
        'made',
        'stale',
        'stale',
        'made',
      ]);
      expect((await found(ACCOUNT)).lent).toHaveLength(3);
      expect(await store.reserve(ACCOUNT, CALLS[0], hold(91n))).toMatchObject({
        kind: 'exhausted',
        shards: 3,
      });
      expect(await store.transfer(limitAccount({}, 'day', NOON), { kind: 'split', shards: 2 })).toBe('stale');
    });

    it('lends while the account is as it was seen, and has enough', async () => {
      await store.transfer(ACCOUNT, { kind: 'split', shards: 2 });
      expect(await lend({ granted: 91n }, 91n)).toBe('stale');
      expect(await lend({ granted: 60n }, 60n)).toBe('made');
      expect(await lend({ granted: 10n }, 10n)).toBe('stale');
      const seen = { granted: 60n, collected: 0n };
      expect(await lend({ seen, granted: 5n, collected: 20n }, -15n)).toBe('made');
      expect(await lend({ seen, collected: 20n })).toBe('stale');
      expect(await found(ACCOUNT)).toMatchObject({
        remaining: 45n,
        lent: [
          { granted: 0n, collected: 0n },
          { granted: 65n, collected: 20n },
        ],
      });
      expect(await lend({ seen: { granted: 65n, collected: 20n }, granted: 50n })).toBe('made');
      expect(await found(ACCOUNT)).toMatchObject({ remaining: -5n });
    });

    it('lets a shard receive and return once, and follow a newer limit', async () => {
      await openShard();
      expect(await flow(0n, 50n, 0n)).toBe('made');
      expect(await flow(0n, 50n, 0n)).toBe('stale');
      expect(await found(SHARD)).toMatchObject({ amount: 50n, remaining: 50n });
      expect(await flow(50n, 0n, 30n, { atLeast: 51n })).toBe('stale');
      expect(await flow(50n, 5n, 30n, { atLeast: 50n, version: 2 })).toBe('stale');
      expect(await flow(50n, 5n, 30n, { atLeast: 50n, version: 4 })).toBe('made');
      expect(await found(SHARD)).toMatchObject({
        amount: 25n,
        version: 4,
        remaining: 25n,
        flow: { received: 55n, returned: 30n },
      });
      expect(
        await store.transfer(shardOf(ACCOUNT, 0), { kind: 'flow', seen: 0n, received: 1n, returned: 0n }),
      ).toBe('stale');
    });

    it('holds money that arrives with the call, unless it arrived before', async () => {
      await openShard();
      const receipt = { seen: 0n, received: 40n };
      expect(await store.reserve(SHARD, CALLS[0], hold(41n), { limitVersion: 3, receipt })).toMatchObject({
        kind: 'exhausted',
      });
      expect(await store.reserve(SHARD, CALLS[0], hold(30n), { limitVersion: 3, receipt })).toEqual({
        kind: 'held',
        remaining: 10n,
      });
      expect(await store.reserve(SHARD, CALLS[1], hold(30n), { limitVersion: 3, receipt })).toMatchObject({
        kind: 'exhausted',
        remaining: 10n,
        heldByOthers: 30n,
      });
      expect(await store.reserve(SHARD, CALLS[1], hold(10n), { limitVersion: 3, receipt })).toMatchObject({
        kind: 'held',
      });
      expect(
        await store.reserve(SHARD, CALLS[2], hold(1n), {
          limitVersion: 4,
          receipt: { seen: 40n, received: 1n },
        }),
      ).toEqual({
        kind: 'outdated',
      });
      expect((await found(SHARD)).flow).toEqual({ received: 40n, returned: 0n });
    });

    it('returns what a call in a shard gives back, and takes what it cost too much from the shard', async () => {
      await openShard();
      await flow(0n, 50n, 0n);
      for (const call of CALLS) await store.reserve(SHARD, call, hold(10n));
      await store.release(SHARD, CALLS[0], { ...NOTHING, held: 10n, cost: 4n });
      expect(await found(SHARD)).toMatchObject({
        amount: 44n,
        remaining: 20n,
        flow: { received: 50n, returned: 6n },
      });
      await store.release(SHARD, CALLS[1], { ...NOTHING, held: 10n, cost: 10n });
      await store.release(SHARD, CALLS[2], { ...NOTHING, held: 10n, cost: 35n });
      expect(await store.getAccount(SHARD)).toMatchObject({ spent: 49n, holds: new Map() });
      expect(await found(SHARD)).toMatchObject({ remaining: -5n, flow: { received: 50n, returned: 6n } });
    });
  });
}
