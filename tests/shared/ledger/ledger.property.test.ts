import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createDynamoDbLedgerStore } from '../../../shared/aws/dynamodb-ledger-store.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import type { LedgerStore } from '../../../shared/ports/ledger-store.ts';
import { startDynalite, type TestTable } from '../../support/dynalite.ts';
import { gated } from '../../support/gated-store.ts';
import { type Actors, createActors } from '../../support/ledger-actors.ts';
import { checkAlways, checkAtRest } from '../../support/ledger-checks.ts';
import { plan, type Round, shardedPlan } from '../../support/ledger-plan.ts';
import { createWorld, type LedgerWorld } from '../../support/ledger-world.ts';

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

const PLANS = [
  ['in one item each', plan, 6],
  ['in shards', shardedPlan, 4],
] as const;

describe.each(PLANS)(
  'Whatever happens to accounts %s, in any order, and whoever dies',
  (_, rounds, inDynamoDb) => {
    it('the books are right (memory, every step of every function interleaved)', async () => {
      const runs = Number(process.env['LEDGER_RUNS'] ?? 300);
      await fc.assert(
        fc.asyncProperty(rounds, fc.scheduler(), async (played, scheduler) => {
          const world = await createWorld(createMemoryLedgerStore(), createMemoryDirectory());
          const interleave = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
            await scheduler.schedule(Promise.resolve(), name);
            const result = await run();
            await scheduler.schedule(Promise.resolve(), name);
            return result;
          };
          const store: LedgerStore = gated(world.store, interleave);
          const actors = createActors(world, store, gated({ rules: world.directory.rules }, interleave));
          await checkPlan(played, world, actors, (work) => scheduler.waitFor(work));
        }),
        { numRuns: runs },
      );
    });

    describe('in DynamoDB', () => {
      let table: TestTable;
      beforeAll(async () => {
        table = await startDynalite();
      });
      afterAll(() => table.close());

      it('the books are right', async () => {
        await fc.assert(
          fc.asyncProperty(rounds, async (played) => {
            const store = createDynamoDbLedgerStore(table.client, await table.anotherTable());
            const world = await createWorld(store, createMemoryDirectory());
            const actors = createActors(world, store, world.directory);
            await checkPlan(played, world, actors, (work) => work);
          }),
          { numRuns: inDynamoDb, endOnFailure: true },
        );
      });
    });
  },
);
