import { callId } from '../../shared/core/call-id.ts';
import type { CallEntry } from '../../shared/core/ledger.ts';
import { ONE_USD } from '../../shared/core/money.ts';
import { scopesOf } from '../../shared/core/scope.ts';
import { createLedger } from '../../shared/ledger/create-ledger.ts';
import { createLimits } from '../../shared/ledger/limits.ts';
import { createMemoryDirectory } from '../../shared/memory/memory-directory.ts';
import { createMeter, type HotKey } from './meter.ts';
import { createMeteredStore } from './metered-store.ts';

export interface Load {
  /** Calls in flight, on average. */
  readonly inFlight: number;
  /** How long a call takes on average, in seconds. */
  readonly callSeconds: number;
  readonly shards: number;
}

export interface Measured extends Load {
  readonly callsPerSecond: number;
  /** The hottest partition key of each kind, the hottest first. */
  readonly hottest: readonly HotKey[];
  readonly writesPerCall: number;
  readonly writeUnitsPerCall: number;
  readonly readUnitsPerCall: number;
  readonly refused: number;
}

const START = Date.parse('2026-11-21T12:00:00.000Z');
const SUBJECT = { user: 'role/deploy', project: 'assistant', model: 'gpt-4o-mini' };
const LIMIT = 1_000_000n * ONE_USD;
/** The worst case of a call is far above its cost: most answers end before their maximum. */
const HELD = ONE_USD / 100n;
const COST = ONE_USD / 1000n + 234_567n;
const LEASE_MS = 960_000;
/** Every call reads the stage, its project and the scopes that may limit it: a read unit each. */
const RULES_READ = 2 + scopesOf(SUBJECT).length;
/** So many calls are measured, once as many are in flight as shall be. */
const MEASURED_CALLS = 400;
const JITTER = 0.2;
/** By then the first calls have ended, and as many are in flight as stay so. */
const WARM_UP = 1.3;

/** One user of one project under one monthly limit: all of the load is on the same account, books and list of entries. */
export async function measure(load: Load): Promise<Measured> {
  const { inFlight, callSeconds, shards } = load;
  const random = generator(1);
  let now = START;
  const clock = { now: () => now };
  const meter = createMeter();
  const store = createMeteredStore(meter);
  const directory = createMemoryDirectory();
  const openCalls = Number.POSITIVE_INFINITY;
  const ledger = createLedger({ store, directory, clock, leaseMs: LEASE_MS, openCalls });
  await createLimits({ store, directory, clock }).set({ project: SUBJECT.project }, 'month', LIMIT, shards);
  const { limits } = await directory.rules(SUBJECT);

  const ends: { at: number; call: CallEntry }[] = [];
  const gapMs = (callSeconds * 1000) / inFlight;
  let refused = 0;
  const total = Math.ceil(inFlight * WARM_UP) + MEASURED_CALLS;
  let measuredFrom = 0;
  let arrivesAt = START;
  for (let n = 0; n < total; n += 1) {
    arrivesAt += gapMs * (1 + JITTER * (2 * random() - 1));
    await endUntil(arrivesAt);
    now = arrivesAt;
    if (n === total - MEASURED_CALLS) {
      meter.start();
      measuredFrom = now;
    }
    await begin();
  }
  const seconds = (now - measuredFrom) / 1000;
  return {
    ...load,
    callsPerSecond: MEASURED_CALLS / seconds,
    hottest: meter.hottest(seconds),
    writesPerCall: meter.totals.writes / MEASURED_CALLS,
    writeUnitsPerCall: meter.totals.writeUnits / MEASURED_CALLS,
    readUnitsPerCall: meter.totals.readUnits / MEASURED_CALLS,
    refused,
  };

  async function begin(): Promise<void> {
    meter.read(RULES_READ);
    const id = callId(Math.floor(now), hex(random) + hex(random));
    const common = {
      endpoint: 'POST /chat/completions',
      requestedModel: 'gpt-4o-mini-2024-07-18',
      stream: true,
    };
    const result = await ledger.hold({ ...SUBJECT, ...common, id, amount: HELD, limits });
    if (result.kind !== 'held') {
      refused += 1;
      return;
    }
    const lasts = callSeconds * 1000 * (1 + JITTER * (2 * random() - 1));
    insert(ends, { at: now + lasts, call: result.call });
  }

  async function endUntil(at: number): Promise<void> {
    for (let next = ends[0]; next !== undefined && next.at <= at; next = ends[0]) {
      ends.shift();
      now = next.at;
      await ledger.settle(next.call, {
        state: 'settled',
        cost: COST,
        saved: 0n,
        tally: { calls: 1, input: 812, cached_input: 256, output: 391 },
        flags: [],
        servedModel: 'gpt-4o-mini-2024-07-18',
        serviceTier: 'default',
        status: 200,
        decidedAt: Math.floor(now),
      });
    }
  }
}

/** Keeps the list in the order in which calls end. */
function insert<T extends { readonly at: number }>(list: T[], value: T): void {
  let index = list.length;
  while (index > 0 && (list[index - 1]?.at ?? 0) > value.at) index -= 1;
  list.splice(index, 0, value);
}

function hex(random: () => number): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}

/**
 * Numbers in [0, 1) that are the same in every run.
 *
 * Source: mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
