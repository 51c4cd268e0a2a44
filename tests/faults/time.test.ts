import { afterAll, describe, expect, test } from 'vitest';
import { createApp } from '../../functions/proxy/app.ts';
import { bundledPrices } from '../../prices/load.ts';
import { limitAccount } from '../../shared/core/accounts.ts';
import type { CallEntry } from '../../shared/core/ledger.ts';
import { parseUsd } from '../../shared/core/money.ts';
import { PERIODS, type Period, periodEnd, periodKey } from '../../shared/core/period.ts';
import type { PriceTable, Rates, Tier } from '../../shared/core/price.ts';
import { createAudit } from '../../shared/ledger/audit.ts';
import { createLedger } from '../../shared/ledger/create-ledger.ts';
import { createLimits } from '../../shared/ledger/limits.ts';
import { createMemoryDirectory } from '../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../shared/memory/memory-ledger-store.ts';
import { createNoCache } from '../../shared/memory/no-cache.ts';
import { ask, CHAT, of, post, refusalOf, USAGE_COST } from '../functions/proxy/cases/fixtures.ts';
import { dollars } from '../support/ledger-world.ts';
import { fixed } from '../support/prices.ts';
import { json } from '../support/scripted-upstream.ts';
import { inProcess } from '../support/targets.ts';
import { makeWorld } from '../support/world.ts';

const SECOND = 1_000;
const DAY = 86_400_000;
/** The last seconds of a Monday that ends a month: with the next one, its day and its month end, and no week does. */
const MONTHS_END = Date.parse('2026-11-30T23:59:58Z');
/** The last seconds of a Sunday. */
const WEEKS_END = Date.parse('2026-11-22T23:59:58Z');
const COST = parseUsd(USAGE_COST) ?? 0n;

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
});

interface Timed {
  readonly project: string;
  readonly limits: ReturnType<typeof createLimits>;
  /** Sends a call; `meanwhile` happens when OpenAI has it and has not answered yet. */
  readonly call: (meanwhile?: () => Promise<unknown> | unknown) => Promise<Response>;
  readonly pass: (milliseconds: number) => void;
  readonly limitOf: (period: Period, at: number) => Promise<{ spent: bigint; remaining: bigint } | undefined>;
  readonly entries: (at: number) => Promise<CallEntry[]>;
  /** The alarms that were raised. */
  readonly alarms: () => string[];
  readonly differences: () => Promise<unknown>;
}

/** A stage at this instant, with one project that has no limit yet. */
async function stageAt(start: number, prices: PriceTable = bundledPrices()): Promise<Timed> {
  let now = start;
  const clock = { now: () => now };
  const store = createMemoryLedgerStore();
  const directory = createMemoryDirectory();
  const world = await makeWorld({ store, directory, cache: createNoCache() });
  closing.push(() => world.close());
  const ledger = createLedger({ store, directory, clock, leaseMs: 960_000 });
  const app = createApp({ ...world.deps, clock, ledger, prices: fixed(prices) });
  const done: Promise<void>[] = [];
  const target = inProcess({
    ...world,
    app: async (...args) => {
      const exchange = await app(...args);
      done.push(exchange.done);
      return exchange;
    },
  });
  const project = await world.project(undefined, { createdAt: start });
  return {
    project,
    limits: createLimits({ store, directory, clock }),
    pass: (milliseconds) => {
      now += milliseconds;
    },
    async call(meanwhile = () => undefined) {
      world.upstream.on('/chat/completions', async (request, response) => {
        await meanwhile();
        await json(CHAT)(request, response);
      });
      const response = await post(target, '/v1/chat/completions', ask(project), of(project));
      await Promise.all(done);
      return response;
    },
    async limitOf(period, at) {
      const account = await store.getAccount(limitAccount({ project }, period, at));
      return account?.limit && { spent: account.spent, remaining: account.limit.remaining };
    },
    async entries(at) {
      const found: CallEntry[] = [];
      for await (const entry of store.calls(project, periodKey('day', at))) found.push(entry);
      return found;
    },
    alarms: () => world.logs.flatMap((line) => (JSON.parse(line) as { alarm?: string }).alarm ?? []),
    async differences() {
      const instances = [start, now].flatMap((at) => PERIODS.map((period) => ({ period, at })));
      return (await createAudit({ store, directory, clock }).run(instances)).differences;
    },
  };
}

describe('A call that begins in one period and ends in the next', () => {
  test.each<[Period, number]>([
    ['day', MONTHS_END],
    ['week', WEEKS_END],
    ['month', MONTHS_END],
  ])('counts where it was held (%s)', async (period, start) => {
    const stage = await stageAt(start);
    await stage.limits.set({ project: stage.project }, period, dollars(1));
    const next = periodEnd(period, start) ?? 0;
    const response = await stage.call(() => stage.pass(5 * SECOND));
    expect(response.status).toBe(200);
    expect(await stage.limitOf(period, start)).toEqual({ spent: COST, remaining: dollars(1) - COST });
    expect(await stage.limitOf(period, next)).toBeUndefined();
    await stage.call();
    expect(await stage.limitOf(period, next)).toEqual({ spent: COST, remaining: dollars(1) - COST });
    expect(await stage.limitOf(period, start)).toMatchObject({ spent: COST });
    expect(await stage.entries(start)).toMatchObject([{ state: 'closed', outcome: { cost: COST } }]);
    expect(await stage.differences()).toEqual([]);
  });

  test('does not make room in the new one, nor take any', async () => {
    const stage = await stageAt(MONTHS_END);
    await stage.limits.set({ project: stage.project }, 'day', dollars(0.01));
    await stage.call(() => stage.pass(5 * SECOND));
    const statuses: number[] = [];
    for (let calls = 0; calls < 4; calls += 1) statuses.push((await stage.call()).status);
    // At $0.003 each, a cent is three calls.
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect(await stage.differences()).toEqual([]);
  });
});

describe('While a call is in flight, its limit', () => {
  const held = async (change: (stage: Timed) => Promise<unknown>, limit = 1) => {
    const stage = await stageAt(MONTHS_END - DAY);
    await stage.limits.set({ project: stage.project }, 'month', dollars(limit));
    const response = await stage.call(() => change(stage));
    expect(response.status).toBe(200);
    const state = () => stage.limitOf('month', MONTHS_END);
    return { stage, state };
  };
  const set = (usd: number) => (stage: Timed) =>
    stage.limits.set({ project: stage.project }, 'month', dollars(usd));

  test('is raised: the call counts in it, and the next may spend the rest', async () => {
    const { stage, state } = await held(set(2));
    expect(await state()).toEqual({ spent: COST, remaining: dollars(2) - COST });
    expect((await stage.call()).status).toBe(200);
    expect(await stage.differences()).toEqual([]);
  });

  test('is lowered below what it holds: the call ends and counts, and the next is refused for good', async () => {
    const { stage, state } = await held(set(0));
    expect(await state()).toEqual({ spent: COST, remaining: -COST });
    const refusal = await refusalOf(await stage.call());
    expect(refusal).toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect(await stage.differences()).toEqual([]);
  });

  test('is lowered and raised again: nothing is lost on the way', async () => {
    const { stage, state } = await held(async (stage) => {
      await set(0)(stage);
      await set(3)(stage);
    });
    expect(await state()).toEqual({ spent: COST, remaining: dollars(3) - COST });
    expect(await stage.differences()).toEqual([]);
  });

  test('is removed: the call ends and counts, and the next has no limit to spend from', async () => {
    const remove = (stage: Timed) => stage.limits.remove({ project: stage.project }, 'month');
    const { stage, state } = await held(remove);
    expect(await state()).toEqual({ spent: COST, remaining: dollars(1) - COST });
    expect((await stage.call()).status).toBe(403);
    expect(await stage.differences()).toEqual([]);
  });

  test('is removed and set again: the call counts once', async () => {
    const { stage, state } = await held(async (stage) => {
      await stage.limits.remove({ project: stage.project }, 'month');
      await set(5)(stage);
    });
    expect(await state()).toEqual({ spent: COST, remaining: dollars(5) - COST });
    expect((await stage.call()).status).toBe(200);
    expect(await state()).toEqual({ spent: 2n * COST, remaining: dollars(5) - 2n * COST });
    expect(await stage.differences()).toEqual([]);
  });
});

/** The bundled prices, times so much from this instant on. */
function pricesTimes(factor: bigint, from: number): PriceTable {
  const table = bundledPrices();
  const times = (rates: Rates) =>
    Object.fromEntries(Object.entries(rates).map(([unit, rate]) => [unit, rate * factor]));
  return {
    ...table,
    find(model, at) {
      const found = table.find(model, at);
      if (found.kind !== 'priced' || at < from) return found;
      const rates = Object.entries(found.price.rates).map(([tier, each]) => [tier as Tier, times(each)]);
      return { kind: 'priced', price: { ...found.price, rates: Object.fromEntries(rates) } };
    },
  };
}

describe('A price that changes between hold and settlement', () => {
  const midnight = periodEnd('day', MONTHS_END) ?? 0;

  test.each([
    ['rises', 10n],
    ['falls', 0n],
  ])(
    'and %s: the call is booked at the price of the day it began, and the next at the new one',
    async (_, factor) => {
      const stage = await stageAt(MONTHS_END, pricesTimes(factor, midnight));
      await stage.limits.set({ project: stage.project }, 'total', dollars(10));
      const first = await stage.call(() => stage.pass(5 * SECOND));
      expect(first.headers.get('openai-proxy-cost')).toBe(USAGE_COST);
      await stage.call();
      expect(await stage.entries(MONTHS_END)).toMatchObject([{ outcome: { cost: COST, flags: [] } }]);
      expect(await stage.entries(midnight)).toMatchObject([{ outcome: { cost: COST * factor, flags: [] } }]);
      expect(stage.alarms()).toEqual([]);
      expect(await stage.differences()).toEqual([]);
    },
  );
});
