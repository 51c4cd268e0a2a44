import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDbLedgerStore } from '../../../shared/aws/dynamodb-ledger-store.ts';
import { accountName, heldIn } from '../../../shared/core/accounts.ts';
import type { Account, CallEntry } from '../../../shared/core/ledger.ts';
import { daysBetween, PERIODS, periodKey } from '../../../shared/core/period.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import type { LedgerStore } from '../../../shared/ports/ledger-store.ts';
import { startDynalite, type TestTable } from '../../support/dynalite.ts';
import { gated } from '../../support/gated-store.ts';
import { type Actors, createActors, type Known } from '../../support/ledger-actors.ts';
import { plan, type Round } from '../../support/ledger-plan.ts';
import { createWorld, type LedgerWorld, PROJECTS, START } from '../../support/ledger-world.ts';

/** Every account that the books have, read and summed here without the ledger's own rules. */
async function accountsOf({ store, clock }: LedgerWorld): Promise<Account[]> {
  const days = daysBetween(START, clock.now());
  const accounts: Account[] = [];
  for (const period of PERIODS)
    for (const key of new Set(days.map((day) => periodKey(period, Date.parse(day)))))
      for await (const account of store.limitAccounts(period, key)) accounts.push(account);
  for (const day of days)
    for (const project of PROJECTS)
      for await (const account of store.books(project, day)) accounts.push(account);
  return accounts;
}

function naming(account: Account, entries: readonly CallEntry[]): CallEntry[] {
  const name = accountName(account.id);
  return entries.filter(({ accounts }) => accounts.some((id) => accountName(id) === name));
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

/** True at every instant at which nobody is in the middle of anything, whatever died and was lost before. */
async function checkAlways(world: LedgerWorld, actors: Actors): Promise<void> {
  const entries = await world.entries();
  for (const account of await accountsOf(world)) {
    const { limit, carried, spent } = account;
    if (limit === undefined) continue;
    expect(limit.remaining).toBe(limit.amount - carried - spent - heldIn(account));
    if (!actors.strict()) continue;
    expect(limit.remaining).toBeGreaterThanOrEqual(0n);
    const forwarded = naming(account, entries).filter(({ id }) =>
      actors.known.some((call) => call.id === id && call.result === 'held'),
    );
    const atRisk = sum(forwarded.map(({ held, outcome }) => outcome?.cost ?? held));
    expect(atRisk + carried).toBeLessThanOrEqual(limit.amount);
  }
}

/** True when everything has come to rest. */
async function checkAtRest(world: LedgerWorld, actors: Actors): Promise<void> {
  const entries = await world.entries();
  expect(entries.filter(({ state }) => state !== 'closed')).toEqual([]);
  const accounts = await accountsOf(world);
  for (const account of accounts) {
    const booked = naming(account, entries).map(({ outcome }) => outcome);
    expect([...account.holds.keys()]).toEqual([]);
    expect(account.spent).toBe(sum(booked.map((outcome) => outcome?.cost ?? 0n)));
    expect(account.tally.calls ?? 0).toBe(booked.filter((outcome) => outcome?.state !== 'void').length);
  }
  for (const call of actors.known) checkCall(call, entries);
  const instances = daysBetween(START, world.clock.now()).flatMap((day) =>
    PERIODS.map((period) => ({ period, at: Date.parse(day) })),
  );
  const report = await world.audit.run(instances);
  expect(report).toEqual({ accounts: accounts.length, entries: entries.length, moving: 0, differences: [] });
}

/** A forwarded call is on the books once, at a cost that somebody decided; one that was not forwarded is free. */
function checkCall(call: Known, entries: readonly CallEntry[]): void {
  const found = entries.filter(({ id }) => id === call.id);
  const cost = found[0]?.outcome?.cost;
  if (call.result === 'held') {
    expect(found).toHaveLength(1);
    expect([call.held, ...call.tried.map((outcome) => outcome.cost)]).toContain(cost);
    for (const outcome of call.told) expect(outcome).toEqual(found[0]?.outcome);
  }
  if (call.result === 'refused') expect(found[0]?.outcome).toMatchObject({ state: 'void', cost: 0n });
  // All its holds may have stood without the function hearing of it: then it cannot be told from a forwarded one.
  if (call.result === 'failed') expect([undefined, 0n, call.held]).toContain(cost);
}

/** @param drive sees work to its end, in whatever order it likes */
async function checkPlan(
  rounds: readonly Round[],
  world: LedgerWorld,
  actors: Actors,
  drive: (work: Promise<void>) => Promise<void>,
): Promise<void> {
  for (const round of rounds) {
    await drive(actors.play(round));
    await checkAlways(world, actors);
  }
  await drive(actors.settleDown());
  await checkAlways(world, actors);
  await checkAtRest(world, actors);
}

describe('Whatever happens, in any order, and whoever dies', () => {
  it('the books are right (memory, every step of every function interleaved)', async () => {
    const runs = Number(process.env['LEDGER_RUNS'] ?? 300);
    await fc.assert(
      fc.asyncProperty(plan, fc.scheduler(), async (rounds, scheduler) => {
        const world = await createWorld(createMemoryLedgerStore(), createMemoryDirectory());
        const interleave = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
          await scheduler.schedule(Promise.resolve(), name);
          const result = await run();
          await scheduler.schedule(Promise.resolve(), name);
          return result;
        };
        const store: LedgerStore = gated(world.store, interleave);
        const actors = createActors(world, store, gated({ rules: world.directory.rules }, interleave));
        await checkPlan(rounds, world, actors, (work) => scheduler.waitFor(work));
      }),
      { numRuns: runs },
    );
  }, 120_000);

  describe('in DynamoDB', () => {
    let table: TestTable;
    beforeAll(async () => {
      table = await startDynalite();
    });
    afterAll(() => table.close());

    it('the books are right', async () => {
      await fc.assert(
        fc.asyncProperty(plan, async (rounds) => {
          const store = createDynamoDbLedgerStore(table.client, await table.anotherTable());
          const world = await createWorld(store, createMemoryDirectory());
          const actors = createActors(world, store, world.directory);
          await checkPlan(rounds, world, actors, (work) => work);
        }),
        { numRuns: 8, endOnFailure: true },
      );
    }, 120_000);
  });
});
