import { setTimeout as sleep } from 'node:timers/promises';
import { ONE_USD, type Picodollars } from '../../shared/core/money.ts';
import { inScope } from '../../shared/core/scope.ts';
import { readLimitAccount } from '../../shared/ledger/limit-account.ts';
import { type Caller, createCaller, type Reply, userName } from './caller.ts';
import { type Question, questioner, type Shape } from './questions.ts';
import { type Random, randomFrom } from './random.ts';
import { type Reckoning, reckon } from './reckoning.ts';
import { type Samples, sampleLimits } from './sampler.ts';
import { accountId, type LimitOf, PROJECT, type Stage, spread, startStage, untilSettled } from './stage.ts';
import type { Upstream } from './upstream.ts';

export interface ConcurrencyOptions {
  readonly seed: number;
  readonly processes: number;
  /** Calls that gather at the upstream until all of them are there. */
  readonly gathered: number;
  /** Callers who meanwhile, and while those end, compete for the rest. */
  readonly crowd: number;
  /** Calls of the crowd, in all. */
  readonly crowdCalls: number;
  /** Over how many items every other limit is spread; absent: none is. */
  readonly shards?: number;
}

export interface ConcurrencyResult {
  readonly calls: number;
  readonly mostInFlight: number;
  /** How many were at the upstream at once. */
  readonly mostForwarded: number;
  readonly statuses: ReadonlyMap<string, number>;
  readonly samples: Samples;
  readonly reckoning: Reckoning;
  /** What is left of the project's limit in the end, and the least worst case that was refused and no longer fits. */
  readonly remaining: Picodollars;
  readonly leastRefused: Picodollars | undefined;
  /** Calls refused for good that would have fitted into what is left. */
  readonly lockedOut: number;
}

/** One limit on the project, and others that overlap it. */
export const LIMITS: readonly LimitOf[] = [
  { scope: { project: PROJECT }, amount: ONE_USD },
  { scope: { user: 'user/alice' }, amount: (ONE_USD * 40n) / 100n },
  { scope: { model: 'gpt-4o' }, amount: (ONE_USD * 55n) / 100n },
  { scope: { project: PROJECT, user: 'user/bob', model: 'gpt-4.1' }, amount: (ONE_USD * 20n) / 100n },
];

const PEOPLE: Shape['people'] = ['alice', 'bob', 'carol', 'developer'];
/** So small that all of them fit into the limits at once. */
const SMALL: Shape = {
  models: ['gpt-4o', 'gpt-4o-mini', 'gpt-4.1', 'gpt-4.1-mini'],
  people: PEOPLE,
  maximum: [16, 120],
  latencyMs: [300, 1_500],
};
/** They end one after the other, over so much time for each: DynamoDB's emulator must keep up with them. */
const ENDING_MS = 40;
const LARGE: Shape = {
  models: ['gpt-4o', 'gpt-4.1', 'gpt-4', 'gpt-4'],
  people: PEOPLE,
  maximum: [800, 2_000],
  latencyMs: [300, 900],
};
/** A caller who is told to come again does, as the SDKs do. */
const RETRIES = 4;
const RETRY_MS = 1_000;
const STAGGER_MS = 20;
/** The emulator of DynamoDB, on a busy machine, is slow; that is no fault of the ledger. */
const PATIENT = { LEDGER_DEADLINE_MS: '60000' };
/** Calls that are on their way to the upstream at once, while the first ones gather there. */
const TOGETHER_UNDERWAY = 12;

/**
 * Many calls at once on one limit. Small ones gather at the upstream, all of which the limit can hold; when all are
 * there, a crowd of large ones comes for the rest, and for what is given back as the small ones end.
 */
export async function runConcurrency(options: ConcurrencyOptions): Promise<ConcurrencyResult> {
  const stage = await startStage(spread(LIMITS, options.shards));
  try {
    const random = randomFrom(options.seed);
    const questions = questionsOf(random, options);
    const processes = await Promise.all(
      Array.from({ length: options.processes }, () => stage.start(PATIENT)),
    );
    const urls = processes.map(({ url }) => url);
    const call = createCaller(stage);
    const sampler = sampleLimits(stage);
    const load = await runLoad(stage.upstream, questions, options, (question) =>
      askUntilTold(question, call, urls, random),
    );
    // Whoever was told to come again, and gave up, finds out now that nobody is in the way.
    for (const [question, reply] of load.replies) {
      if (!isBusy(reply)) continue;
      const latest = await call(question, urls[0] ?? '');
      load.replies.set(question, latest);
      if (isBusy(latest)) break;
    }
    const samples = await sampler.stop();
    await untilSettled(stage);
    const { mostInFlight, mostForwarded, replies } = load;
    const concluded = await conclude(stage, questions, replies);
    return { mostInFlight, mostForwarded, statuses: statusesOf(replies), samples, ...concluded };
  } finally {
    await stage.close();
  }
}

/** The questions of the load: the small ones that gather, then the crowd's. */
export function questionsOf(random: Random, { gathered, crowdCalls }: ConcurrencyOptions): Question[] {
  const ask = questioner(random);
  const gathering: Shape = { ...SMALL, latencyMs: [300, 300 + gathered * ENDING_MS] };
  return Array.from({ length: gathered + crowdCalls }, (_, index) => {
    if (index < gathered) return ask(gathering);
    return ask(random.chance(0.2) ? SMALL : LARGE);
  });
}

export interface Load {
  readonly replies: Map<Question, Reply>;
  readonly mostInFlight: number;
  /** How many calls were at the upstream at once. */
  readonly mostForwarded: number;
}

/** Puts the questions, by whatever way is to be tried. */
export async function runLoad(
  upstream: Upstream,
  questions: readonly Question[],
  { gathered, crowd }: ConcurrencyOptions,
  way: (question: Question) => Promise<Reply>,
): Promise<Load> {
  const replies = new Map<Question, Reply>();
  let inFlight = 0;
  let mostInFlight = 0;
  const ask = async (question: Question) => {
    inFlight += 1;
    mostInFlight = Math.max(mostInFlight, inFlight);
    replies.set(question, await way(question));
    inFlight -= 1;
  };
  const small = await gather(upstream, questions.slice(0, gathered), ask);
  const queue = questions.slice(gathered).values();
  const large = Array.from({ length: crowd }, async (_, index) => {
    await sleep(index * STAGGER_MS);
    for (const question of queue) await ask(question);
  });
  await Promise.all([small.ended, ...large]);
  return { replies, mostInFlight, mostForwarded: upstream.mostInFlight() };
}

/**
 * Holds every answer back until all these questions are at the upstream together. Few of them are on their way there
 * at a time, so that it does not matter how fast the emulator of DynamoDB is.
 */
async function gather(
  upstream: Upstream,
  questions: readonly Question[],
  ask: (question: Question) => Promise<void>,
): Promise<{ ended: Promise<unknown> }> {
  const all = Promise.withResolvers<void>();
  const arrivals = new Map<number, () => void>();
  upstream.watch((progress, number) => {
    if (progress !== 'received') return undefined;
    arrivals.get(number)?.();
    return all.promise;
  });
  const asked: Promise<void>[] = [];
  const queue = questions.values();
  const setOut = async () => {
    for (const question of queue) {
      const arrived = new Promise<void>((resolve) => arrivals.set(question.number, resolve));
      const told = ask(question);
      asked.push(told);
      await Promise.race([arrived, told]);
    }
  };
  await Promise.all(Array.from({ length: TOGETHER_UNDERWAY }, setOut));
  all.resolve();
  return { ended: Promise.all(asked) };
}

/** Asks again where it is told to, as the SDKs do, and at another process each time. */
async function askUntilTold(
  question: Question,
  call: Caller,
  urls: readonly string[],
  random: Random,
): Promise<Reply> {
  for (let attempt = 0; ; attempt += 1) {
    const reply = await call(question, urls[random.whole(0, urls.length - 1)] ?? '');
    if (!isBusy(reply) || attempt === RETRIES) return reply;
    await sleep(random.whole(RETRY_MS, 2 * RETRY_MS));
  }
}

function isBusy(reply: Reply): boolean {
  return reply.kind === 'answered' && reply.code === 'rate_limit_exceeded';
}

export function statusesOf(replies: ReadonlyMap<Question, Reply>): Map<string, number> {
  const statuses = new Map<string, number>();
  for (const reply of replies.values()) statuses.set(nameOf(reply), (statuses.get(nameOf(reply)) ?? 0) + 1);
  return statuses;
}

function nameOf(reply: Reply): string {
  if (reply.kind === 'cut') return 'cut';
  return reply.code === undefined ? String(reply.status) : `${reply.status} ${reply.code}`;
}

/** What the load came to: whether any call was refused that there was still money for, and what the books say. */
async function conclude(stage: Stage, questions: readonly Question[], replies: ReadonlyMap<Question, Reply>) {
  const left = await Promise.all(
    stage.limits.map(async (limit) => {
      const account = await readLimitAccount(stage.store, accountId(limit), limit.shards);
      return { ...limit, remaining: account?.limit?.remaining ?? 0n };
    }),
  );
  const refused = questions.filter((question) => {
    const reply = replies.get(question);
    return reply?.kind === 'answered' && reply.status === 429;
  });
  const fits = ({ person, model, worst }: Question) => {
    const subject = { user: userName(person), project: PROJECT, model };
    return left.every(({ scope, remaining }) => !inScope(subject, scope) || worst <= remaining);
  };
  const remaining = left[0]?.remaining ?? 0n;
  const tooLarge = refused.map(({ worst }) => worst).filter((worst) => worst > remaining);
  return {
    calls: questions.length,
    remaining,
    leastRefused: tooLarge.sort((a, b) => (a < b ? -1 : 1))[0],
    lockedOut: refused.filter(fits).length,
    reckoning: await reckon(stage, questions),
  };
}
