import { describe, expect, it } from 'vitest';
import { booksAccount } from '../../../shared/core/accounts.ts';
import type { CallEntry } from '../../../shared/core/ledger.ts';
import type { LedgerStore } from '../../../shared/ports/ledger-store.ts';
import { type Fault, faulty, gated } from '../../support/gated-store.ts';
import {
  ALICE,
  dollars,
  heldCall,
  LEASE,
  type LedgerWorld,
  onEveryStore,
  settledAt,
  VOID,
} from '../../support/ledger-world.ts';

const NONE = { unsettled: 0, voided: 0, completed: 0, settled: 0, waiting: 0, strays: 0 };
const SHALLOW = { deep: false };
const DEEP = { deep: true };

onEveryStore('The sweep', (open) => {
  const setUp = async (): Promise<{ world: LedgerWorld; call: CallEntry }> => {
    const world = await open();
    await world.limits.set({ project: 'demo' }, 'month', dollars(10));
    return { world, call: heldCall(await world.hold(4)) };
  };
  const balance = async (world: LedgerWorld) => {
    const account = await world.account({ project: 'demo' });
    return { spent: account?.spent, holds: account?.holds.size };
  };

  it('lets a call be while its function may be at work on it', async () => {
    const { world } = await setUp();
    world.clock.pass(LEASE);
    expect(await world.ledger.sweep(DEEP)).toEqual(NONE);
    world.clock.pass(1);
    expect(await world.ledger.sweep(DEEP)).toEqual({ ...NONE, unsettled: 1 });
  });

  it('books an abandoned call at its full hold, everywhere, flagged', async () => {
    const { world, call } = await setUp();
    world.clock.pass(LEASE + 1);
    await world.ledger.sweep(SHALLOW);
    expect(await world.store.getCall(call)).toMatchObject({
      state: 'closed',
      outcome: { state: 'unsettled', cost: dollars(4), flags: ['unsettled'] },
    });
    expect(await balance(world)).toEqual({ spent: dollars(4), holds: 0 });
    const books = await world.store.getAccount(booksAccount(call.id, ALICE));
    expect(books).toMatchObject({ spent: dollars(4), tally: { calls: 1 }, holds: new Map() });
  });

  it('gives back the holds of a call that did not get all of them: it was never forwarded', async () => {
    const world = await open();
    const limits = [
      await world.limits.set({ project: 'demo' }, 'month', dollars(100)),
      await world.limits.set({}, 'day', dollars(100)),
    ];
    await world.fillShards(4);
    const id = world.nextId();
    const { ledger } = world.with(faulty(world.store, { kind: 'dies_before', at: 2 }));
    await expect(world.hold(4, { id, limits, ledger })).rejects.toThrow();
    expect(await balance(world)).toEqual({ spent: 0n, holds: 1 });
    world.clock.pass(LEASE + 1);
    expect(await world.ledger.sweep(SHALLOW)).toEqual({ ...NONE, voided: 1 });
    expect(await balance(world)).toEqual({ spent: 0n, holds: 0 });
  });

  it.each([1, 2, 3])(
    'completes a settlement that was cut off at step %i, at the cost it decided',
    async (at) => {
      const { world, call } = await setUp();
      const { ledger } = world.with(faulty(world.store, { kind: 'dies_before', at }));
      await expect(ledger.settle(call, settledAt(1))).rejects.toThrow();
      world.clock.pass(LEASE + 1);
      expect(await world.ledger.sweep(SHALLOW)).toEqual({ ...NONE, completed: 1 });
      expect(await balance(world)).toEqual({ spent: dollars(1), holds: 0 });
      expect(await world.ledger.sweep(DEEP)).toEqual(NONE);
    },
  );

  it('that dies half way is completed by the next one', async () => {
    for (let at = 0; at < 8; at += 1) {
      const { world } = await setUp();
      world.clock.pass(LEASE + 1);
      await world
        .with(faulty(world.store, { kind: 'dies_after', at }))
        .ledger.sweep(SHALLOW)
        .catch(() => {});
      await world.ledger.sweep(SHALLOW);
      expect(await balance(world)).toEqual({ spent: dollars(4), holds: 0 });
    }
  });

  it('goes on with the other calls when it fails at one', async () => {
    const { world, call } = await setUp();
    await world.hold(1);
    world.clock.pass(LEASE + 1);
    const store = gated(world.store, (name, run) => {
      if (name !== 'closeCall') return run();
      throw new Error('this entry cannot be closed');
    });
    await expect(world.with(store).ledger.sweep(SHALLOW)).rejects.toThrow('cannot be closed');
    expect(await balance(world)).toEqual({ spent: dollars(5), holds: 0 });
    expect(await world.store.getCall(call)).toMatchObject({ state: 'decided' });
  });

  describe('racing', () => {
    it('two of its kind books once', async () => {
      const { world } = await setUp();
      world.clock.pass(LEASE + 1);
      await Promise.all([world.ledger.sweep(DEEP), world.ledger.sweep(DEEP), world.ledger.sweep(DEEP)]);
      expect(await balance(world)).toEqual({ spent: dollars(4), holds: 0 });
    });

    it.each([
      ['a settlement', settledAt(1)],
      ['a void', VOID],
    ])('%s books what was decided first, once', async (_, outcome) => {
      for (let round = 0; round < 5; round += 1) {
        const { world, call } = await setUp();
        world.clock.pass(LEASE + 1);
        const [entry] = await Promise.all([
          world.ledger.settle(call, outcome),
          world.ledger.sweep(DEEP),
          world.ledger.settle(call, outcome),
        ]);
        const standing = await world.store.getCall(call);
        expect(standing).toMatchObject({ state: 'closed', outcome: entry.outcome });
        expect([outcome.cost, dollars(4)]).toContain(standing?.outcome?.cost);
        expect(await balance(world)).toEqual({ spent: standing?.outcome?.cost, holds: 0 });
      }
    });

    it('does not take a call for unforwarded because its settlement has begun to release it', async () => {
      const { world, call } = await setUp();
      world.clock.pass(LEASE + 1);
      let settled = false;
      const store = gated(world.store, async (name, run) => {
        if (name === 'getAccount' && !settled) {
          settled = true;
          await world.ledger.settle(call, settledAt(1));
        }
        return run();
      });
      await world.with(store).ledger.sweep(SHALLOW);
      expect(settled).toBe(true);
      expect((await world.store.getCall(call))?.outcome).toMatchObject({
        state: 'settled',
        cost: dollars(1),
      });
      expect(await balance(world)).toEqual({ spent: dollars(1), holds: 0 });
    });
  });

  describe('going deep', () => {
    const stray = async (world: LedgerWorld, id: string) => {
      const store: LedgerStore = { ...world.store, putCall: async () => 'created' };
      heldCall(await world.hold(2, { id, ledger: world.with(store).ledger }));
    };

    it('gives back the holds of a call whose entry never arrived', async () => {
      const world = await open();
      await world.limits.set({ project: 'demo' }, 'month', dollars(10));
      const id = world.nextId();
      await stray(world, id);
      world.clock.pass(LEASE);
      expect(await world.ledger.sweep(DEEP)).toEqual(NONE);
      world.clock.pass(1);
      expect(await world.ledger.sweep(SHALLOW)).toEqual(NONE);
      expect(await world.ledger.sweep(DEEP)).toEqual({ ...NONE, strays: 2 });
      expect(await balance(world)).toEqual({ spent: 0n, holds: 0 });
      expect((await world.store.getAccount(booksAccount(id, ALICE)))?.holds.size).toBe(0);
    });

    it('gives back a hold that arrived after its call had ended, and keeps its cost', async () => {
      const { world, call } = await setUp();
      await world.ledger.settle(call, settledAt(1));
      await stray(world, call.id);
      expect(await balance(world)).toEqual({ spent: dollars(1), holds: 1 });
      world.clock.pass(LEASE + 1);
      expect(await world.ledger.sweep(DEEP)).toEqual({ ...NONE, strays: 2 });
      expect(await balance(world)).toEqual({ spent: dollars(1), holds: 0 });
    });

    it('leaves none to be booked again by a function that settles again', async () => {
      const { world, call } = await setUp();
      await world.ledger.settle(call, settledAt(1));
      await stray(world, call.id);
      await world.ledger.settle(call, settledAt(1));
      expect(await balance(world)).toEqual({ spent: dollars(1), holds: 1 });
    });

    it('finds it also when the period has ended meanwhile', async () => {
      const { world, call } = await setUp();
      await world.ledger.settle(call, settledAt(1));
      const id = world.nextId();
      await stray(world, id);
      world.clock.pass(Date.parse('2026-12-01T00:00:00Z') - world.clock.now());
      expect((await world.ledger.sweep(DEEP)).strays).toBeGreaterThan(0);
      world.clock.pass(-1);
      expect(await balance(world)).toEqual({ spent: dollars(1), holds: 0 });
    });
  });
});

const kinds: Fault['kind'][] = ['dies_before', 'dies_after', 'lost_before', 'lost_after', 'late'];
onEveryStore('Settling', (open) => {
  it.each(kinds)('that fails (%s) anywhere is made good by trying again, or by the sweep', async (kind) => {
    for (const retry of [true, false])
      for (let at = 0; at < 4; at += 1) {
        const world = await open();
        await world.limits.set({ project: 'demo' }, 'month', dollars(10));
        const call = heldCall(await world.hold(4));
        const late: (() => Promise<unknown>)[] = [];
        const { ledger } = world.with(faulty(world.store, { kind, at }, late));
        await expect(ledger.settle(call, settledAt(1))).rejects.toThrow();
        if (retry) await world.ledger.settle(call, settledAt(1));
        world.clock.pass(LEASE + 1);
        await world.ledger.sweep({ deep: true });
        for (const run of late) await run();
        const entry = await world.store.getCall(call);
        const decided = retry || at > 0 || kind.endsWith('after');
        expect(entry).toMatchObject({ state: 'closed', outcome: { cost: dollars(decided ? 1 : 4) } });
        expect(await world.account({ project: 'demo' })).toMatchObject({
          spent: entry?.outcome?.cost,
          tally: { calls: 1 },
          holds: new Map(),
        });
      }
  });
});
