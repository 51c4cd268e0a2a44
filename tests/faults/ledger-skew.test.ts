import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FaultStages, type SpoiledStage, startFaultStages } from '../support/fault-stage.ts';
import { dollars, heldCall, LEASE, settledAt } from '../support/ledger-world.ts';

const MINUTE = 60_000;

let stages: FaultStages;
beforeAll(async () => {
  stages = await startFaultStages();
});
afterAll(() => stages.close());

/** A stage with $10 a day for the project. */
async function openStage(): Promise<SpoiledStage> {
  const stage = await stages.open();
  await stage.world.limits.set({ project: 'demo' }, 'day', dollars(10));
  return stage;
}

/** A function whose clock is wrong by so much. */
function skewed({ world, ledger }: SpoiledStage, by: number) {
  return ledger({ now: () => world.clock.now() + by });
}

async function expectBooked(stage: SpoiledStage, usd: number): Promise<void> {
  await stage.settleDown();
  const account = await stage.world.account({ project: 'demo' }, 'day');
  expect(account).toMatchObject({ spent: dollars(usd), tally: { calls: 1 } });
  expect(account?.limit?.remaining).toBe(dollars(10 - usd));
  expect(await stage.holding()).toEqual([]);
  expect((await stage.audit()).differences).toEqual([]);
}

describe('With clocks that are minutes apart', () => {
  test.each([
    [-5, 5],
    [5, -5],
    [-7, 7],
  ])(
    'a call of a function at %i min is not swept by one at %i min while it has minutes to live',
    async (holder, sweeper) => {
      const stage = await openStage();
      const call = heldCall(await stage.world.hold(4, { ledger: skewed(stage, holder * MINUTE) }));
      const swept = await skewed(stage, sweeper * MINUTE).sweep({ deep: true });
      expect(swept).toEqual({ unsettled: 0, voided: 0, completed: 0, settled: 0, waiting: 0, strays: 0 });
      await skewed(stage, holder * MINUTE).settle(call, settledAt(1));
      await expectBooked(stage, 1);
    },
  );

  test('a call that a fast clock believes dead is booked once, at its hold, and its late truth changes nothing', async () => {
    const stage = await openStage();
    const slow = skewed(stage, -10 * MINUTE);
    const call = heldCall(await stage.world.hold(4, { ledger: slow }));
    stage.world.clock.pass(LEASE - 15 * MINUTE);
    const swept = await skewed(stage, 10 * MINUTE).sweep({ deep: true });
    expect(swept).toMatchObject({ unsettled: 1 });
    const standing = await slow.settle(call, settledAt(1));
    expect(standing.outcome).toMatchObject({ state: 'unsettled', cost: dollars(4), flags: ['unsettled'] });
    await expectBooked(stage, 4);
  });

  test('a settlement and a sweep that race book once, at either outcome', async () => {
    for (let run = 0; run < 5; run += 1) {
      const stage = await openStage();
      const call = heldCall(await stage.world.hold(4, { ledger: skewed(stage, -10 * MINUTE) }));
      stage.world.clock.pass(LEASE - 15 * MINUTE);
      await Promise.all([
        skewed(stage, -10 * MINUTE).settle(call, settledAt(1)),
        skewed(stage, 10 * MINUTE).sweep({ deep: true }),
        skewed(stage, 9 * MINUTE).sweep({ deep: true }),
      ]);
      const [entry] = await stage.entries();
      await expectBooked(stage, entry?.outcome?.state === 'settled' ? 1 : 4);
    }
  });

  test('a call that begins before midnight by one clock and after it by another counts in one day', async () => {
    const stage = await openStage();
    stage.world.clock.pass(12 * 60 * MINUTE - MINUTE);
    const call = heldCall(await stage.world.hold(4, { ledger: skewed(stage, -5 * MINUTE) }));
    await skewed(stage, 5 * MINUTE).settle(call, settledAt(1));
    const yesterday = await stage.world.account({ project: 'demo' }, 'day');
    expect(yesterday).toMatchObject({ spent: dollars(1), tally: { calls: 1 } });
    stage.world.clock.pass(2 * MINUTE);
    expect(await stage.world.account({ project: 'demo' }, 'day')).toBeUndefined();
    await stage.settleDown();
    expect((await stage.audit()).differences).toEqual([]);
  });
});

describe('A partition that lasts longer than the lease', () => {
  test('the sweep books the hold; what was under way arrives late and changes nothing', async () => {
    const stage = await openStage();
    const ledger = stage.ledger();
    const call = heldCall(await stage.world.hold(4, { ledger }));
    stage.spoil({ before: () => ({ kind: 'late' }) });
    await expect(ledger.settle(call, settledAt(1))).rejects.toThrow();
    stage.world.clock.pass(LEASE + 1);
    expect(await stage.world.ledger.sweep({ deep: true })).toMatchObject({ unsettled: 1 });
    await expectBooked(stage, 4);
  });

  test('a settlement that was decided before it is completed after it, at its cost', async () => {
    const stage = await openStage();
    const ledger = stage.ledger();
    const call = heldCall(await stage.world.hold(4, { ledger }));
    stage.spoil({
      before: ({ step }) => (step === 'decideCall' ? undefined : { kind: 'late' }),
    });
    await expect(ledger.settle(call, settledAt(1))).rejects.toThrow();
    stage.world.clock.pass(LEASE + 1);
    expect(await stage.world.ledger.sweep({ deep: true })).toMatchObject({ completed: 1 });
    await expectBooked(stage, 1);
  });

  test('a hold that arrives when its call was long given up is found and given back', async () => {
    const stage = await openStage();
    stage.spoil({
      before: ({ step }) => (step.startsWith('reserve') ? { kind: 'late' } : undefined),
    });
    await expect(stage.world.hold(4, { ledger: stage.ledger() })).rejects.toThrow();
    stage.world.clock.pass(LEASE + 1);
    await stage.world.ledger.sweep({ deep: true });
    await stage.deliver();
    expect((await stage.world.account({ project: 'demo' }, 'day'))?.holds.size).toBeGreaterThan(0);
    await stage.settleDown();
    expect(await stage.holding()).toEqual([]);
    expect((await stage.audit()).differences).toEqual([]);
    expect((await stage.world.account({ project: 'demo' }, 'day'))?.limit?.remaining).toBe(dollars(10));
  });
});
