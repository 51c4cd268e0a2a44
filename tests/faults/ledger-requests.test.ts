import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { periodEnd } from '../../shared/core/period.ts';
import { Unavailable } from '../../shared/ports/ledger-store.ts';
import type { Fault, FaultScript, Step } from '../support/fault-proxy.ts';
import { type FaultStages, type SpoiledStage, startFaultStages } from '../support/fault-stage.ts';
import { ALICE, dollars, heldCall, settledAt } from '../support/ledger-world.ts';

/** What DynamoDB, or the way to it, can do to one request. */
const FAULTS: readonly [string, Fault][] = [
  ['is throttled', { kind: 'throttle' }],
  ['fails with 500, and was made', { kind: 'error', effect: 'made' }],
  ['is cut off after it was made', { kind: 'drop', when: 'after' }],
  ['is cut off, and arrives after it was tried again', { kind: 'late' }],
];

/** Every request of a call's life, the first call of a period included. */
const HOLDING = ['putCall', 'reserveLimit', 'openAccount', 'readRule', 'reserveBooks', 'openBooks'] as const;
const SETTLING = ['decideCall', 'releaseLimit', 'releaseBooks', 'closeCall'] as const;
const ACCOUNTS = ['reserveLimit', 'reserveBooks', 'releaseLimit', 'releaseBooks'] as const;

const cases = (steps: readonly Step[], faults = FAULTS) =>
  steps.flatMap((step) => faults.map(([what, fault]) => [step, what, fault] as const));
/** Those after which nobody knows whether the change was made. */
const UNCLEAR = FAULTS.filter(([, { kind }]) => kind === 'drop' || kind === 'late');

let stages: FaultStages;
// They wait more than they work.
vi.setConfig({ maxConcurrency: 12 });
beforeAll(async () => {
  stages = await startFaultStages();
});
afterAll(() => stages.close());

/** A stage whose limit was set yesterday, so that the next call is the first of its period. */
async function nextDay(): Promise<SpoiledStage> {
  const stage = await stages.open();
  const { limits, clock } = stage.world;
  await limits.set({ project: 'demo' }, 'day', dollars(10));
  clock.pass((periodEnd('day', clock.now()) ?? 0) - clock.now());
  return stage;
}

function spoiling(step: Step, fault: Fault, times: number): FaultScript & { readonly spoiled: () => number } {
  let spoiled = 0;
  return {
    spoiled: () => spoiled,
    before(operation) {
      if (operation.step !== step || spoiled === times) return undefined;
      spoiled += 1;
      return fault;
    },
  };
}

async function lifeUnder(script: FaultScript, stage: SpoiledStage): Promise<void> {
  const ledger = stage.ledger();
  const { limits } = await stage.world.directory.rules(ALICE);
  stage.spoil(script);
  const hold = () => stage.world.hold(4, { limits, ledger });
  // As the proxy does: a hold that may have been made is not sent again, and the call begins again under a fresh id.
  const call = heldCall(await hold().catch(hold));
  const settled = await ledger.settle(call, settledAt(1));
  expect(settled).toMatchObject({ state: 'closed', outcome: { state: 'settled', cost: dollars(1) } });
}

async function expectCleanBooks(stage: SpoiledStage): Promise<void> {
  expect((await stage.audit()).differences).toEqual([]);
  expect(await stage.holding()).toEqual([]);
  expect((await stage.entries()).filter(({ state }) => state !== 'closed')).toEqual([]);
}

async function spentOf(stage: SpoiledStage) {
  const account = await stage.world.account({ project: 'demo' }, 'day');
  return { spent: account?.spent, remaining: account?.limit?.remaining, calls: account?.tally.calls };
}

describe.concurrent('A call is held and settled once, at its cost, when', () => {
  test.each([...cases(HOLDING), ...cases(SETTLING)])('%s %s', async (step, _, fault) => {
    const stage = await nextDay();
    const script = spoiling(step, fault, 1);
    await lifeUnder(script, stage);
    expect(script.spoiled()).toBe(1);
    await stage.settleDown();
    await expectCleanBooks(stage);
    expect(await spentOf(stage)).toEqual({ spent: dollars(1), remaining: dollars(9), calls: 1 });
    const booked = (await stage.entries()).filter(({ outcome }) => outcome?.state !== 'void');
    expect(booked).toMatchObject([{ outcome: { cost: dollars(1) } }]);
  });

  test('every request and every answer is slow', async () => {
    const stage = await nextDay();
    const slow = (when: 'before' | 'after') => ({ kind: 'delay', when, ms: 40 }) as const;
    await lifeUnder({ before: ({ number }) => slow(number % 2 === 0 ? 'before' : 'after') }, stage);
    await stage.settleDown();
    await expectCleanBooks(stage);
    expect(await spentOf(stage)).toEqual({ spent: dollars(1), remaining: dollars(9), calls: 1 });
  });

  test.each(ACCOUNTS)('%s is refused for a reason that is gone when it is looked into', async (step) => {
    const stage = await nextDay();
    const script = spoiling(step, { kind: 'condition' }, 2);
    await lifeUnder(script, stage);
    expect(script.spoiled()).toBe(2);
    await stage.settleDown();
    await expectCleanBooks(stage);
    expect(await spentOf(stage)).toEqual({ spent: dollars(1), remaining: dollars(9), calls: 1 });
  });
});

describe.concurrent('A call is not forwarded, holds nothing in the end and costs nothing as long as', () => {
  test.each(cases(HOLDING, UNCLEAR))('%s %s', async (step, _, fault) => {
    const stage = await nextDay();
    const { limits } = await stage.world.directory.rules(ALICE);
    stage.spoil(spoiling(step, fault, Number.POSITIVE_INFINITY));
    const holding = stage.world.hold(4, { limits, ledger: stage.ledger() });
    await expect(holding).rejects.toBeInstanceOf(Unavailable);
    await stage.settleDown();
    await expectCleanBooks(stage);
    // The account of the new period may not be opened yet: then nothing was spent from it either.
    const { spent = 0n, remaining = dollars(10) } = await spentOf(stage);
    expect({ spent, remaining }).toEqual({ spent: 0n, remaining: dollars(10) });
    for (const { outcome } of await stage.entries())
      expect(outcome).toMatchObject({ state: 'void', cost: 0n });
  });
});

describe.concurrent('When the time for a hold is up', () => {
  test.each(['reserveLimit', 'reserveBooks'] as const)(
    'while %s is throttled, it is not sent again, and what was taken is given back',
    async (step) => {
      const stage = await nextDay();
      const { limits } = await stage.world.directory.rules(ALICE);
      const holding = new AbortController();
      let sent = 0;
      stage.spoil({
        before(operation) {
          if (operation.step !== step) return undefined;
          sent += 1;
          holding.abort();
          return { kind: 'throttle' };
        },
      });
      const deadline = { holding: holding.signal, givingBack: new AbortController().signal };
      const taking = stage.world.hold(4, { limits, ledger: stage.ledger(), deadline });
      await expect(taking).rejects.toBeInstanceOf(Unavailable);
      // The SDK would have tried again by now.
      await sleep(2_000);
      expect(sent).toBe(1);
      expect(await stage.holding()).toEqual([]);
      expect(await stage.entries()).toMatchObject([{ state: 'closed', outcome: { state: 'void' } }]);
      await stage.settleDown();
      await expectCleanBooks(stage);
    },
  );

  test('and giving back takes too long as well, the sweep gives back', async () => {
    const stage = await nextDay();
    const { limits } = await stage.world.directory.rules(ALICE);
    const [holding, givingBack] = [new AbortController(), new AbortController()];
    stage.spoil({
      before({ step }) {
        if (step === 'reserveBooks') holding.abort();
        if (step !== 'decideCall' && step !== 'reserveBooks') return undefined;
        if (step === 'decideCall') givingBack.abort();
        return { kind: 'hang', when: 'before' };
      },
    });
    const deadline = { holding: holding.signal, givingBack: givingBack.signal };
    const taking = stage.world.hold(4, { limits, ledger: stage.ledger(), deadline });
    await expect(taking).rejects.toBeInstanceOf(Unavailable);
    await stage.settleDown();
    await expectCleanBooks(stage);
    expect(await stage.entries()).toMatchObject([{ outcome: { state: 'void', cost: 0n } }]);
  });
});

describe.concurrent('A call that was forwarded is on the books once after', () => {
  test.each(cases(SETTLING, UNCLEAR))('%s %s, for as long as the function lives', async (step, _, fault) => {
    const stage = await nextDay();
    const { limits } = await stage.world.directory.rules(ALICE);
    const ledger = stage.ledger();
    const call = heldCall(await stage.world.hold(4, { limits, ledger }));
    stage.spoil(spoiling(step, fault, Number.POSITIVE_INFINITY));
    await expect(ledger.settle(call, settledAt(1))).rejects.toBeInstanceOf(Unavailable);
    await stage.settleDown();
    await expectCleanBooks(stage);
    const [entry, ...others] = await stage.entries();
    expect(others).toEqual([]);
    // Decided before the fault, or as far as DynamoDB: its cost. Otherwise nobody knows it, and its hold is booked.
    const known = step !== 'decideCall' || entry?.outcome?.state === 'settled';
    expect(entry?.outcome).toMatchObject(
      known ? { state: 'settled', cost: dollars(1) } : { state: 'unsettled', cost: dollars(4) },
    );
    expect(await spentOf(stage)).toMatchObject({ spent: entry?.outcome?.cost, calls: 1 });
  });
});
