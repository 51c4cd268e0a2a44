import { describe, expect, it } from 'vitest';
import { limitAccount } from '../../../shared/core/accounts.ts';
import { nextLook } from '../../../shared/core/deferred.ts';
import type { CallEntry, Deferred, Outcome } from '../../../shared/core/ledger.ts';
import { type Fault, faulty, gated } from '../../support/gated-store.ts';
import { dollars, heldCall, type LedgerWorld, onEveryStore, settledAt } from '../../support/ledger-world.ts';

const NONE = { unsettled: 0, voided: 0, completed: 0, settled: 0, waiting: 0, strays: 0 };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const RESPONSE: Deferred = { kind: 'response', object: 'resp_1' };
const BATCH: Deferred = { kind: 'batch', object: 'batch_1' };
const TOLD = settledAt(1);

onEveryStore('A call whose cost is told later', (open) => {
  const setUp = async (deferred = RESPONSE): Promise<{ world: LedgerWorld; call: CallEntry }> => {
    const world = await open();
    await world.limits.set({ project: 'demo' }, 'month', dollars(10));
    const call = heldCall(await world.hold(4));
    await world.ledger.defer(call, deferred);
    return { world, call };
  };
  const balance = async (world: LedgerWorld) => {
    const account = await world.account({ project: 'demo' });
    return { spent: account?.spent, holds: account?.holds.size };
  };
  const sweep = (world: LedgerWorld, told?: Outcome, ledger = world.ledger) =>
    ledger.sweep({ deep: true, truth: async () => told });

  it('keeps its hold until somebody knows, long after its lease', async () => {
    const { world, call } = await setUp();
    for (let minute = 0; minute < 60; minute += 10) {
      world.clock.pass(10 * MINUTE + 1);
      expect(await sweep(world)).toEqual({ ...NONE, waiting: 1 });
    }
    expect(await balance(world)).toEqual({ spent: 0n, holds: 1 });
    expect(await world.store.getCall(call)).toMatchObject({ state: 'open', deferred: RESPONSE });
  });

  it('is looked at after a minute, and then less and less often, but every ten minutes', async () => {
    const { world, call } = await setUp();
    const looks: number[] = [];
    for (let minute = 1; minute <= 60; minute += 1) {
      world.clock.pass(MINUTE);
      const truth = async () => {
        looks.push(minute);
        return undefined;
      };
      await world.ledger.sweep({ deep: false, truth });
    }
    expect(looks).toEqual([2, 4, 7, 11, 17, 26, 37, 48, 59]);
    expect(nextLook(call, world.clock.now())).toBe(world.clock.now() + 10 * MINUTE);
  });

  it('is settled by the sweep at what OpenAI tells, in the accounts of its own time', async () => {
    const { world, call } = await setUp(BATCH);
    world.clock.pass(30 * HOUR);
    const decided: unknown[] = [];
    const truth = async (asked: CallEntry, deferred: Deferred) => {
      expect([asked.id, deferred]).toEqual([call.id, BATCH]);
      return TOLD;
    };
    const report = await world.ledger.sweep({
      deep: true,
      truth,
      onDecided: (found) => decided.push(found.id),
    });
    expect(report).toEqual({ ...NONE, settled: 1 });
    expect(decided).toEqual([call.id]);
    for (const id of call.accounts)
      expect(await world.store.getAccount(id)).toMatchObject({ spent: dollars(1), holds: new Map() });
    expect(await sweep(world, settledAt(3))).toEqual(NONE);
  });

  it.each([
    [RESPONSE, 48],
    [BATCH, 72],
  ])(
    'that nobody can tell of is given up in the end, at its full hold: %o after %i hours',
    async (what, hours) => {
      const { world, call } = await setUp(what);
      world.clock.pass(hours * HOUR);
      expect(await sweep(world)).toEqual({ ...NONE, waiting: 1 });
      world.clock.pass(10 * MINUTE + 1);
      expect(await sweep(world)).toEqual({ ...NONE, unsettled: 1 });
      expect(await world.store.getCall(call)).toMatchObject({
        state: 'closed',
        outcome: { state: 'unsettled', cost: dollars(4), flags: ['unsettled'] },
      });
    },
  );

  it('is booked once by two who saw its end and two sweeps, all at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { world, call } = await setUp();
      world.clock.pass(MINUTE + 1);
      await Promise.all([
        world.ledger.settle(call, TOLD),
        sweep(world, TOLD),
        world.ledger.settle(call, TOLD),
        sweep(world, TOLD),
        world.ledger.defer(call, RESPONSE),
      ]);
      expect(await world.store.getCall(call)).toMatchObject({
        state: 'closed',
        outcome: { cost: dollars(1) },
      });
      expect(await balance(world)).toEqual({ spent: dollars(1), holds: 0 });
      world.clock.pass(11 * MINUTE);
      expect(await sweep(world, settledAt(2))).toEqual(NONE);
    }
  });

  it('keeps its cost where a deep sweep comes while it is being booked', async () => {
    const { world, call } = await setUp();
    world.clock.pass(16 * MINUTE);
    // Put off, so that the sweep does not complete it: it is older than its lease, and decided when the sweep looks.
    await sweep(world);
    let swept: unknown;
    const store = gated(world.store, async (name, run) => {
      if (name === 'release' && swept === undefined) {
        swept = 'on its way';
        swept = await sweep(world);
      }
      return run();
    });
    await world.with(store).ledger.settle(call, TOLD);
    expect(swept).toEqual(NONE);
    expect(await balance(world)).toEqual({ spent: dollars(1), holds: 0 });
  });

  it('holds only where its entry says: a deep sweep gives back what it holds elsewhere', async () => {
    const { world, call } = await setUp();
    await world.limits.set({ project: 'lab' }, 'month', dollars(10));
    const elsewhere = limitAccount({ project: 'lab' }, 'month', world.clock.now());
    const hold = { amount: dollars(4), at: world.clock.now(), project: 'demo' };
    expect(await world.store.reserve(elsewhere, call.id, hold)).toMatchObject({ kind: 'held' });
    world.clock.pass(16 * MINUTE);
    expect(await sweep(world)).toEqual({ ...NONE, waiting: 1, strays: 1 });
    expect((await world.store.getAccount(elsewhere))?.holds.size).toBe(0);
    expect(await balance(world)).toEqual({ spent: 0n, holds: 1 });
  });

  it('is looked at next when the last look was written down, before OpenAI was asked', async () => {
    const { world, call } = await setUp();
    world.clock.pass(2 * MINUTE);
    let written: number | undefined;
    const dies = async () => {
      written = (await world.store.getCall(call))?.expiresAt;
      throw new Error('the function is dead');
    };
    await expect(world.ledger.sweep({ deep: false, truth: dies })).rejects.toThrow('dead');
    expect(written).toBe(nextLook(call, world.clock.now()));
    const asked: string[] = [];
    const truth = async ({ id }: CallEntry) => {
      asked.push(id);
      return undefined;
    };
    await world.ledger.sweep({ deep: false, truth });
    expect(asked).toEqual([]);
  });

  it('is booked at its full hold when the function died before it could be deferred', async () => {
    const world = await open();
    await world.limits.set({ project: 'demo' }, 'month', dollars(10));
    const call = heldCall(await world.hold(4));
    const { ledger } = world.with(faulty(world.store, { kind: 'dies_before', at: 0 }));
    await expect(ledger.defer(call, RESPONSE)).rejects.toThrow();
    world.clock.pass(16 * MINUTE);
    expect(await sweep(world, TOLD)).toEqual({ ...NONE, unsettled: 1 });
    expect(await balance(world)).toEqual({ spent: dollars(4), holds: 0 });
  });

  const kinds: Fault['kind'][] = ['dies_before', 'dies_after', 'lost_before', 'lost_after', 'late'];
  it.each(kinds)('is booked once, at the truth, when a sweep fails over it (%s) anywhere', async (kind) => {
    for (let at = 0; at < 6; at += 1) {
      const { world } = await setUp();
      world.clock.pass(MINUTE + 1);
      const late: (() => Promise<unknown>)[] = [];
      const { ledger } = world.with(faulty(world.store, { kind, at }, late));
      await sweep(world, TOLD, ledger).catch(() => undefined);
      for (const run of late) await run();
      world.clock.pass(11 * MINUTE);
      await sweep(world, TOLD);
      expect(await balance(world)).toEqual({ spent: dollars(1), holds: 0 });
    }
  });
});

describe('The next look at a call', () => {
  it('is never before now, whatever the clocks say', () => {
    const call = { id: `call_0193${'0'.repeat(24)}` };
    for (const now of [0, 1, 0x019300000000, 0x019400000000])
      expect(nextLook(call, now)).toBeGreaterThan(now);
  });
});
