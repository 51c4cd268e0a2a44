import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDynamoDbClient } from '../../shared/aws/dynamodb-client.ts';
import { createDynamoDbDirectory } from '../../shared/aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from '../../shared/aws/dynamodb-ledger-store.ts';
import { startDynalite, type TestTable } from './dynalite.ts';
import { type FaultProxy, type Operation, type Step, startFaultProxy } from './fault-proxy.ts';
import { ALICE, createWorld, heldCall, LEASE, settledAt } from './ledger-world.ts';

let table: TestTable;
let proxy: FaultProxy;
beforeAll(async () => {
  table = await startDynalite();
  proxy = await startFaultProxy(table.endpoint);
});
afterAll(async () => {
  await proxy.close();
  await table.close();
});

test("names every step of a call's life, of the sweep and of an admin from the requests alone", async () => {
  const client = createDynamoDbClient({
    region: 'us-east-1',
    endpoint: proxy.endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    attemptMs: 20_000,
    deadlineMs: 25_000,
  });
  const store = createDynamoDbLedgerStore(client, table.tableName);
  const directory = createDynamoDbDirectory(client, table.tableName);
  let seen: Operation[] = [];
  proxy.script({ before: (operation) => void seen.push(operation) });
  const steps = async (work: () => Promise<unknown>) => {
    seen = [];
    await work();
    return [...new Set(seen.map(({ step }) => step))].sort();
  };
  const named = (...names: Step[]) => names.sort();

  const world = await createWorld(store, directory);
  expect(await steps(async () => world.limits.set({ project: 'demo' }, 'month', 10n ** 12n))).toEqual(
    named('readRule', 'queryBooks', 'getAccount', 'openAccount', 'changeRule', 'changeLimit'),
  );
  expect(await steps(() => directory.rules(ALICE))).toEqual(named('rules'));

  const { limits } = await directory.rules(ALICE);
  const held = await world.hold(0.01, { limits });
  expect(seen.every(({ table: name }) => name === table.tableName)).toBe(true);
  const call = heldCall(held);
  const of = (step: Step) => seen.find((operation) => operation.step === step && operation.call === call.id);
  for (const step of ['putCall', 'reserveLimit', 'reserveBooks'] as const) expect(of(step)).toBeDefined();
  expect(seen.map(({ step }) => step)).toContain('openBooks');

  const deferred = { kind: 'response', object: 'resp_1' } as const;
  expect(await steps(() => world.ledger.defer(call, deferred))).toEqual(named('deferCall'));

  expect(await steps(() => world.ledger.settle(call, settledAt(0.01)))).toEqual(
    named('decideCall', 'releaseLimit', 'releaseBooks', 'closeCall'),
  );

  await world.hold(0.01, { limits });
  world.clock.pass(LEASE + 1);
  expect(await steps(() => world.ledger.sweep({ deep: true }))).toEqual(
    named(
      'listOpen',
      'readListed',
      'getAccount',
      'decideCall',
      'releaseLimit',
      'releaseBooks',
      'closeCall',
      'listAccounts',
      'readRule',
      'queryBooks',
    ),
  );
  expect(await steps(() => world.entries())).toEqual(named('queryCalls'));
  client.destroy();
});
