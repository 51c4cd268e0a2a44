import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDbDirectory } from '../../../shared/aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from '../../../shared/aws/dynamodb-ledger-store.ts';
import { createDynamoDbObjects } from '../../../shared/aws/dynamodb-objects.ts';
import { createDynamoDbStagePrices } from '../../../shared/aws/dynamodb-stage-prices.ts';
import { startDynalite, type TestTable } from '../../support/dynalite.ts';
import { ALICE, createWorld, dollars, heldCall, LEASE, settledAt } from '../../support/ledger-world.ts';

/** A read as it was sent: its operation, and whether it sees all that was written before it. */
interface Read {
  readonly operation: string;
  readonly consistent: boolean;
}

const READS = new Set(['GetItemCommand', 'BatchGetItemCommand', 'QueryCommand']);

let table: TestTable;
beforeAll(async () => {
  table = await startDynalite();
});
afterAll(() => table.close());

/** Writes down every read of the client. An index cannot be read consistently: what it lists is read by its key. */
function recordReads(client: DynamoDBClient): Read[] {
  const reads: Read[] = [];
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const input = args.input as {
        IndexName?: string;
        ConsistentRead?: boolean;
        RequestItems?: Record<string, { ConsistentRead?: boolean }>;
      };
      const operation = String(context.commandName);
      if (READS.has(operation) && input.IndexName === undefined) {
        const asked = [input, ...Object.values(input.RequestItems ?? {})];
        reads.push({ operation, consistent: asked.some(({ ConsistentRead }) => ConsistentRead === true) });
      }
      return next(args);
    },
    { step: 'initialize', name: 'recordReads', override: true },
  );
  return reads;
}

const lagging = (reads: readonly Read[]) => reads.filter(({ consistent }) => !consistent);

describe('Every read on which money hangs sees all that was written before it:', () => {
  it('of a call’s life, the first of a period, a change of its limit and the sweep included', async () => {
    const name = await table.anotherTable();
    const store = createDynamoDbLedgerStore(table.client, name);
    const world = await createWorld(store, createDynamoDbDirectory(table.client, name));
    const reads = recordReads(table.client);
    await world.limits.set({ project: 'demo' }, 'month', dollars(10));
    await world.ledger.settle(heldCall(await world.hold(2)), settledAt(1));
    await world.hold(3);
    expect(await world.hold(9)).toMatchObject({ kind: 'refused' });
    const { limits } = await world.directory.rules(ALICE);
    await world.ledger.room(limits, new AbortController().signal);
    await world.limits.set({ project: 'demo' }, 'month', dollars(20));
    await world.limits.remove({ project: 'demo' }, 'month');
    await world.limits.set({ project: 'demo' }, 'month', dollars(30));
    world.clock.pass(LEASE + 1);
    expect(await world.ledger.sweep({ deep: true })).toMatchObject({ unsettled: 1 });
    const { differences } = await world.audit.run([{ period: 'month', at: world.clock.now() }]);
    expect(differences).toEqual([]);
    expect(new Set(reads.map(({ operation }) => operation))).toEqual(READS);
    expect(lagging(reads)).toEqual([]);
  });

  it('of a limit in shards, but for the glance at what remains, which is for convenience alone', async () => {
    const name = await table.anotherTable();
    const store = createDynamoDbLedgerStore(table.client, name);
    const world = await createWorld(store, createDynamoDbDirectory(table.client, name), 3);
    await world.limits.set({ project: 'demo' }, 'month', dollars(10));
    const reads = recordReads(table.client);
    await world.ledger.settle(heldCall(await world.hold(2)), settledAt(3));
    expect(await world.hold(9)).toMatchObject({ kind: 'refused' });
    // One for each hold.
    expect(lagging(reads)).toEqual([
      { operation: 'GetItemCommand', consistent: false },
      { operation: 'GetItemCommand', consistent: false },
    ]);
  });

  it('of whose an object is, and of the prices that admins set', async () => {
    const name = await table.anotherTable();
    const reads = recordReads(table.client);
    const clock = { now: () => Date.now() };
    const objects = createDynamoDbObjects(table.client, name, { clock, retentionDays: 400 });
    const owner = { id: 'file-1', kind: 'file', project: 'demo', user: 'user/alice' } as const;
    await objects.own([owner]);
    expect((await objects.owners(['file-1'])).get('file-1')).toEqual(owner);
    await createDynamoDbStagePrices(table.client, name).all();
    expect(reads.length).toBeGreaterThan(1);
    expect(lagging(reads)).toEqual([]);
  });
});
