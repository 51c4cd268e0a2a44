import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import { createApp } from '../../functions/proxy/app.ts';
import type { AppDeps, ProxySettings } from '../../functions/proxy/deps.ts';
import { createSweep } from '../../functions/sweep/app.ts';
import { type Person, people } from '../../local/principals.ts';
import { bundledPrices } from '../../prices/load.ts';
import { createAnswerCache } from '../../shared/cache/answer-cache.ts';
import type { CallEntry } from '../../shared/core/ledger.ts';
import { parseUsd } from '../../shared/core/money.ts';
import { periodKey } from '../../shared/core/period.ts';
import type { Scope } from '../../shared/core/scope.ts';
import { createDeferrals } from '../../shared/deferred/deferrals.ts';
import { createTruth } from '../../shared/deferred/truth.ts';
import { createLedger, type LedgerParts } from '../../shared/ledger/create-ledger.ts';
import type { SweepReport, Truth } from '../../shared/ledger/ledger.ts';
import { createMemoryObjects } from '../../shared/memory/memory-objects.ts';
import { createMemoryUnpricedCalls } from '../../shared/memory/memory-unpriced-calls.ts';
import { createHttpUpstream } from '../../shared/openai/http-upstream.ts';
import type { App } from '../../shared/ports/app.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Directory, Project } from '../../shared/ports/directory.ts';
import type { LedgerStore } from '../../shared/ports/ledger-store.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Objects } from '../../shared/ports/objects.ts';
import type { PriceSource } from '../../shared/ports/price-source.ts';
import type { ResponseCache } from '../../shared/ports/response-cache.ts';
import { fixed } from './prices.ts';
import { type ScriptedUpstream, startScriptedUpstream } from './scripted-upstream.ts';
import type { Fetch } from './signed-fetch.ts';

/** The key that must never be seen outside the upstream. */
export const OPENAI_KEY = 'sk-test-THIS-KEY-MUST-NOT-LEAK';
/** A text that stands for prompts and answers, and must never be seen in a log. */
export const PRIVATE_TEXT = 'the quiet pangolin recites in blue';

export interface WorldParts {
  readonly store: LedgerStore;
  readonly directory: Directory;
  readonly cache: ResponseCache;
  /** In memory where it is left out. */
  readonly objects?: Objects;
  /** How many calls a project may have open; the product's own bounds where they are left out. */
  readonly bounds?: Pick<LedgerParts, 'openCalls' | 'deferredCalls'>;
  /** Another OpenAI than the scripted one. */
  readonly openai?: URL;
  /** Those of the release where they are left out. */
  readonly prices?: PriceSource;
  /** The time of the machine where it is left out. */
  readonly clock?: Clock;
}

/** One stage's proxy with all its real parts, in front of a scripted OpenAI. */
export interface World extends WorldParts {
  readonly upstream: ScriptedUpstream;
  readonly deps: AppDeps;
  readonly app: App;
  /** Everything that was logged, a line of JSON each. */
  readonly logs: string[];
  /** Makes a project with a limit of so many USD a month (none for `undefined`), and returns its name. */
  project(limitUsd?: string, options?: Partial<Project>): Promise<string>;
  limit(scope: Scope, usd: string, shards?: number): Promise<void>;
  /** The entries of a project, once all its calls are closed; the oldest first. */
  entries(project: string): Promise<CallEntry[]>;
  /** Sweeps, as if so many milliseconds had passed. */
  sweep(later: number): Promise<SweepReport>;
  /** The same, with another teller of the truth than OpenAI. */
  sweepWith(truth: Truth, later: number): Promise<SweepReport>;
  /** Ends when the proxy has nothing more to do for any call that it has answered. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** An app, and how to wait until it has nothing more to do for any call that it has answered. */
export function tracked(app: App): Pick<World, 'app' | 'idle'> {
  const pending = new Set<Promise<void>>();
  return {
    async app(...call) {
      const exchange = await app(...call);
      const done = exchange.done.catch(() => undefined).finally(() => pending.delete(done));
      pending.add(done);
      return exchange;
    },
    async idle() {
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}

export async function makeWorld(parts: WorldParts, settings: Partial<ProxySettings> = {}): Promise<World> {
  const upstream = await startScriptedUpstream();
  const logs: string[] = [];
  const log: Log = {
    event: (level, event, fields) => void logs.push(JSON.stringify({ level, event, ...fields })),
    alarm: (alarm, fields, by) => void logs.push(JSON.stringify({ alarm, ...fields, ...by })),
  };
  const clock = parts.clock ?? { now: () => Date.now() };
  const secrets = {
    read: async () => ({ openaiApiKey: OPENAI_KEY, cacheSecret: 'a secret of the stage for its cache' }),
  };
  const prices = parts.prices ?? fixed(bundledPrices());
  const { store, directory, objects = createMemoryObjects() } = parts;
  const ledger = createLedger({ store, directory, clock, leaseMs: 960_000, ...parts.bounds });
  const openai = createHttpUpstream({
    baseUrl: parts.openai ?? upstream.baseUrl,
    secrets,
    connectTimeoutMs: 2_000,
  });
  const truth = createTruth({ upstream: openai, prices, objects, clock });
  const deps: AppDeps = {
    settings: { ...SETTINGS, ...settings },
    prices,
    directory,
    objects,
    ledger,
    deferrals: createDeferrals({ ledger, store, objects, truth, prices, clock, log }),
    answers: createAnswerCache({
      cache: parts.cache,
      secrets,
      stage: SETTINGS.stage,
      clock,
      log,
      sleep,
      ttlSeconds: 3_600,
      waitMs: PATIENT_MS,
      maxAnswerBytes: SETTINGS.maxCachedBytes,
    }),
    upstream: openai,
    unpricedCalls: createMemoryUnpricedCalls(),
    clock,
    log,
    random: () => randomBytes(8).toString('hex'),
    sleep: (milliseconds) => sleep(milliseconds),
  };
  const world: World = {
    ...parts,
    upstream,
    deps,
    ...tracked(createApp(deps)),
    logs,
    async project(limitUsd, options = {}) {
      const name = `p-${randomBytes(6).toString('hex')}`;
      await parts.directory.createProject({
        principals: [],
        models: [],
        onDisconnect: 'drain',
        cacheGeneration: 0,
        createdAt: Date.now(),
        ...options,
        name,
      });
      if (limitUsd !== undefined) await world.limit({ project: name }, limitUsd);
      return name;
    },
    async limit(scope, usd, shards) {
      const amount = parseUsd(usd);
      if (amount === undefined) throw new Error(`no amount: ${usd}`);
      await parts.directory.putLimit(scope, 'month', amount, shards);
    },
    entries: (project) => closedEntries(parts.store, project),
    sweep(later) {
      const then = { now: () => clock.now() + later };
      return world.sweepWith(createTruth({ upstream: openai, prices, objects, clock: then }), later);
    },
    sweepWith(told, later) {
      const then = { now: () => clock.now() + later };
      const its = createLedger({ store, directory, clock: then, leaseMs: 960_000 });
      return createSweep({ ledger: its, truth: told, log })(true);
    },
    close: () => upstream.close(),
  };
  return world;
}

/** The machine that runs the tests may be busy: here a slow answer is not a fault. */
const PATIENT_MS = 280_000;

const SETTINGS: ProxySettings = {
  stage: 'dev',
  defaultProject: 'default',
  trustedCallers: ['user/bob'],
  sessionRoles: [],
  autoTier: 'default',
  upstreamTimeoutMs: PATIENT_MS,
  ledgerDeadlineMs: PATIENT_MS,
  holdWaitMs: 300,
  maxBodyBytes: 6_291_456,
  maxCachedBytes: 16_777_216,
};

/** The keys of the days in which a call of the running test can have begun. */
export function recentDays(): string[] {
  const now = Date.now();
  return [now - DAY_MS, now].map((at) => periodKey('day', at));
}

const DAY_MS = 86_400_000;

/** All entries of a project in those days; the oldest first. */
export async function recentEntries(store: LedgerStore, project: string): Promise<CallEntry[]> {
  const entries: CallEntry[] = [];
  for (const day of recentDays()) {
    const ofDay: CallEntry[] = [];
    for await (const entry of store.calls(project, day)) ofDay.unshift(entry);
    entries.push(...ofDay);
  }
  return entries;
}

async function closedEntries(store: LedgerStore, project: string): Promise<CallEntry[]> {
  const deadline = performance.now() + PATIENT_MS;
  for (;;) {
    const entries = await recentEntries(store, project);
    if (entries.every(({ state }) => state === 'closed')) return entries;
    if (performance.now() > deadline) throw new Error('a call was never closed');
    await sleep(25);
  }
}

/** The people who call in the tests. */
export const PEOPLE = people('tests');

/** A way to the proxy: as whom, a `fetch` that ends there whatever host its URL names. */
export interface Target {
  readonly name: string;
  fetchAs(person: Person): Fetch;
  readonly baseURL: string;
  /** As the world's own, where the proxy runs in another process. */
  readonly idle?: () => Promise<void>;
  close(): Promise<void>;
}

/** The real SDK, calling through a target. */
export function sdk(
  target: Target,
  project: string,
  options: { as?: Person; headers?: Record<string, string> } = {},
): OpenAI {
  return new OpenAI({
    apiKey: 'unused',
    baseURL: `${target.baseURL}/v1`,
    fetch: target.fetchAs(options.as ?? 'developer'),
    maxRetries: 0,
    defaultHeaders: { 'openai-proxy-project': project, ...options.headers },
  });
}
