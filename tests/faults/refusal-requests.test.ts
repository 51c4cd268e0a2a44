import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDynamoDbDirectory } from '../../shared/aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from '../../shared/aws/dynamodb-ledger-store.ts';
import { createNoCache } from '../../shared/memory/no-cache.ts';
import { ask, CHAT, of, post, refusalOf } from '../functions/proxy/cases/fixtures.ts';
import { startDynalite, type TestTable } from '../support/dynalite.ts';
import { type Step, startFaultProxy } from '../support/fault-proxy.ts';
import { clientOf } from '../support/fault-stage.ts';
import { json } from '../support/scripted-upstream.ts';
import { inProcess } from '../support/targets.ts';
import { makeWorld } from '../support/world.ts';

const PATIENT_MS = 60_000;
const HOLD_WAIT_MS = 2_000;

let table: TestTable;
beforeAll(async () => {
  table = await startDynalite();
});
afterAll(() => table.close());

/** What a call asks of DynamoDB that is refused under a limit which another call holds, or which is spent. */
async function requestsOf(refusal: 'held' | 'spent', shards: number): Promise<Map<Step, number>> {
  const proxy = await startFaultProxy(table.endpoint);
  const client = clientOf(proxy.endpoint, PATIENT_MS);
  const tableName = await table.anotherTable();
  const store = createDynamoDbLedgerStore(client, tableName);
  const directory = createDynamoDbDirectory(client, tableName);
  const world = await makeWorld(
    { store, directory, cache: createNoCache() },
    { holdWaitMs: HOLD_WAIT_MS, ledgerDeadlineMs: PATIENT_MS },
  );
  const gate = Promise.withResolvers<void>();
  if (refusal === 'spent') gate.resolve();
  world.upstream.on('/chat/completions', async (request, response) => {
    await gate.promise;
    await json(CHAT)(request, response);
  });
  const project = await world.project();
  // One call, at $0.003.
  await world.limit({ project }, '0.005', shards);
  const call = () => post(inProcess(world), '/v1/chat/completions', ask(project), of(project));
  const first = call();
  await expect.poll(() => world.upstream.received.length, { timeout: PATIENT_MS }).toBe(1);
  if (refusal === 'spent') {
    await first;
    await world.entries(project);
  }
  const seen = new Map<Step, number>();
  proxy.script({ before: ({ step }) => void seen.set(step, (seen.get(step) ?? 0) + 1) });
  const code = refusal === 'held' ? 'rate_limit_exceeded' : 'insufficient_quota';
  expect(await refusalOf(await call())).toMatchObject({ status: 429, code });
  proxy.script();
  gate.resolve();
  await first;
  await world.entries(project);
  await world.close();
  client.destroy();
  await proxy.close();
  return withoutOpening(seen);
}

/** The books of a day are many accounts, and the first call in each of them opens it. */
function withoutOpening(seen: Map<Step, number>): Map<Step, number> {
  const opened = seen.get('openBooks') ?? 0;
  seen.delete('openBooks');
  for (const step of ['reserveBooks', 'getAccount'] as const) {
    const rest = (seen.get(step) ?? 0) - opened;
    if (rest > 0) seen.set(step, rest);
    else seen.delete(step);
  }
  return seen;
}

/** One wave, and giving back what of it was taken: in the books alone, as the limit refused. */
const ONE_HOLD = {
  rules: 1,
  putCall: 1,
  reserveLimit: 1,
  reserveBooks: 1,
  decideCall: 1,
  releaseBooks: 1,
  closeCall: 1,
};
/** Pauses of 50, 100, 200, 400 and 800 ms at the least, and what is left of 2 s. */
const MOST_LOOKS = 6;

describe('A call that is refused', () => {
  test('by a limit that is spent asks for its hold once, and gives it back', async () => {
    expect(Object.fromEntries(await requestsOf('spent', 1))).toEqual(ONE_HOLD);
  });

  test('by a limit that others hold writes no more than that: while it waits, it reads', async () => {
    const { getAccount = 0, ...writes } = Object.fromEntries(await requestsOf('held', 1));
    expect(writes).toEqual(ONE_HOLD);
    expect(getAccount).toBeGreaterThan(0);
    expect(getAccount).toBeLessThanOrEqual(MOST_LOOKS);
  });

  test('also where that limit is in shards: each look is one read of them all', async () => {
    const { readListed = 0, ...others } = Object.fromEntries(await requestsOf('held', 4));
    expect(others['putCall']).toBe(1);
    expect(others['decideCall']).toBe(1);
    expect(others['releaseLimit']).toBeUndefined();
    // What the first hold read to find money in the shards, and then a look at a time.
    expect(readListed).toBeLessThanOrEqual(MOST_LOOKS + 4);
  });
});
