import fc from 'fast-check';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import type { Fault, Operation, Step } from '../support/fault-proxy.ts';
import { type FaultStages, startFaultStages } from '../support/fault-stage.ts';
import { createActors } from '../support/ledger-actors.ts';
import { checkAlways, checkAtRest } from '../support/ledger-checks.ts';
import { plan, type Round } from '../support/ledger-plan.ts';
import { LEASE } from '../support/ledger-world.ts';

const RUNS = Number(process.env['FAULT_RUNS'] ?? 24);
const AT_ONCE = 6;

const PASS: Fault = { kind: 'pass' };
const FAULTS: readonly Fault[] = [
  { kind: 'throttle' },
  { kind: 'error', effect: 'none' },
  { kind: 'error', effect: 'made' },
  { kind: 'drop', when: 'before' },
  { kind: 'drop', when: 'after' },
  { kind: 'late' },
  { kind: 'late' },
  { kind: 'delay', when: 'before', ms: 20 },
  { kind: 'delay', when: 'after', ms: 20 },
  { kind: 'condition' },
];

/** One request in so many is spoiled, in some order that is repeated. */
const weather: fc.Arbitrary<Fault[]> = fc
  .integer({ min: 1, max: 20 })
  .chain((calm) =>
    fc.array(
      fc.oneof(
        { weight: calm, arbitrary: fc.constant(PASS) },
        { weight: 1, arbitrary: fc.constantFrom(...FAULTS) },
      ),
      { minLength: 10, maxLength: 60 },
    ),
  );

/** Only of accounts may a refusal's reason be gone when it is looked into. */
const LIED_ABOUT: readonly Step[] = ['reserveLimit', 'reserveBooks', 'releaseLimit', 'releaseBooks'];

function faultOf(operation: Operation, faults: readonly Fault[], count: number): Fault {
  const fault = faults[count % faults.length] ?? PASS;
  return fault.kind === 'condition' && !LIED_ABOUT.includes(operation.step) ? PASS : fault;
}

let stages: FaultStages;
vi.setConfig({ maxConcurrency: AT_ONCE });
beforeAll(async () => {
  stages = await startFaultStages();
});
afterAll(() => stages.close());

/** Faults come from the way to DynamoDB alone, and no more time passes at once than a lease. */
function calmed(rounds: readonly Round[]): Round[] {
  return rounds.map(({ passes, steps }) => ({
    passes: Math.min(passes, LEASE + 1),
    steps: steps.map((step) => ({ ...step, fault: undefined })),
  }));
}

async function checkPlan(rounds: readonly Round[], faults: readonly Fault[]): Promise<void> {
  const stage = await stages.open();
  const actors = createActors(stage.world, stage.store, stage.world.directory);
  let count = 0;
  const script = { before: (operation: Operation) => faultOf(operation, faults, count++) };
  for (const round of calmed(rounds)) {
    if (round.passes > LEASE) await stage.deliver();
    stage.spoil(script);
    await actors.play(round);
    stage.spoil();
    await checkAlways(stage.world, actors);
  }
  await stage.deliver();
  // Not by the stage's own sweep: what OpenAI tells later, only the actors tell.
  await actors.settleDown();
  await checkAlways(stage.world, actors);
  await checkAtRest(stage.world, actors);
}

describe.concurrent('Whatever happens on the way to DynamoDB', () => {
  test.each(Array.from({ length: AT_ONCE }, (_, n) => n))(
    'the books are right (%i)',
    async () => {
      await fc.assert(fc.asyncProperty(plan, weather, checkPlan), {
        numRuns: Math.ceil(RUNS / AT_ONCE),
        endOnFailure: true,
      });
    },
    300_000,
  );
});
