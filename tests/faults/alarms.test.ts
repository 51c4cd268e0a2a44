import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../functions/proxy/app.ts';
import type { AppDeps } from '../../functions/proxy/deps.ts';
import { createSweep } from '../../functions/sweep/app.ts';
import { createMemcachedCache } from '../../shared/memcached/memcached-cache.ts';
import { createMemoryDirectory } from '../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../shared/memory/memory-ledger-store.ts';
import { createNoCache } from '../../shared/memory/no-cache.ts';
import { type LedgerStore, Unavailable } from '../../shared/ports/ledger-store.ts';
import { ask, CHAT, of, post, USAGE } from '../functions/proxy/cases/fixtures.ts';
import type { FaultScript } from '../support/fault-proxy.ts';
import { type FaultStages, type SpoiledStage, startFaultStages } from '../support/fault-stage.ts';
import { dollars, heldCall, LEASE, settledAt } from '../support/ledger-world.ts';
import { metricsIn } from '../support/metrics.ts';
import { recordLog } from '../support/record-log.ts';
import { json } from '../support/scripted-upstream.ts';
import { inProcess } from '../support/targets.ts';
import { makeWorld, type World } from '../support/world.ts';

const closing: (() => unknown)[] = [];
let stages: FaultStages;
beforeAll(async () => {
  stages = await startFaultStages();
});
afterAll(async () => {
  for (const close of closing) await close();
  await stages.close();
});

/** A log as it goes to CloudWatch, and the alarms in it: each line with a metric, by its event's name. */
function record() {
  const { log, lines } = recordLog('info');
  const alarms = () => {
    const counted = metricsIn(lines)
      .filter(({ dimensions }) => Object.keys(dimensions).length === 2)
      .map(({ name, value }) => (value === 1 ? name : `${value} ${name}`));
    const raised = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'ERROR');
    expect(counted).toEqual(raised.map(({ message }) => message));
    return counted;
  };
  return { log, lines, alarms };
}

async function proxy(spoiled: Partial<LedgerStore> = {}, unpricedCalls?: AppDeps['unpricedCalls']) {
  const { log, alarms, lines } = record();
  const store = { ...createMemoryLedgerStore(), ...spoiled };
  const directory = createMemoryDirectory();
  const world = await makeWorld({ store, directory, cache: createNoCache() });
  closing.push(() => world.close());
  const counts = unpricedCalls === undefined ? {} : { unpricedCalls };
  const app = createApp({ ...world.deps, ...counts, log, sleep: async () => undefined });
  const done: Promise<void>[] = [];
  const target = inProcess({
    ...world,
    app: async (...args) => {
      const exchange = await app(...args);
      done.push(exchange.done);
      return exchange;
    },
  });
  const call = async (limit = '1', more: object = {}) => {
    const project = await world.project(limit);
    const body = { ...ask(project), ...more };
    const response = await post(target, '/v1/chat/completions', body, of(project));
    await response.text();
    await Promise.all(done);
    return response;
  };
  return { world, alarms, call, lines };
}

const answering = (world: World, more: object) =>
  world.upstream.on('/chat/completions', json({ ...CHAT, ...more }));

const fails = async () => {
  throw new Unavailable('the table is out of reach');
};

describe('One line and one metric, once, for', () => {
  test('nothing at all where all is well', async () => {
    const { world, alarms, call } = await proxy();
    answering(world, {});
    await call();
    expect(alarms()).toEqual([]);
  });

  test('a call that cost more than it held', async () => {
    const { world, alarms, call } = await proxy();
    answering(world, { usage: { ...USAGE, completion_tokens: 100_000, total_tokens: 101_000 } });
    await call();
    expect(alarms()).toEqual(['over_hold']);
  });

  test('a call that was served by a model without a price', async () => {
    const { world, alarms, call } = await proxy();
    answering(world, { model: 'gpt-4o-2031-01-01' });
    await call();
    expect(alarms()).toEqual(['unpriced']);
  });

  test('a call that was refused since its model has no price, which nobody answers for', async () => {
    const { alarms, call, lines } = await proxy();
    expect((await call('1', { model: 'gpt-4o-2031-01-01' })).status).toBe(400);
    expect(alarms()).toEqual(['model_unpriced']);
    const [line] = lines.filter((each) => each.includes('model_unpriced'));
    expect(JSON.parse(line ?? '')).toMatchObject({ model: 'gpt-4o-2031-01-01', user: 'user/developer' });
    const dimensions = metricsIn(lines).map((each) => each.dimensions['model']);
    expect(dimensions).toEqual([undefined, 'gpt-4o-2031-01-01']);
  });

  test('no call that is refused for another reason than a missing price', async () => {
    const { alarms, call } = await proxy();
    for (const model of ['gpt-5.1-mini', 'whisper-1']) expect((await call('1', { model })).status).toBe(400);
    expect(alarms()).toEqual([]);
  });

  test('a name that can be no model in the place of one, which gets into no log', async () => {
    const { alarms, call, lines } = await proxy();
    const secret = 'sk-proj-0123456789abcdef';
    expect((await call('1', { model: secret })).status).toBe(400);
    expect(alarms()).toEqual(['model_unpriced']);
    expect(lines.join()).not.toContain(secret);
    expect(metricsIn(lines).map((each) => each.dimensions['model'])).toEqual([undefined, 'other']);
  });

  test('a refusal that cannot be counted by its model, in no metric but that of the stage', async () => {
    const { alarms, call, lines } = await proxy({}, { count: fails });
    expect((await call('1', { model: 'gpt-7' })).status).toBe(400);
    expect(alarms()).toEqual(['model_unpriced']);
    expect(metricsIn(lines)).toHaveLength(1);
    expect(lines.join()).toContain('"asked":"gpt-7"');
  });

  test('a call whose answer does not say what it used', async () => {
    const { world, alarms, call } = await proxy();
    answering(world, { usage: undefined });
    await call();
    expect(alarms()).toEqual(['no_usage']);
  });

  test('a key that OpenAI refuses', async () => {
    const { world, alarms, call } = await proxy();
    world.upstream.on('/chat/completions', json({ error: { message: 'Incorrect API key' } }, 401));
    expect((await call()).status).toBe(401);
    expect(alarms()).toEqual(['openai_key_refused']);
  });

  test('a call that was refused because the books cannot be reached', async () => {
    const { alarms, call } = await proxy({ putCall: fails });
    expect((await call()).status).toBe(503);
    expect(alarms()).toEqual(['ledger_unreachable']);
  });

  test('a call that could not be booked, however often that was tried', async () => {
    let attempts = 0;
    const { world, alarms, call } = await proxy({
      decideCall: async () => {
        attempts += 1;
        return fails();
      },
    });
    answering(world, {});
    expect((await call()).status).toBe(200);
    expect(attempts).toBe(3);
    expect(alarms()).toEqual(['ledger_fault']);
  });

  test('no call that was booked at the second attempt', async () => {
    const store = createMemoryLedgerStore();
    let attempts = 0;
    const { world, alarms, call } = await proxy({
      ...store,
      decideCall: async (...args) => {
        attempts += 1;
        return attempts === 1 ? fails() : store.decideCall(...args);
      },
    });
    answering(world, {});
    await call();
    expect(attempts).toBe(2);
    expect(alarms()).toEqual([]);
  });

  test('a Memcached server that is found dead, and not for each call that meets it', async () => {
    const { log, alarms, lines } = record();
    let now = 0;
    const cache = createMemcachedCache({
      servers: [{ host: '127.0.0.1', port: 1 }],
      clock: { now: () => now },
      operationMs: 2_000,
      failures: 2,
      onFault: ({ host, port }) => log.alarm('cache_fault', { server: `${host}:${port}` }),
    });
    closing.push(() => cache.close());
    for (let calls = 0; calls < 6; calls += 1) await cache.get('key');
    expect(alarms()).toEqual(['cache_fault']);
    for (let probes = 0; probes < 3; probes += 1) {
      now += 60_000;
      await cache.get('key');
    }
    expect(alarms()).toEqual(['cache_fault']);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ server: '127.0.0.1:1' });
  });
});

async function abandoned(): Promise<SpoiledStage> {
  const stage = await stages.open();
  await stage.world.limits.set({ project: 'demo' }, 'day', dollars(10));
  heldCall(await stage.world.hold(4));
  stage.world.clock.pass(LEASE + 1);
  return stage;
}

/** Spoils the first so many decisions. */
function undecided(times: number): FaultScript {
  let spoiled = 0;
  return {
    before({ step }) {
      if (step !== 'decideCall' || spoiled === times) return undefined;
      spoiled += 1;
      return { kind: 'drop', when: 'after' };
    },
  };
}

describe('An abandoned call is one line and one metric', () => {
  test('however often it is swept, and by how many at once', async () => {
    for (let run = 0; run < 5; run += 1) {
      const { log, alarms, lines } = record();
      const stage = await abandoned();
      const sweep = createSweep({ ledger: stage.ledger(), truth: async () => undefined, log });
      const reports = await Promise.all([sweep(false), sweep(true), sweep(true)]);
      expect(reports.reduce((sum, { unsettled }) => sum + unsettled, 0)).toBe(1);
      await sweep(true);
      expect(alarms()).toEqual(['unsettled']);
      expect(JSON.parse(lines.find((line) => line.includes('_aws')) ?? '')).toMatchObject({
        user: 'user/alice',
        project: 'demo',
        costUsd: '4',
      });
    }
  });

  test('where the answer to its decision was lost on the way', async () => {
    const { log, alarms } = record();
    const stage = await abandoned();
    stage.spoil(undecided(2));
    expect(
      await createSweep({ ledger: stage.ledger(), truth: async () => undefined, log })(false),
    ).toMatchObject({ unsettled: 1 });
    expect(alarms()).toEqual(['unsettled']);
  });

  test('where its booking fails, and the next sweep completes it', async () => {
    const { log, alarms } = record();
    const stage = await abandoned();
    stage.spoil({ before: ({ step }) => (step === 'releaseLimit' ? { kind: 'throttle' } : undefined) });
    const sweep = createSweep({ ledger: stage.ledger(), truth: async () => undefined, log });
    await expect(sweep(false)).rejects.toBeInstanceOf(Unavailable);
    expect(alarms()).toEqual(['unsettled', 'sweep_failed']);
    stage.spoil();
    expect(await sweep(false)).toMatchObject({ unsettled: 0, completed: 1 });
    expect(alarms()).toEqual(['unsettled', 'sweep_failed']);
  });

  test('or none: a settlement that races with the sweep wins or loses', async () => {
    for (let run = 0; run < 10; run += 1) {
      const { log, alarms } = record();
      const stage = await stages.open();
      const call = heldCall(await stage.world.hold(4, { limits: [] }));
      stage.world.clock.pass(LEASE + 1);
      const sweep = createSweep({ ledger: stage.ledger(), truth: async () => undefined, log });
      await Promise.all([stage.ledger().settle(call, settledAt(1)), sweep(true), sweep(true)]);
      const [entry] = await stage.entries();
      expect(alarms()).toEqual(entry?.outcome?.state === 'unsettled' ? ['unsettled'] : []);
    }
  });
});
