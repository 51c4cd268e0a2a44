import { beforeEach, describe, expect, it } from 'vitest';
import { callId } from '../../../shared/core/call-id.ts';
import { ONE_USD, parseUsd } from '../../../shared/core/money.ts';
import type { Period } from '../../../shared/core/period.ts';
import { type BudgetAlertParts, withBudgetAlerts } from '../../../shared/ledger/budget-alerts.ts';
import { createLedger } from '../../../shared/ledger/create-ledger.ts';
import type { Ledger } from '../../../shared/ledger/ledger.ts';
import { createLimits } from '../../../shared/ledger/limits.ts';
import { createMemoryAlertClaims } from '../../../shared/memory/memory-alert-claims.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import type { BudgetAlert } from '../../../shared/ports/alerts.ts';

const NOON = Date.parse('2026-11-21T12:00:00.000Z');
const DEMO = { user: 'user/alice', project: 'demo', model: 'gpt-4o' };

describe('a ledger that tells of limits that are used up', () => {
  let now: number;
  let published: BudgetAlert[];
  let alarms: string[];
  let publish: (alert: BudgetAlert) => Promise<void>;
  let calls: number;
  let world: ReturnType<typeof makeWorld>;

  function makeWorld() {
    const clock = { now: () => now };
    const store = createMemoryLedgerStore();
    const directory = createMemoryDirectory();
    const claims = createMemoryAlertClaims();
    const log = { event: () => undefined, alarm: (name: string) => void alarms.push(name) };
    const parts: BudgetAlertParts = {
      store,
      claims,
      alerts: { publish: (alert) => publish(alert) },
      clock,
      log,
      thresholds: [50, 80, 100],
    };
    /** Another function, which remembers nothing. */
    const open = (more: Partial<BudgetAlertParts> = {}) =>
      withBudgetAlerts(createLedger({ store, directory, clock, leaseMs: 60_000 }), { ...parts, ...more });
    return { claims, directory, limits: createLimits({ directory, store, clock }), open };
  }

  beforeEach(() => {
    now = NOON;
    published = [];
    alarms = [];
    calls = 0;
    publish = async (alert) => void published.push(alert);
    world = makeWorld();
  });

  const limit = (usd: number, options: { period?: Period; shards?: number } = {}) =>
    world.limits.set({ project: 'demo' }, options.period ?? 'month', BigInt(usd) * ONE_USD, options.shards);

  /** Holds, and settles, a call of so many USD. */
  async function spend(ledger: Ledger, usd: string): Promise<void> {
    calls += 1;
    const id = callId(now, (calls * 32).toString(16).padStart(16, '0'));
    const amount = parseUsd(usd) ?? 0n;
    const { limits } = await world.directory.rules(DEMO);
    const held = await ledger.hold({
      ...DEMO,
      id,
      endpoint: 'POST /chat/completions',
      requestedModel: 'gpt-4o',
      stream: false,
      amount,
      limits,
    });
    if (held.kind !== 'held') throw new Error('refused');
    const outcome = {
      state: 'settled',
      cost: amount,
      saved: 0n,
      tally: {},
      flags: [],
      decidedAt: now,
    } as const;
    await ledger.settle(held.call, outcome);
  }
  const told = () => published.map(({ threshold }) => threshold);

  it('tells at each threshold, once, with what is used', async () => {
    await limit(10);
    const ledger = world.open();
    await spend(ledger, '4.99');
    expect(told()).toEqual([]);
    await spend(ledger, '0.01');
    expect(published).toEqual([
      {
        scope: { project: 'demo' },
        period: 'month',
        periodKey: '2026-11',
        amount: 10n * ONE_USD,
        used: 5n * ONE_USD,
        threshold: 50,
      },
    ]);
    await spend(ledger, '1');
    await spend(world.open(), '1');
    expect(told()).toEqual([50]);
    await spend(ledger, '3');
    expect(told()).toEqual([50, 80, 100]);
  });

  it('tells once, however long after and in whatever function the limit is used again', async () => {
    await limit(10);
    await spend(world.open(), '6');
    for (const pause of [60_000, 6 * 60_000, 86_400_000]) {
      now += pause;
      await spend(world.open(), '0.1');
      await world.open().sweep({ deep: true });
    }
    expect(told()).toEqual([50]);
  });

  it('tells once, however many functions cross a threshold at once', async () => {
    await limit(10);
    await Promise.all(Array.from({ length: 40 }, () => spend(world.open(), '0.25')));
    expect(told().toSorted((a, b) => a - b)).toEqual([50, 80, 100]);
  });

  it('tells again in the next period, and of a limit of another amount', async () => {
    await limit(10, { period: 'day' });
    await spend(world.open(), '6');
    await limit(7, { period: 'day' });
    await spend(world.open(), '0.1');
    now += 86_400_000;
    await spend(world.open(), '6');
    expect(
      published.map(({ amount, periodKey, threshold }) => [amount / ONE_USD, periodKey, threshold]),
    ).toEqual([
      [10n, '2026-11-21', 50],
      [7n, '2026-11-21', 50],
      [7n, '2026-11-21', 80],
      [7n, '2026-11-22', 50],
      [7n, '2026-11-22', 80],
    ]);
  });

  it('counts what was spent before the limit was set', async () => {
    await world.directory.createProject({
      name: 'demo',
      principals: [],
      models: [],
      onDisconnect: 'drain',
      cacheGeneration: 0,
      createdAt: NOON,
    });
    await spend(world.open(), '9');
    await limit(10);
    await spend(world.open(), '0.5');
    expect(told()).toEqual([50, 80]);
  });

  it('tells of a limit in shards too', async () => {
    await limit(10, { shards: 4 });
    for (let call = 0; call < 12; call += 1) await spend(world.open(), '0.7');
    expect(told()).toEqual([50, 80]);
  });

  it('books all the same where nobody can be told, says so, and tells when it can', async () => {
    await limit(10);
    publish = () => Promise.reject(new Error('SNS is down'));
    await spend(world.open(), '6');
    expect(alarms).toEqual(['alert_unpublished']);
    publish = async (alert) => void published.push(alert);
    await spend(world.open(), '0.1');
    expect(told()).toEqual([]);
    now += 300_000;
    await spend(world.open(), '0.1');
    await spend(world.open(), '0.1');
    expect(told()).toEqual([50]);
  });

  it('is told of by the deep sweep, where a function died between its claim and its publishing', async () => {
    await limit(10);
    publish = () => new Promise(() => undefined);
    void spend(world.open(), '6');
    await new Promise((resume) => setTimeout(resume, 50));
    publish = async (alert) => void published.push(alert);
    await world.open().sweep({ deep: true });
    expect(told()).toEqual([]);
    now += 300_000;
    await world.open().sweep({ deep: false });
    expect(told()).toEqual([]);
    await Promise.all([world.open().sweep({ deep: true }), world.open().sweep({ deep: true })]);
    expect(told()).toEqual([50]);
  });

  it('is told of after its period has ended, if nobody was before', async () => {
    await limit(10, { period: 'day' });
    await spend(world.open({ thresholds: [] }), '6');
    now += 43_200_000;
    await world.open().sweep({ deep: true });
    expect(published).toMatchObject([{ periodKey: '2026-11-21', threshold: 50 }]);
  });

  it('asks the store no more for what it knows to be told', async () => {
    await limit(10);
    const ledger = world.open();
    await spend(ledger, '6');
    let claimed = 0;
    const { claim } = world.claims;
    world.claims.claim = (...of) => {
      claimed += 1;
      return claim(...of);
    };
    for (let call = 0; call < 5; call += 1) await spend(ledger, '0.1');
    expect(claimed).toBe(0);
  });
});
