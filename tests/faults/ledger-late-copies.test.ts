import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Operation, Step } from '../support/fault-proxy.ts';
import { type FaultStages, type SpoiledStage, startFaultStages } from '../support/fault-stage.ts';
import { dollars, settledAt } from '../support/ledger-world.ts';

let stages: FaultStages;
beforeAll(async () => {
  stages = await startFaultStages();
});
afterAll(() => stages.close());

/** Cuts off the first copy of each of these requests, so that a second is sent where the product does so. */
function firstCopyIsLate(steps: readonly Step[]) {
  const seen = new Set<Step>();
  return ({ step }: Operation) => {
    if (!steps.includes(step) || seen.has(step)) return undefined;
    seen.add(step);
    return { kind: 'late' } as const;
  };
}

async function openStage(): Promise<SpoiledStage> {
  const stage = await stages.open();
  await stage.world.limits.set({ project: 'demo' }, 'day', dollars(10));
  return stage;
}

describe('Copies of requests that arrive when all is over', () => {
  test.each<[string, Step[]]>([
    ['a hold and its settlement', ['reserveLimit', 'releaseLimit']],
    ['a hold and its settlement in the books', ['reserveBooks', 'releaseBooks']],
    [
      'everything',
      ['putCall', 'reserveLimit', 'reserveBooks', 'decideCall', 'releaseLimit', 'releaseBooks', 'closeCall'],
    ],
  ])('book nothing twice (%s)', async (_, steps) => {
    const stage = await openStage();
    const ledger = stage.ledger();
    stage.spoil({ before: firstCopyIsLate(steps) });
    // As the proxy does, a call whose hold is unclear begins again under a fresh id.
    const held = await stage.world.hold(4, { ledger }).catch(() => stage.world.hold(4, { ledger }));
    if (held.kind === 'refused') throw new Error('refused');
    await ledger.settle(held.call, settledAt(1));
    stage.spoil();
    // In the order in which they were sent.
    await stage.deliver();
    const account = () => stage.world.account({ project: 'demo' }, 'day');
    expect(await account()).toMatchObject({ spent: dollars(1), tally: { calls: 1 } });
    await stage.settleDown();
    expect(await account()).toMatchObject({ spent: dollars(1), tally: { calls: 1 }, holds: new Map() });
    expect((await stage.audit()).differences).toEqual([]);
  });

  test('bring no limit back that was changed since', async () => {
    const stage = await openStage();
    const admin = stage.limits();
    stage.spoil({ before: firstCopyIsLate(['changeRule']) });
    await admin.set({ project: 'demo' }, 'day', dollars(20));
    await admin.set({ project: 'demo' }, 'day', dollars(5));
    await stage.deliver();
    expect(await stage.world.directory.limit({ project: 'demo' }, 'day')).toMatchObject({
      amount: dollars(5),
    });
  });

  test('remove no limit that was set since', async () => {
    const stage = await openStage();
    const admin = stage.limits();
    stage.spoil({ before: firstCopyIsLate(['changeRule']) });
    expect(await admin.remove({ project: 'demo' }, 'day')).toMatchObject({ amount: dollars(10) });
    await admin.set({ project: 'demo' }, 'day', dollars(5));
    await stage.deliver();
    expect(await stage.world.directory.limit({ project: 'demo' }, 'day')).toMatchObject({
      amount: dollars(5),
    });
  });

  test('a removal that was made unheard says what it removed', async () => {
    const stage = await openStage();
    let dropped = false;
    stage.spoil({
      before({ step }) {
        if (step !== 'changeRule' || dropped) return undefined;
        dropped = true;
        return { kind: 'drop', when: 'after' };
      },
    });
    expect(await stage.limits().remove({ project: 'demo' }, 'day')).toMatchObject({ amount: dollars(10) });
    expect(await stage.world.directory.limit({ project: 'demo' }, 'day')).toBeUndefined();
  });
});
