import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createDynamoDbDirectory } from '../../shared/aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from '../../shared/aws/dynamodb-ledger-store.ts';
import type { CallEntry } from '../../shared/core/ledger.ts';
import { parseUsd } from '../../shared/core/money.ts';
import { PERIODS } from '../../shared/core/period.ts';
import { createAudit } from '../../shared/ledger/audit.ts';
import { createLedger } from '../../shared/ledger/create-ledger.ts';
import { createNoCache } from '../../shared/memory/no-cache.ts';
import { ask, CHAT, of, post, refusalOf, USAGE_COST } from '../functions/proxy/cases/fixtures.ts';
import { startDynalite, type TestTable } from '../support/dynalite.ts';
import {
  type FaultProxy,
  type FaultScript,
  type Operation,
  type Step,
  startFaultProxy,
} from '../support/fault-proxy.ts';
import { clientOf } from '../support/fault-stage.ts';
import { json } from '../support/scripted-upstream.ts';
import { inProcess } from '../support/targets.ts';
import { makeWorld, recentEntries, type World } from '../support/world.ts';

/** Far more than a call may take until it fails closed: only to tell a bound from none. */
const BOUND_MS = 60_000;
/** The default of `LEDGER_DEADLINE_MS`. */
const PRODUCTION_MS = 3_000;
/** So long that the time which a busy machine takes is short beside it. */
const LONG_MS = 25_000;
/** Where a slow machine must not look like a fault. */
const PATIENT_MS = 60_000;
const HOUR_MS = 3_600_000;

// They wait more than they work.
vi.setConfig({ maxConcurrency: 12 });

let table: TestTable;
const closing: (() => unknown)[] = [];
beforeAll(async () => {
  table = await startDynalite();
});
afterAll(async () => {
  for (const close of closing) await close();
  await table.close();
});

interface Outage {
  readonly world: World;
  readonly project: string;
  readonly proxy: FaultProxy;
  readonly call: () => Promise<Response>;
  /** What is late arrives, every lease ends, and the sweep runs; then the entries, once the books were found right. */
  readonly over: () => Promise<CallEntry[]>;
}

/** A proxy with the time-outs of production, where no shorter one is given, and its DynamoDB. */
async function outage(deadlineMs?: number): Promise<Outage> {
  const proxy = await startFaultProxy(table.endpoint);
  const client = clientOf(proxy.endpoint, deadlineMs);
  const tableName = await table.anotherTable();
  const store = createDynamoDbLedgerStore(client, tableName);
  const directory = createDynamoDbDirectory(client, tableName);
  const world = await makeWorld(
    { store, directory, cache: createNoCache() },
    { ledgerDeadlineMs: deadlineMs ?? PRODUCTION_MS },
  );
  closing.push(
    () => world.close(),
    () => client.destroy(),
    () => proxy.close(),
  );
  world.upstream.on('/chat/completions', json(CHAT));
  const project = await world.project('1');
  const later = { now: () => Date.now() + HOUR_MS };
  const plain = createDynamoDbLedgerStore(table.client, tableName);
  const books = { store: plain, directory: createDynamoDbDirectory(table.client, tableName), clock: later };
  return {
    world,
    project,
    proxy,
    call: () => post(inProcess(world), '/v1/chat/completions', ask(project), of(project)),
    async over() {
      proxy.script();
      proxy.release();
      await proxy.idle();
      const ledger = createLedger({ ...books, leaseMs: 960_000 });
      await ledger.sweep({ deep: true });
      await Promise.all([ledger.sweep({ deep: true }), ledger.sweep({ deep: true })]);
      const instances = PERIODS.map((period) => ({ period, at: Date.now() }));
      expect((await createAudit(books).run(instances)).differences).toEqual([]);
      const entries = await recentEntries(plain, project);
      for (const { id, accounts } of entries)
        for (const account of accounts)
          expect((await plain.getAccount(account))?.holds.has(id)).not.toBe(true);
      return entries;
    },
  };
}

const HANGS: FaultScript = { before: () => ({ kind: 'hang', when: 'before' }) };

function hangsAt(steps: readonly Step[]): FaultScript {
  return { before: ({ step }) => (steps.includes(step) ? { kind: 'hang', when: 'before' } : undefined) };
}

/** From the first request that is about money: the rules of the call were read. */
function onceRulesAreRead(script: FaultScript): FaultScript {
  return {
    before: (operation: Operation) => (operation.step === 'rules' ? undefined : script.before?.(operation)),
  };
}

describe.concurrent('While DynamoDB', () => {
  test.each<[string, FaultScript]>([
    ['never answers', HANGS],
    ['never answers once the rules were read', onceRulesAreRead(HANGS)],
    [
      'makes every change and never says so',
      onceRulesAreRead({ before: () => ({ kind: 'hang', when: 'after' }) }),
    ],
    ['drops every connection', { before: () => ({ kind: 'drop', when: 'before' }) }],
    ['throttles everything', { before: () => ({ kind: 'throttle' }) }],
    ['throttles all but the rules', onceRulesAreRead({ before: () => ({ kind: 'throttle' }) })],
    ['fails everything with 500', { before: () => ({ kind: 'error', effect: 'none' }) }],
    ['answers each request after 3 s', { before: () => ({ kind: 'delay', when: 'after', ms: 3_000 }) }],
  ])(
    '%s, a call fails closed within seconds, is not forwarded, and holds nothing in the end',
    async (_, script) => {
      const { world, proxy, call, over } = await outage();
      proxy.script(script);
      const began = performance.now();
      const response = await call();
      expect(performance.now() - began).toBeLessThan(BOUND_MS);
      expect(await refusalOf(response)).toMatchObject({ status: 503, code: 'ledger_unreachable' });
      expect(world.upstream.received).toHaveLength(0);
      await over();
    },
  );

  // One deadline and the second for giving back, not two deadlines, however slow the machine is beside them.
  test.each<[string, FaultScript]>([
    ['never answers once the rules were read', onceRulesAreRead(HANGS)],
    [
      'makes every change and never says so',
      onceRulesAreRead({ before: () => ({ kind: 'hang', when: 'after' }) }),
    ],
    ['never answers a hold', hangsAt(['reserveLimit', 'reserveBooks'])],
    ['holds, and never gives back', hangsAt(['reserveBooks', 'decideCall', 'putDecided'])],
  ])('%s, all attempts of a call have one deadline together', async (_, script) => {
    const { world, proxy, call, over } = await outage(LONG_MS);
    proxy.script(script);
    const began = performance.now();
    expect((await call()).status).toBe(503);
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(LONG_MS / 3);
    expect(took).toBeLessThan(1.9 * LONG_MS);
    expect(world.upstream.received).toHaveLength(0);
    await over();
  });

  test('is out of reach from the answer on, the answer is delivered and booked at its hold, once', async () => {
    const { world, proxy, call, over } = await outage(PATIENT_MS);
    world.upstream.on('/chat/completions', (request, response) => {
      proxy.script({ before: () => ({ kind: 'drop', when: 'before' }) });
      return json(CHAT)(request, response);
    });
    const response = await call();
    expect(await response.json()).toEqual(CHAT);
    await vi.waitFor(() => expect(world.logs.join()).toContain('ledger_fault'), { timeout: 300_000 });
    const [entry, ...others] = await over();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ state: 'closed', outcome: { state: 'unsettled', cost: entry?.held } });
  });

  test('is slow, a call is served and booked at its cost', async () => {
    const { proxy, call, over } = await outage(PATIENT_MS);
    const closed = Promise.withResolvers<void>();
    proxy.script({
      before: () => ({ kind: 'delay', when: 'after', ms: 300 }),
      after: ({ step }) => (step === 'closeCall' ? closed.resolve() : undefined),
    });
    const response = await call();
    expect(await response.json()).toEqual(CHAT);
    await closed.promise;
    expect(await over()).toMatchObject([{ outcome: { state: 'settled', cost: parseUsd(USAGE_COST) } }]);
  });
});
