import { describe, expect, it } from 'vitest';
import { limitAccount, shardOf } from '../../../shared/core/accounts.ts';
import type { CallEntry, Held, Refused } from '../../../shared/core/ledger.ts';
import { type LedgerStore, Unavailable } from '../../../shared/ports/ledger-store.ts';
import { type Fault, faulty } from '../../support/gated-store.ts';
import {
  dollars,
  heldCall,
  LEASE,
  type LedgerWorld,
  onStores,
  SHARDS,
  settledAt,
  VOID,
} from '../../support/ledger-world.ts';

const SCOPE = { project: 'demo' };

onStores('An account in shards', SHARDS, (open, _, where) => {
  const setUp = async (usd: number) => {
    const world = await open();
    const limit = await world.limits.set(SCOPE, 'month', dollars(usd));
    return { world, limit };
  };
  const set = (world: Pick<LedgerWorld, 'limits'>, usd: number, shards?: number) =>
    world.limits.set(SCOPE, 'month', dollars(usd), shards);
  const left = async (world: LedgerWorld) => (await world.account(SCOPE))?.limit?.remaining;
  /** What calls could hold without asking the account. */
  const idle = async ({ store, clock }: LedgerWorld) => {
    const account = limitAccount(SCOPE, 'month', clock.now());
    const ids = Array.from({ length: SHARDS }, (_, shard) => shardOf(account, shard));
    const shards = await store.getAccounts(ids);
    return shards.reduce((sum, shard) => sum + (shard?.limit?.remaining ?? 0n), 0n);
  };
  const refusedEverywhere = async (world: LedgerWorld, usd: number, more = {}) => {
    for (let n = 0; n < SHARDS; n += 1)
      expect(await world.hold(usd, more)).toMatchObject({ kind: 'refused' });
  };
  const atRest = async (world: LedgerWorld) => {
    world.clock.pass(LEASE + 1);
    await world.ledger.sweep({ deep: true });
    const report = await world.audit.run([{ period: 'month', at: world.clock.now() }]);
    expect(report.differences).toEqual([]);
    expect((await world.account(SCOPE))?.holds.size).toBe(0);
  };

  it('lets exactly as many of 50 calls at once through as fit, and tells the others the truth', async () => {
    const { world } = await setUp(10);
    const results = await Promise.all(Array.from({ length: 50 }, () => world.hold(3)));
    const refused = results.filter((result): result is Refused => result.kind === 'refused');
    expect(refused).toHaveLength(47);
    for (const { remaining, heldByOthers } of refused) {
      expect(remaining).toBeLessThan(dollars(3));
      expect(remaining + heldByOthers).toBe(dollars(10));
    }
    expect(await left(world)).toBe(dollars(1));
    for (const result of results)
      if (result.kind === 'held') await world.ledger.settle(result.call, settledAt(1));
    expect(await world.account(SCOPE)).toMatchObject({ spent: dollars(3), limit: { remaining: dollars(7) } });
    await atRest(world);
  });

  it('finds all that is left, whatever shard it lies in', async () => {
    const { world } = await setUp(10);
    for (let n = 0; n < 3 * SHARDS; n += 1) {
      await world.ledger.settle(heldCall(await world.hold(3)), VOID);
      await world.ledger.settle(heldCall(await world.hold(10)), VOID);
    }
    expect(await world.hold(10.01)).toMatchObject({
      kind: 'refused',
      remaining: dollars(10),
      heldByOthers: 0n,
    });
    heldCall(await world.hold(10));
    await refusedEverywhere(world, 0.01);
  });

  describe('tells how much is left', () => {
    const told = (result: Held | Refused) =>
      result.kind === 'held' ? result.tightest?.remaining : undefined;

    it('at least, and never more than is left, wherever it lies', async () => {
      const { world } = await setUp(40);
      const calls: CallEntry[] = [];
      const holdSome = async () => {
        for (const usd of [1, 2, 3, 4, 1, 2]) {
          const result = await world.hold(usd);
          if (result.kind === 'refused') continue;
          expect(told(result)).toBeGreaterThanOrEqual(0n);
          expect(told(result)).toBeLessThanOrEqual((await left(world)) ?? 0n);
          calls.push(result.call);
        }
      };
      for (const limit of [40, 40, 12, 60]) {
        await set(world, limit);
        await holdSome();
        for (const call of calls.splice(0, 3)) await world.ledger.settle(call, settledAt(0.5));
      }
      expect(calls.length).toBeGreaterThan(0);
    });

    // Of DynamoDB, the answer may come too late to be told.
    it.runIf(where === 'memory')('all but what lies in shards for the next calls', async () => {
      const { world } = await setUp(100_000);
      await world.fillShards(1);
      const result = await world.hold(1);
      expect(told(result)).toBeGreaterThan(dollars(100_000 - (SHARDS + 1) * 32));
    });

    it('as far as the call’s own shard knows, where the account does not answer: nobody waits for it', async () => {
      const { world } = await setUp(100_000);
      await world.fillShards(1);
      let asked = 0;
      const store: LedgerStore = {
        ...world.store,
        getAccount: (id, read) => {
          if (read !== 'recent') return world.store.getAccount(id);
          asked += 1;
          return asked % 2 === 0 ? Promise.reject(new Unavailable('no')) : new Promise(() => undefined);
        },
      };
      for (let n = 0; n < 4; n += 1) {
        const result = await world.hold(1, { ledger: world.with(store).ledger });
        expect(told(result)).toBeLessThan(dollars(100));
      }
      expect(asked).toBe(4);
    });
  });

  it('asks the account seldom where there is plenty', async () => {
    const { world } = await setUp(100_000);
    await world.fillShards(1);
    const before = (await world.store.getAccount(limitAccount(SCOPE, 'month', world.clock.now())))?.lent;
    for (let n = 0; n < 10 * SHARDS; n += 1) heldCall(await world.hold(1));
    const after = (await world.store.getAccount(limitAccount(SCOPE, 'month', world.clock.now())))?.lent;
    expect(after).toEqual(before);
    expect(await left(world)).toBe(dollars(100_000 - 10 * SHARDS));
  });

  describe('whose limit is lowered', () => {
    it('takes back what lay in shards before it says so, also from calls that know the old limit', async () => {
      const { world, limit } = await setUp(100);
      await world.fillShards(3);
      const call = heldCall(await world.hold(5));
      expect(await idle(world)).toBeGreaterThan(0n);
      await set(world, 6);
      expect(await idle(world)).toBe(0n);
      await refusedEverywhere(world, 2);
      await refusedEverywhere(world, 2, { limits: [limit] });
      // What a call gives back that was held under the old limit counts under the new one.
      await world.ledger.settle(call, settledAt(1));
      await refusedEverywhere(world, 5.01);
      heldCall(await world.hold(5));
      await refusedEverywhere(world, 0.01);
    });

    it('below what is held lets nobody hold until enough has come back', async () => {
      const { world } = await setUp(100);
      const calls = [heldCall(await world.hold(20)), heldCall(await world.hold(20))];
      await set(world, 10);
      expect(await left(world)).toBe(dollars(-30));
      for (const call of calls) {
        await refusedEverywhere(world, 0.01);
        await world.ledger.settle(call, settledAt(1));
      }
      expect(await left(world)).toBe(dollars(8));
      heldCall(await world.hold(8));
      await atRest(world);
    });

    it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
      'and whose admin dies at step %i binds the next call',
      async (at) => {
        const { world } = await setUp(100);
        await world.fillShards(3);
        await set(world.with(faulty(world.store, { kind: 'dies_before', at })), 6).catch((error: unknown) =>
          expect(error).toBeInstanceOf(Unavailable),
        );
        await refusedEverywhere(world, 6.01);
        const held = await Promise.all(Array.from({ length: 12 }, () => world.hold(1)));
        expect(held.filter(({ kind }) => kind === 'held')).toHaveLength(6);
        await atRest(world);
      },
    );
  });

  describe('when a function dies or loses an answer', () => {
    const kinds: Fault['kind'][] = ['dies_before', 'dies_after', 'lost_after', 'late'];
    const steps = where === 'memory' ? Array.from({ length: 18 }, (_, at) => at) : [3, 6, 9];

    it.each(kinds)('%s at any step of the first hold, no money is lost, and none made', async (kind) => {
      for (const at of steps) {
        const { world } = await setUp(10);
        await holdAllAfter(world, { kind, at }, 3);
      }
    });

    it.each(kinds)('%s at any step of finding money in other shards, none is lost or made', async (kind) => {
      for (const at of steps) {
        const { world } = await setUp(20);
        await world.fillShards(1);
        await holdAllAfter(world, { kind, at }, 19);
      }
    });

    async function holdAllAfter(world: LedgerWorld, fault: Fault, usd: number) {
      const late: (() => Promise<unknown>)[] = [];
      const { ledger } = world.with(faulty(world.store, fault, late));
      const result = await world.hold(usd, { ledger }).catch((error: unknown) => error);
      if (!(result instanceof Unavailable)) expect(result).toMatchObject({ kind: 'held' });
      for (const run of late) await run();
      await atRest(world);
      const rest = (await left(world)) ?? 0n;
      const spent = (await world.account(SCOPE))?.spent ?? 0n;
      expect([0n, dollars(usd)]).toContain(spent);
      expect(rest + spent).toBe((await world.account(SCOPE))?.limit?.amount);
      await refusedEverywhere(world, Number(rest) / 1e12 + 0.01);
      if (rest > 0n) heldCall(await world.hold(Number(rest) / 1e12));
      expect(await left(world)).toBe(0n);
    }
  });

  describe('where a call costs more than it held', () => {
    it('lets no other call spend the difference', async () => {
      const { world } = await setUp(10);
      await world.ledger.settle(heldCall(await world.hold(9)), settledAt(12));
      expect(await world.account(SCOPE)).toMatchObject({
        spent: dollars(12),
        limit: { remaining: dollars(-2) },
      });
      await refusedEverywhere(world, 0.01);
      await set(world, 20);
      heldCall(await world.hold(8));
      await refusedEverywhere(world, 0.01);
      await atRest(world);
    });

    it.each([1, 2, 3, 4, 5, 6])('also where its function dies at step %i of booking it', async (at) => {
      const { world } = await setUp(10);
      const call = heldCall(await world.hold(2));
      const { ledger } = world.with(faulty(world.store, { kind: 'dies_after', at }));
      await ledger.settle(call, settledAt(7)).catch(() => undefined);
      await atRest(world);
      expect(await left(world)).toBe(dollars(3));
      await refusedEverywhere(world, 3.01);
      heldCall(await world.hold(3));
    });
  });

  it('can be spread more or less, or not at all, while calls are in flight', async () => {
    const { world } = await setUp(12);
    const calls = [heldCall(await world.hold(1))];
    for (const shards of [1, 5, 2, 1, SHARDS]) {
      expect(await set(world, 12, shards)).toMatchObject({ shards });
      calls.push(heldCall(await world.hold(1)));
      const all = heldCall(await world.hold(12 - calls.length));
      await refusedEverywhere(world, 0.01);
      await world.ledger.settle(all, VOID);
    }
    expect(await left(world)).toBe(dollars(12 - calls.length));
    for (const call of calls) await world.ledger.settle(call, settledAt(0.5));
    expect(await world.account(SCOPE)).toMatchObject({ spent: dollars(3), limit: { remaining: dollars(9) } });
    heldCall(await world.hold(9));
    await refusedEverywhere(world, 0.01);
    await atRest(world);
  });
});
