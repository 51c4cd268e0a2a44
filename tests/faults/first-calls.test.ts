import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { limitAccount, shardOf } from '../../shared/core/accounts.ts';
import type { Held, Refused } from '../../shared/core/ledger.ts';
import { type FaultStages, type SpoiledStage, startFaultStages } from '../support/fault-stage.ts';
import { type Holders, startHolders } from '../support/holders.ts';
import { ALICE, dollars, settledAt } from '../support/ledger-world.ts';

const DAY = 86_400_000;
const PROCESSES = 50;
/** They are many for a small machine. */
const PATIENCE_MS = 300_000;

let stages: FaultStages;
let holders: Holders;
vi.setConfig({ testTimeout: PATIENCE_MS });
beforeAll(async () => {
  stages = await startFaultStages();
  holders = await startHolders(PROCESSES);
}, PATIENCE_MS);
afterAll(async () => {
  await Promise.all([stages?.close(), holders?.close()]);
}, PATIENCE_MS);

/** On the day after its limits were set: nobody has opened an account of the new period. */
async function nextDay(set: (stage: SpoiledStage) => Promise<unknown>): Promise<SpoiledStage> {
  const stage = await stages.open();
  await set(stage);
  stage.world.clock.pass(DAY);
  return stage;
}

/** Every process wants a dollar for Alice at the same instant. */
function race({ world, table }: SpoiledStage): Promise<(Held | Refused)[]> {
  const call = { endpoint: 'POST /chat/completions', requestedModel: ALICE.model, stream: false };
  return holders.race(
    Array.from({ length: PROCESSES }, () => ({
      endpoint: stages.proxy.endpoint,
      table,
      now: world.clock.now(),
      request: { ...ALICE, ...call, id: world.nextId(), amount: dollars(1) },
    })),
  );
}

/** The accounts that somebody opened, and was not told that they were there already. */
function watchOpened(stage: SpoiledStage): string[] {
  const opened: string[] = [];
  stage.spoil({
    after({ step, pk }, status) {
      if (step === 'openAccount' && status === 200) opened.push(pk ?? '');
    },
  });
  return opened;
}

function heldIn(results: readonly (Held | Refused)[]) {
  return results.flatMap((result) => (result.kind === 'held' ? [result.call] : []));
}

/** Every call that was held can be settled at its cost, and then nothing is left over. */
async function settleAll(stage: SpoiledStage, results: readonly (Held | Refused)[]): Promise<void> {
  const ledger = stage.world.ledger;
  for (const call of heldIn(results))
    expect(await ledger.settle(call, settledAt(1))).toMatchObject({ outcome: { cost: dollars(1) } });
  expect((await stage.audit()).differences).toEqual([]);
  expect(await stage.holding()).toEqual([]);
}

describe(`The first calls of a period, from ${PROCESSES} processes at once`, () => {
  test('open its account once, with its limit, and spend all of it and no more', async () => {
    const stage = await nextDay(({ world }) => world.limits.set({ project: 'demo' }, 'day', dollars(20)));
    const opened = watchOpened(stage);
    const results = await race(stage);
    const held = heldIn(results);
    expect(held).toHaveLength(20);
    expect(opened).toHaveLength(1);
    const account = await stage.world.account({ project: 'demo' }, 'day');
    expect(account?.limit).toEqual({ amount: dollars(20), version: 1, remaining: 0n });
    expect([...(account?.holds.keys() ?? [])].sort()).toEqual(held.map(({ id }) => id).sort());
    await settleAll(stage, results);
    expect(await stage.world.account({ project: 'demo' }, 'day')).toMatchObject({ spent: dollars(20) });
  });

  test('open each of two accounts once, and spend no more than the tightest', async () => {
    const stage = await nextDay(async ({ world }) => {
      await world.limits.set({ project: 'demo' }, 'day', dollars(20));
      await world.limits.set({ user: ALICE.user }, 'day', dollars(10));
    });
    const opened = watchOpened(stage);
    const results = await race(stage);
    // One that has its hold in the one account may find the other full of holds that are about to be given back.
    const held = heldIn(results).length;
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThanOrEqual(10);
    expect(new Set(opened).size).toBe(2);
    expect(opened).toHaveLength(2);
    const [project, user] = await Promise.all([
      stage.world.account({ project: 'demo' }, 'day'),
      stage.world.account({ user: ALICE.user }, 'day'),
    ]);
    expect(project?.limit).toMatchObject({ amount: dollars(20), remaining: dollars(20 - held) });
    expect(user?.limit).toMatchObject({ amount: dollars(10), remaining: dollars(10 - held) });
    for (const { kind, ...rest } of results)
      if (kind === 'refused') expect(rest).toMatchObject({ limit: { version: 1 } });
    for (let calls = held; calls < 10; calls += 1) results.push(await stage.world.hold(1));
    expect(await stage.world.hold(0.01)).toMatchObject({ kind: 'refused' });
    await settleAll(stage, results);
  });

  test('open an account in shards once, and each shard once, and leave nothing in any of them', async () => {
    const shards = 4;
    const stage = await nextDay(({ world }) =>
      world.limits.set({ project: 'demo' }, 'day', dollars(20), shards),
    );
    const opened = watchOpened(stage);
    const results = await race(stage);
    expect(heldIn(results).length).toBeGreaterThan(0);
    expect(heldIn(results).length).toBeLessThanOrEqual(20);
    expect(new Set(opened).size).toBe(opened.length);
    expect(opened.length).toBeLessThanOrEqual(1 + shards);
    const id = limitAccount({ project: 'demo' }, 'day', stage.world.clock.now());
    expect((await stage.store.getAccount(id))?.limit).toMatchObject({ amount: dollars(20), version: 1 });
    expect(await stage.store.getAccount(shardOf(id, 0))).toMatchObject({ limit: { version: 1 } });
    // Of those who race for the last of it, some may be told to come again.
    while (heldIn(results).length < 20) results.push(await stage.world.hold(1));
    expect(await stage.world.hold(0.01)).toMatchObject({ kind: 'refused', remaining: 0n });
    await settleAll(stage, results);
    expect(await stage.world.account({ project: 'demo' }, 'day')).toMatchObject({
      spent: dollars(20),
      limit: { remaining: 0n },
    });
  });

  test('while the limit changes: all of them are bound by the new one in the end', async () => {
    const stage = await nextDay(({ world }) => world.limits.set({ project: 'demo' }, 'day', dollars(20)));
    const [results] = await Promise.all([
      race(stage),
      stage.limits().set({ project: 'demo' }, 'day', dollars(30)),
    ]);
    const held = heldIn(results).length;
    expect(held).toBeGreaterThanOrEqual(20);
    expect(held).toBeLessThanOrEqual(30);
    for (let calls = held; calls < 30; calls += 1) results.push(await stage.world.hold(1));
    expect(await stage.world.hold(0.01)).toMatchObject({ kind: 'refused' });
    const account = await stage.world.account({ project: 'demo' }, 'day');
    expect(account?.limit).toEqual({ amount: dollars(30), version: 2, remaining: 0n });
    await settleAll(stage, results);
  });
});
