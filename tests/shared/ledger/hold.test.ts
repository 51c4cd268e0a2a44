import { describe, expect, it } from 'vitest';
import { limitAccount } from '../../../shared/core/accounts.ts';
import type { CallEntry } from '../../../shared/core/ledger.ts';
import type { Limit } from '../../../shared/core/scope.ts';
import { readLimitAccount } from '../../../shared/ledger/limit-account.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import { type Fault, faulty, gated } from '../../support/gated-store.ts';
import {
  ALICE,
  dollars,
  heldCall,
  LEASE,
  type LedgerWorld,
  onEveryStore,
  settledAt,
} from '../../support/ledger-world.ts';

const DAY_MS = 86_400_000;

async function holdsOf(world: LedgerWorld, limits: readonly Limit[]): Promise<number[]> {
  const accounts = limits.map(({ scope, period }) => world.account(scope, period));
  return (await Promise.all(accounts)).map((account) => account?.holds.size ?? 0);
}

onEveryStore('Holding', (open, shards) => {
  describe('under many limits', () => {
    it('takes the worst case from each, and names the tightest', async () => {
      const world = await open();
      const limits = [
        await world.limits.set({ project: 'demo' }, 'month', dollars(100)),
        await world.limits.set({ user: 'user/alice' }, 'day', dollars(7)),
        await world.limits.set({}, 'total', dollars(1000)),
      ];
      const result = await world.hold(2);
      expect(result).toMatchObject({
        kind: 'held',
        tightest: { limit: limits[1] },
        call: { state: 'open', held: dollars(2), expiresAt: world.clock.now() + LEASE },
      });
      const told = result.kind === 'held' ? result.tightest?.remaining : undefined;
      // Of what lies in shards, it may leave some out.
      if (shards === undefined) expect(told).toBe(dollars(5));
      else expect(told).toBeLessThanOrEqual(dollars(5));
      expect(await holdsOf(world, limits)).toEqual([1, 1, 1]);
      await world.ledger.settle(heldCall(result), settledAt(1));
      for (const { scope, period } of limits)
        expect(await world.account(scope, period)).toMatchObject({
          spent: dollars(1),
          saved: 0n,
          tally: { calls: 1 },
          holds: new Map(),
        });
    });

    it('takes nothing from any if one refuses, and says which, what is left and when it starts again', async () => {
      const world = await open();
      const limits = [
        await world.limits.set({ project: 'demo' }, 'month', dollars(9)),
        await world.limits.set({ user: 'user/alice' }, 'day', dollars(5)),
        await world.limits.set({}, 'week', dollars(6)),
      ];
      const first = heldCall(await world.hold(3));
      expect(await world.hold(4)).toEqual({
        kind: 'refused',
        limit: limits[1],
        remaining: dollars(2),
        heldByOthers: dollars(3),
        affordable: dollars(2),
        refusing: [limits[1], limits[2]],
        resetsAt: Date.parse('2026-11-22T00:00:00.000Z'),
      });
      expect(await holdsOf(world, limits)).toEqual([1, 1, 1]);
      await world.ledger.settle(first, settledAt(3));
      expect(await world.hold(4)).toMatchObject({ heldByOthers: 0n, remaining: dollars(2) });
      const entries = await world.entries();
      expect(entries.map(({ state, outcome }) => [state, outcome?.state, outcome?.cost])).toEqual([
        ['closed', 'void', 0n],
        ['closed', 'void', 0n],
        ['closed', 'settled', dollars(3)],
      ]);
    });

    it('names the limit that is exhausted for good, not the one whose rest is only held', async () => {
      const world = await open();
      const spent = await world.limits.set({ project: 'demo' }, 'month', dollars(3));
      const busy = await world.limits.set({}, 'day', dollars(9));
      heldCall(await world.hold(8, { limits: [busy] }));
      expect(await world.hold(4)).toMatchObject({
        kind: 'refused',
        limit: spent,
        remaining: dollars(3),
        heldByOthers: 0n,
        affordable: dollars(1),
      });
    });

    it('says of a total limit that it never starts again', async () => {
      const world = await open();
      await world.limits.set({}, 'total', dollars(1));
      expect(await world.hold(2)).not.toHaveProperty('resetsAt');
    });

    it('lets 50 calls that race for two limits through as far as both allow', async () => {
      const world = await open();
      await world.limits.set({ project: 'demo' }, 'month', dollars(10));
      await world.limits.set({}, 'day', dollars(8));
      const results = await Promise.all(Array.from({ length: 50 }, () => world.hold(1)));
      const held = results.filter((result) => result.kind === 'held').length;
      expect(held).toBeGreaterThan(0);
      expect(held).toBeLessThanOrEqual(8);
      expect((await world.account({ project: 'demo' }))?.holds.size).toBe(held);
      expect((await world.account({}, 'day'))?.limit?.remaining).toBe(dollars(8 - held));
    });
  });

  it('under no limit books the call all the same', async () => {
    const world = await open();
    const call = heldCall(await world.hold(0));
    await world.ledger.settle(call, settledAt(0, { saved: 77n, tally: { hits: 1, output: 5 } }));
    const books = world.store.books('demo', '2026-11-21');
    for await (const account of books)
      expect(account).toMatchObject({ saved: 77n, tally: { calls: 1, hits: 1, output: 5 } });
    expect((await world.entries()).length).toBe(1);
  });

  it('with the id of another call is a fault, and leaves that call alone', async () => {
    const world = await open();
    await world.limits.set({}, 'month', dollars(10));
    const first = heldCall(await world.hold(2));
    world.clock.pass(1000);
    await expect(world.hold(3, { id: first.id })).rejects.toThrow(/used before/);
    expect((await world.ledger.settle(first, settledAt(1))).outcome).toMatchObject({ cost: dollars(1) });
    await expect(world.hold(3, { id: first.id })).rejects.toThrow(/used before/);
    world.clock.pass(LEASE + 1);
    await world.ledger.sweep({ deep: true });
    expect(await world.account({})).toMatchObject({ spent: dollars(1), limit: { remaining: dollars(9) } });
  });

  it('of less than nothing is a fault', async () => {
    await expect((await open()).hold(-1)).rejects.toThrow(RangeError);
  });

  describe('when a period begins', () => {
    it('opens its account with the whole limit', async () => {
      const world = await open();
      await world.limits.set({ project: 'demo' }, 'day', dollars(5));
      await world.ledger.settle(heldCall(await world.hold(5)), settledAt(5));
      expect((await world.hold(1)).kind).toBe('refused');
      world.clock.pass(DAY_MS);
      expect(await world.account({ project: 'demo' }, 'day')).toBeUndefined();
      expect(await world.hold(5)).toMatchObject({ kind: 'held' });
      expect((await world.account({ project: 'demo' }, 'day'))?.limit?.remaining).toBe(0n);
    });

    it('opens it once for all calls that race to be its first', async () => {
      const world = await open();
      await world.limits.set({ project: 'demo' }, 'day', dollars(5));
      world.clock.pass(DAY_MS);
      const results = await Promise.all(Array.from({ length: 30 }, () => world.hold(1)));
      expect(results.filter(({ kind }) => kind === 'held')).toHaveLength(5);
    });

    it('counts a call in the period in which it began, however late it ends', async () => {
      const world = await open();
      await world.limits.set({ project: 'demo' }, 'day', dollars(5));
      const call = heldCall(await world.hold(4));
      world.clock.pass(DAY_MS);
      expect(await world.hold(5)).toMatchObject({ kind: 'held' });
      await world.ledger.settle(call, settledAt(3));
      const before = limitAccount({ project: 'demo' }, 'day', world.clock.now() - DAY_MS);
      expect(await readLimitAccount(world.store, before)).toMatchObject({
        spent: dollars(3),
        holds: new Map(),
      });
      expect(await world.account({ project: 'demo' }, 'day')).toMatchObject({ spent: 0n });
    });
  });

  describe('while its limit changes', () => {
    const setUp = async () => {
      const world = await open();
      const before = await world.limits.set({ project: 'demo' }, 'month', dollars(10));
      return { world, before };
    };

    it('knows a raised limit that the account has not heard of', async () => {
      const { world } = await setUp();
      const limits = [await world.directory.putLimit({ project: 'demo' }, 'month', dollars(20))];
      expect(await world.hold(15, { limits })).toMatchObject({ kind: 'held' });
      expect(await world.account({ project: 'demo' })).toMatchObject({
        limit: { version: 2, amount: dollars(20), remaining: dollars(5) },
      });
    });

    it('has the room of a changed limit, also where the account has not heard of it', async () => {
      const { world } = await setUp();
      await world.hold(4);
      for (const usd of [20, 5]) {
        const limits = [await world.directory.putLimit({ project: 'demo' }, 'month', dollars(usd))];
        expect(await world.ledger.room(limits, new AbortController().signal)).toMatchObject({
          remaining: dollars(usd - 4),
          affordable: dollars(usd - 4),
          heldByOthers: dollars(4),
        });
      }
    });

    it('is refused under a lowered limit that the account has not heard of, and takes nothing', async () => {
      const { world } = await setUp();
      const limits = [await world.directory.putLimit({ project: 'demo' }, 'month', dollars(2))];
      expect(await world.hold(3, { limits })).toMatchObject({ kind: 'refused', remaining: dollars(2) });
      expect(await holdsOf(world, limits)).toEqual([0]);
    });

    it('is bound by the newest limit, though it was admitted under an older one', async () => {
      const { world, before } = await setUp();
      await world.limits.set({ project: 'demo' }, 'month', dollars(2));
      expect(await world.hold(3, { limits: [before] })).toMatchObject({ kind: 'refused' });
    });

    it('hears of a change that crossed the opening of a new account', async () => {
      const { world, before } = await setUp();
      world.clock.pass(30 * DAY_MS);
      // The admin's change finds no account to tell, since this call is just about to open it.
      const store = gated(world.store, async (name, run) => {
        if (name === 'openAccount') await world.limits.set({ project: 'demo' }, 'month', dollars(2));
        return run();
      });
      const { ledger } = world.with(store);
      expect(await world.hold(3, { limits: [before], ledger })).toMatchObject({ kind: 'refused' });
      expect(await world.account({ project: 'demo' })).toMatchObject({ limit: { amount: dollars(2) } });
    });
  });

  describe('when the store fails', () => {
    /** Then the call looks like one that was forwarded, and is booked like it. */
    const allHeld = ({ kind, at }: Fault) => at >= 4 || (kind === 'dies_after' && at === 3);

    const kinds: Fault['kind'][] = ['dies_before', 'dies_after', 'lost_before', 'lost_after', 'late'];
    const faults = kinds.flatMap((kind) => [0, 1, 2, 3, 4].map((at): Fault => ({ kind, at })));

    it.each(faults)(
      '($kind at call $at) is Unavailable, and costs nothing unless all holds stood',
      async (fault) => {
        const world = await open();
        const limits = [
          await world.limits.set({ project: 'demo' }, 'month', dollars(100)),
          await world.limits.set({}, 'day', dollars(100)),
        ];
        await world.fillShards(3);
        const late: (() => Promise<unknown>)[] = [];
        const { ledger } = world.with(faulty(world.store, fault, late));
        const id = world.nextId();
        const result = await world.hold(3, { id, ledger }).catch((error: unknown) => error);
        const happened = result instanceof Unavailable ? 'unavailable' : 'held';
        expect(happened).toBe(fault.at < 4 ? 'unavailable' : 'held');
        for (const run of late) await run();
        world.clock.pass(LEASE + 1);
        await world.ledger.sweep({ deep: true });
        expect(await holdsOf(world, limits)).toEqual([0, 0]);
        const entry = await world.store.getCall({ id, project: 'demo' });
        expect(entry?.state ?? 'closed').toBe('closed');
        const cost = entry?.outcome?.cost ?? 0n;
        expect(cost).toBe(allHeld(fault) ? dollars(3) : 0n);
        expect((await world.account({ project: 'demo' }))?.spent ?? 0n).toBe(cost);
        expect((await world.account({}, 'day'))?.spent ?? 0n).toBe(cost);
      },
    );

    it('keeps an entry out that arrives after the call was given up', async () => {
      const world = await open();
      const late: (() => Promise<unknown>)[] = [];
      const store = gated(world.store, async (name, run) => {
        if (name !== 'putCall' || late.length > 0) return run();
        late.push(run);
        throw new Unavailable('no answer');
      });
      const id = world.nextId();
      await expect(world.hold(3, { id, ledger: world.with(store).ledger })).rejects.toThrow(Unavailable);
      for (const run of late) expect(await run()).toBe('exists');
      const entry: CallEntry | undefined = await world.store.getCall({ id, ...ALICE });
      expect(entry).toMatchObject({ state: 'closed', outcome: { state: 'void' } });
    });
  });
});
