import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { type Point, SWEEP_POINTS } from './points.ts';
import type { Random } from './random.ts';
import type { FunctionProcess, Stage } from './stage.ts';
import { startTrap } from './trap.ts';

const SWEEP_ATTEMPTS = 20;
const SWEEP_EVERY_MS = 3_000;

/** What a sweep reports that it did. */
const REPORT = z.object({
  unsettled: z.number(),
  voided: z.number(),
  completed: z.number(),
  settled: z.number(),
  waiting: z.number(),
  strays: z.number(),
});
export type SweepCounts = z.infer<typeof REPORT>;

export interface SweepResult {
  /** Sweeps killed at each point. */
  readonly sweepKills: ReadonlyMap<string, number>;
  /** What the two sweeps did that ran at once, together. */
  readonly swept: SweepCounts;
  /** What a sweep still did after them: nothing, or the books were not in order. */
  readonly afterwards: SweepCounts;
}

/**
 * Sweeps a stage whose functions are dead: sweeps that are killed at each of their points, two at once, one more.
 *
 * @param options.strand leaves calls open, since a point that a sweep is to be killed at must find some
 */
export async function sweepAway(
  stage: Stage,
  environment: Readonly<Record<string, string>>,
  options: { readonly kills: number; readonly random: Random; readonly strand: () => Promise<void> },
): Promise<SweepResult> {
  const { kills, random, strand } = options;
  const sweepKills = new Map<string, number>();
  const killAt = async (point: Point) => {
    const isKilled = await killSweep(stage, environment, point, random.whole(0, 1));
    if (isKilled) sweepKills.set(point.name, (sweepKills.get(point.name) ?? 0) + 1);
  };
  for (let index = 0; index < kills; index += 1) {
    const point = SWEEP_POINTS[index % SWEEP_POINTS.length];
    if (point === undefined) break;
    await killAt(point);
    if (sweepKills.has(point.name)) continue;
    await strand();
    await killAt(point);
  }
  const [first, second] = await Promise.all([stage.start(environment), stage.start(environment)]);
  const together = await Promise.all([sweepThrough(first), sweepThrough(second)]);
  await sweepThrough(first);
  return { sweepKills, swept: together.reduce(sum), afterwards: await sweepThrough(second) };
}

/** Whether a sweep was killed at a point: one that finds too little to do to come to it ends well. */
async function killSweep(
  stage: Stage,
  environment: Readonly<Record<string, string>>,
  point: Point,
  passes: number,
): Promise<boolean> {
  const trap = await startTrap(stage.table.endpoint);
  const process = await stage.start(environment, trap.endpoint);
  let isKilled = false;
  trap.arm(point, passes, () => {
    isKilled = true;
    process.kill();
  });
  await process.sweep().catch(() => undefined);
  await trap.close();
  return isKilled;
}

/** Sweeps a stage again and again while calls, and functions, come and go: as its schedule does, only faster. */
export async function sweepMeanwhile(
  stage: Stage,
  environment: Readonly<Record<string, string>>,
): Promise<{ stop(): Promise<void> }> {
  const process = await stage.start(environment);
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      await sweepThrough(process);
      await sleep(SWEEP_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** A sweep that DynamoDB is too slow for fails, and the next one does the rest. */
async function sweepThrough(process: FunctionProcess): Promise<SweepCounts> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return REPORT.parse(await process.sweep());
    } catch (error) {
      if (attempt === SWEEP_ATTEMPTS) throw error;
    }
  }
}

function sum(a: SweepCounts, b: SweepCounts): SweepCounts {
  return {
    unsettled: a.unsettled + b.unsettled,
    voided: a.voided + b.voided,
    completed: a.completed + b.completed,
    settled: a.settled + b.settled,
    waiting: a.waiting + b.waiting,
    strays: a.strays + b.strays,
  };
}
