import { setTimeout as sleep } from 'node:timers/promises';
import { ONE_USD } from '../../shared/core/money.ts';
import { type Caller, createCaller, type Reply } from './caller.ts';
import {
  CALL_POINTS,
  FORWARDED,
  isDurable,
  type Point,
  SHARD_POINTS,
  SWEEP_POINTS,
  type Wave,
} from './points.ts';
import { type Question, questioner, type Shape } from './questions.ts';
import { type Random, randomFrom } from './random.ts';
import { type Reckoning, reckon } from './reckoning.ts';
import { type Samples, sampleLimits } from './sampler.ts';
import { type FunctionProcess, type LimitOf, PROJECT, type Stage, spread, startStage } from './stage.ts';
import { type SweepResult, sweepAway, sweepMeanwhile } from './sweeps.ts';
import { startTrap, type Trap } from './trap.ts';

export interface CrashOptions {
  readonly seed: number;
  /** Processes that are under load, and killed, at the same time. */
  readonly processes: number;
  /** Callers at each of them. */
  readonly callers: number;
  readonly kills: number;
  /** Of sweeps, on top. */
  readonly sweepKills: number;
  /** Over how many items every other limit is spread; absent: none is. */
  readonly shards?: number;
}

export interface CrashResult extends SweepResult {
  readonly calls: number;
  /** Where they were to be killed, beside random instants. */
  readonly points: readonly Point[];
  /** Processes killed at each point; the ones of the sweep included. */
  readonly kills: ReadonlyMap<string, number>;
  readonly answered: number;
  readonly cut: number;
  /** Statuses of answers, other than 200 and 429. */
  readonly otherStatuses: readonly number[];
  readonly samples: Samples;
  readonly reckoning: Reckoning;
  /** Calls that were booked though not all of their holds were durable: none may be. */
  readonly bookedTooEarly: number;
}

const RANDOM_INSTANT = 'at a random instant';
/** Far more than the load can spend; but nothing on one model ever fits, so that its calls are given back. */
const LIMITS: readonly LimitOf[] = [
  { scope: { project: PROJECT }, amount: 1_000n * ONE_USD },
  { scope: { user: 'user/alice' }, amount: 500n * ONE_USD },
  { scope: { project: PROJECT, model: 'gpt-4o' }, amount: 500n * ONE_USD },
  { scope: { model: 'gpt-4' }, amount: ONE_USD / 1_000n },
];
const MIX: Shape = {
  models: ['gpt-4o', 'gpt-4o', 'gpt-4o-mini', 'gpt-4.1', 'gpt-4.1-mini', 'gpt-4'],
  people: ['alice', 'bob', 'carol', 'developer'],
  maximum: [50, 2_000],
  latencyMs: [20, 300],
};
/** Calls that are all let through, and that OpenAI is still at work on when the last of them comes to it. */
const LONG: Shape = { ...MIX, models: ['gpt-4o', 'gpt-4o-mini', 'gpt-4.1'], latencyMs: [5_000, 5_000] };
/** More than the ledger's deadline, within which money is held: an open call so old has no function any more. */
const LEASE_SECONDS = 10;
const ENVIRONMENT = {
  LEASE_SECONDS: String(LEASE_SECONDS),
  UPSTREAM_TIMEOUT_SECONDS: String(LEASE_SECONDS - 1),
  LEDGER_DEADLINE_MS: String((LEASE_SECONDS - 1) * 1_000),
};
const SPRINGS_WITHIN_MS = 6_000;
/** A point that a load does not come to is tried so often. */
const TRIES = 3;

interface Victim {
  readonly process: FunctionProcess;
  readonly trap: Trap;
}

/** One process under load, its successor, and those who call it. */
interface Slot {
  victim: Promise<Victim>;
  alive: boolean;
}

/** Everything of one run. */
interface Run {
  readonly stage: Stage;
  readonly random: Random;
  readonly options: CrashOptions;
  readonly call: Caller;
  readonly traps: Trap[];
  readonly questions: Question[];
  readonly replies: Reply[];
  /** Which process has a question. */
  readonly asked: Map<number, Victim>;
  readonly kills: Map<string, number>;
  readonly plan: { point: Point | undefined; tries: number }[];
}

/**
 * Kills processes under load, at every point of a call's life and at random instants; then sweeps, killing sweeps as
 * well; then reckons.
 */
export async function runCrashes(options: CrashOptions): Promise<CrashResult> {
  const stage = await startStage(spread(LIMITS, options.shards));
  const points = options.shards === undefined ? CALL_POINTS : [...CALL_POINTS, ...SHARD_POINTS];
  const random = randomFrom(options.seed);
  const run: Run = {
    stage,
    random,
    options,
    call: createCaller(stage),
    traps: [],
    questions: [],
    replies: [],
    asked: new Map(),
    kills: new Map(),
    plan: planOf(options.kills, points),
  };
  try {
    stage.upstream.watch(async (progress, number) => {
      const victim = run.asked.get(number);
      // The function is to see what was written, or a part of it.
      if (progress !== 'received') await sleep(random.whole(0, 10));
      victim?.trap.see({ at: progress });
    });
    const sampler = sampleLimits(stage);
    const sweeping = await sweepMeanwhile(stage, ENVIRONMENT);
    const ask = questioner(random);
    await Promise.all(Array.from({ length: options.processes }, () => runSlot(run, () => ask(MIX))));
    const samples = await sampler.stop();
    await sweeping.stop();
    await untilLeasesEnd();
    const strand = () => strandCalls(run, () => ask(LONG));
    const swept = await sweepAway(stage, ENVIRONMENT, { kills: options.sweepKills, random, strand });
    for (const [name, count] of swept.sweepKills) run.kills.set(name, count);
    return { ...swept, samples, points: [...points, ...SWEEP_POINTS], ...(await conclude(run)) };
  } finally {
    await Promise.all(run.traps.map((trap) => trap.close()));
    await stage.close();
  }
}

/** Each point as often as the others, and every fifth kill at a random instant. */
function planOf(kills: number, points: readonly Point[]): Run['plan'] {
  return Array.from({ length: kills }, (_, index) => ({
    point: index % 5 === 4 ? undefined : points[(index - Math.floor(index / 5)) % points.length],
    tries: 0,
  }));
}

async function runSlot(run: Run, ask: () => Question): Promise<void> {
  const slot: Slot = { victim: startVictim(run), alive: true };
  const callers = Array.from({ length: run.options.callers }, async () => {
    while (slot.alive) await askOnce(run, slot, ask());
    // However slow the machine, and however soon the others died: the last process lives on.
    await askOnce(run, slot, ask());
  });
  for (let planned = run.plan.shift(); planned !== undefined; planned = run.plan.shift()) {
    const successor = startVictim(run);
    await killAt(run, await slot.victim, planned);
    slot.victim = successor;
  }
  slot.alive = false;
  await Promise.all(callers);
}

async function startVictim({ stage, traps }: Run): Promise<Victim> {
  const trap = await startTrap(stage.table.endpoint);
  traps.push(trap);
  return { trap, process: await stage.start(ENVIRONMENT, trap.endpoint) };
}

async function askOnce(run: Run, slot: Slot, question: Question): Promise<void> {
  const victim = await slot.victim;
  run.questions.push(question);
  run.asked.set(question.number, victim);
  const reply = await run.call(question, victim.process.url);
  run.replies.push(reply);
  // Its process is dead, and the next one is about to take its place.
  if (reply.kind === 'cut') await sleep(10);
}

/** Leaves calls open that nobody will settle: their function is killed when OpenAI has the last of them. */
async function strandCalls(run: Run, ask: () => Question): Promise<void> {
  const { callers } = run.options;
  const slot = { victim: startVictim(run), alive: true };
  const { trap, process } = await slot.victim;
  trap.arm(FORWARDED, callers - 1, () => {
    process.kill();
    countKill(run, FORWARDED.name);
  });
  await Promise.all(Array.from({ length: callers }, () => askOnce(run, slot, ask())));
  await untilLeasesEnd();
}

function untilLeasesEnd(): Promise<void> {
  return sleep(LEASE_SECONDS * 1_000 + 500);
}

/** Kills a process when it comes to this point, or at a random instant where it does not, and plans the point anew. */
async function killAt(run: Run, { process, trap }: Victim, planned: Run['plan'][number]): Promise<void> {
  const { point } = planned;
  const sprung = Promise.withResolvers<true>();
  if (point !== undefined) {
    trap.arm(point, point.rare ? 0 : run.random.whole(0, 8), () => {
      process.kill();
      sprung.resolve(true);
    });
  }
  const wait = point === undefined ? run.random.whole(50, 1_500) : SPRINGS_WITHIN_MS;
  const isSprung = await Promise.race([sprung.promise, sleep(wait, false)]);
  trap.disarm();
  if (!isSprung) process.kill();
  const name = isSprung ? (point?.name ?? RANDOM_INSTANT) : RANDOM_INSTANT;
  countKill(run, name);
  if (!isSprung && point !== undefined && planned.tries < TRIES)
    run.plan.push({ point, tries: planned.tries + 1 });
}

function countKill({ kills }: Run, name: string): void {
  kills.set(name, (kills.get(name) ?? 0) + 1);
}

async function conclude({ stage, questions, replies, traps, kills }: Run) {
  const reckoning = await reckon(stage, questions);
  const waves = new Map<string, Wave>(traps.flatMap((trap) => [...trap.waves]));
  const early = reckoning.unseen.filter(({ id }) => {
    const wave = waves.get(id);
    return wave === undefined || !isDurable(wave);
  });
  const answered = replies.filter((reply) => reply.kind === 'answered');
  const otherStatuses = answered
    .map(({ status }) => status)
    .filter((status) => status !== 200 && status !== 429);
  return {
    calls: questions.length,
    kills,
    answered: answered.length,
    cut: replies.length - answered.length,
    otherStatuses,
    reckoning,
    bookedTooEarly: early.length,
  };
}
