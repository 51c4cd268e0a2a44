import { afterAll, beforeAll, describe, it } from 'vitest';
import { createDynamoDbDirectory } from '../../../shared/aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from '../../../shared/aws/dynamodb-ledger-store.ts';
import { createDynamoDbObjects } from '../../../shared/aws/dynamodb-objects.ts';
import { createMemcachedCache } from '../../../shared/memcached/memcached-cache.ts';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { startDynalite } from '../../support/dynalite.ts';
import { startMemcached } from '../../support/memcached.ts';
import { functionUrl, inProcess, lambdaEvent } from '../../support/targets.ts';
import { makeWorld, type Target, type World, type WorldParts } from '../../support/world.ts';
import { ANSWERS } from './cases/answers.ts';
import { CACHING } from './cases/caching.ts';
import { HOLDING } from './cases/holding.ts';
import { MEDIA } from './cases/media.ts';
import { OBJECTS } from './cases/objects.ts';
import { REFUSALS } from './cases/refusals.ts';
import { UPSTREAM_FAULTS } from './cases/upstream-faults.ts';

const CASES = [...ANSWERS, ...UPSTREAM_FAULTS, ...REFUSALS, ...CACHING, ...HOLDING, ...OBJECTS, ...MEDIA];
const clock = { now: () => Date.now() };

interface Parts extends WorldParts {
  readonly close: () => Promise<void>;
}

async function inMemory(): Promise<Parts> {
  return {
    store: createMemoryLedgerStore(),
    directory: createMemoryDirectory(),
    cache: createMemoryCache({ clock }),
    close: async () => {},
  };
}

async function onRealServers(): Promise<Parts> {
  const [table, memcached] = await Promise.all([startDynalite(), startMemcached()]);
  const cache = createMemcachedCache({ servers: [memcached], clock, operationMs: 2_000 });
  return {
    store: createDynamoDbLedgerStore(table.client, table.tableName),
    directory: createDynamoDbDirectory(table.client, table.tableName),
    objects: createDynamoDbObjects(table.client, table.tableName, { clock, retentionDays: 400 }),
    cache,
    close: async () => {
      cache.close();
      await Promise.all([table.close(), memcached.close()]);
    },
  };
}

const WAYS: readonly (readonly [string, () => Promise<Parts>, (world: World) => Target | Promise<Target>])[] =
  [
    ['in process, on memory', inMemory, inProcess],
    ['as a Lambda stream event, on memory', inMemory, lambdaEvent],
    ['through the local function URL, on DynamoDB and Memcached', onRealServers, functionUrl],
  ];

describe.each(WAYS)('the proxy %s', (_name, makeParts, makeTarget) => {
  let parts: Parts;
  let world: World;
  let target: Target;

  beforeAll(async () => {
    parts = await makeParts();
    world = await makeWorld(parts, { maxBodyBytes: 1_000_000 });
    target = await makeTarget(world);
  });
  afterAll(async () => {
    await target.close();
    await world.close();
    await parts.close();
  });

  // In full: a name that vitest takes out of an object itself is cut.
  it.each(CASES.map(({ name, run }) => [name, run] as const))('%s', async (_, run) => {
    await run(world, target);
  });
});
