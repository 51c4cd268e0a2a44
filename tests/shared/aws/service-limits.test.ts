import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { transferring } from '../../../shared/aws/account-changes.ts';
import { createDynamoDbDirectory } from '../../../shared/aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from '../../../shared/aws/dynamodb-ledger-store.ts';
import { createDynamoDbObjects } from '../../../shared/aws/dynamodb-objects.ts';
import { callId } from '../../../shared/core/call-id.ts';
import { ONE_USD } from '../../../shared/core/money.ts';
import { projectNameProblem, userNameProblem } from '../../../shared/core/names.ts';
import { PERIODS } from '../../../shared/core/period.ts';
import { MAX_SHARDS, type Scope, scopesOf } from '../../../shared/core/scope.ts';
import type { Lending } from '../../../shared/core/shards.ts';
import { USAGE_CLASSES } from '../../../shared/core/usage.ts';
import { createLedger } from '../../../shared/ledger/create-ledger.ts';
import { createLimits } from '../../../shared/ledger/limits.ts';
import { startDynalite, type TestTable } from '../../support/dynalite.ts';

/*
 * What DynamoDB allows, and the emulator of the tests does not look at
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
 */
const ALLOWED = {
  expressionBytes: 4_096,
  operators: 300,
  partitionKeyBytes: 2_048,
  sortKeyBytes: 1_024,
  itemBytes: 400 * 1_024,
} as const;
type Measured = { -readonly [what in keyof typeof ALLOWED]: number };

const EXPRESSIONS = [
  'ConditionExpression',
  'UpdateExpression',
  'KeyConditionExpression',
  'FilterExpression',
  'ProjectionExpression',
];
const KEYS = {
  pk: 'partitionKeyBytes',
  lookupPk: 'partitionKeyBytes',
  sk: 'sortKeyBytes',
  lookupSk: 'sortKeyBytes',
} as const;

/** Comparators, arithmetic, words and functions: every one counts, also those that AWS may count only once. */
function operatorsIn(expression: string): number {
  return [
    ...expression.matchAll(/<>|<=|>=|[=<>+-]|\b(?:AND|OR|NOT|BETWEEN|IN|SET|ADD|REMOVE|DELETE)\b|\w+\s*\(/g),
  ].length;
}

class Largest {
  readonly seen: Measured = {
    expressionBytes: 0,
    operators: 0,
    partitionKeyBytes: 0,
    sortKeyBytes: 0,
    itemBytes: 0,
  };

  see(what: keyof Measured, size: number): void {
    this.seen[what] = Math.max(this.seen[what], size);
  }

  seeExpression(expression: unknown): void {
    if (typeof expression !== 'string') return;
    this.see('expressionBytes', Buffer.byteLength(expression));
    this.see('operators', operatorsIn(expression));
  }

  seeItem(item: unknown): void {
    if (!(item instanceof Object)) return;
    this.see('itemBytes', Buffer.byteLength(JSON.stringify(item)));
    for (const [name, what] of Object.entries(KEYS)) {
      const value = (item as Record<string, AttributeValue>)[name]?.S;
      if (value !== undefined) this.see(what, Buffer.byteLength(value));
    }
  }
}

/** The largest of everything that a client is seen to send, and of the items that it is given back. */
function measure(client: DynamoDBClient): Measured {
  const largest = new Largest();
  client.middlewareStack.add(
    (next) => async (args) => {
      const input: Readonly<Record<string, unknown>> = { ...args.input };
      for (const name of EXPRESSIONS) largest.seeExpression(input[name]);
      for (const item of [input['Item'], input['Key']]) largest.seeItem(item);
      const reply = await next(args);
      const output: Readonly<Record<string, unknown>> = { ...(reply.output as object) };
      for (const item of [output['Item'], output['Attributes']]) largest.seeItem(item);
      return reply;
    },
    { step: 'initialize', name: 'measure' },
  );
  return largest.seen;
}

function expectAllowed(measured: Partial<Measured>): void {
  for (const [what, size] of Object.entries(measured)) {
    expect(size, what).toBeGreaterThan(0);
    expect(size, what).toBeLessThanOrEqual(ALLOWED[what as keyof Measured]);
  }
}

/** The longest names that there can be, each character of which takes as many bytes in a key as it may. */
const LONGEST = {
  user: `user/A${'='.repeat(154)}`,
  project: '%'.repeat(85),
  model: `${':'.repeat(64)}${'m'.repeat(64)}`,
};

describe('what is sent to DynamoDB', { timeout: 280_000 }, () => {
  let table: TestTable;
  beforeAll(async () => {
    table = await startDynalite();
  });
  afterAll(() => table.close());

  it('is allowed with the longest names, and with a limit in every period on every scope, one of them in the most shards', async () => {
    expect(userNameProblem(LONGEST.user)).toBeUndefined();
    expect(userNameProblem(`${LONGEST.user}=`)).toBeDefined();
    expect(projectNameProblem(LONGEST.project)).toBeUndefined();
    expect(projectNameProblem(`${LONGEST.project}%`)).toBeDefined();
    const measured = measure(table.client);
    const clock = { now: () => Date.parse('2026-11-21T12:00:00Z') };
    const store = createDynamoDbLedgerStore(table.client, table.tableName);
    const directory = createDynamoDbDirectory(table.client, table.tableName);
    const ledger = createLedger({ store, directory, clock, leaseMs: 960_000 });
    const limits = createLimits({ store, directory, clock });
    const open = {
      principals: [],
      models: [],
      onDisconnect: 'drain' as const,
      cacheGeneration: 0,
      createdAt: clock.now(),
    };
    await directory.createProject({ ...open, name: LONGEST.project });
    const spread = (usd: bigint) => limits.set(LONGEST, 'total', usd * ONE_USD, MAX_SHARDS);
    const set = (scope: Scope) =>
      Promise.all(PERIODS.map((period) => limits.set(scope, period, 100n * ONE_USD)));
    const scopes = scopesOf(LONGEST);
    expect(scopes).toHaveLength(12);
    for (const scope of scopes) await set(scope);
    await spread(100n);

    const rules = await directory.rules(LONGEST);
    expect(rules.limits).toHaveLength(scopes.length * PERIODS.length);
    for (let call = 0; call < 2; call += 1) {
      const held = await ledger.hold({
        ...LONGEST,
        id: callId(clock.now(), String(call).padStart(16, '0')),
        endpoint: 'chat.completions',
        requestedModel: LONGEST.model,
        stream: false,
        amount: ONE_USD,
        limits: rules.limits,
      });
      if (held.kind !== 'held') throw new Error(`not held: ${held.kind}`);
      await ledger.settle(held.call, {
        state: 'settled',
        cost: ONE_USD / 2n,
        saved: 0n,
        tally: { calls: 1, ...Object.fromEntries(USAGE_CLASSES.map((name) => [name, 1])) },
        flags: [],
        decidedAt: clock.now(),
      });
    }
    // A lower limit calls in what lies in the shards.
    await spread(50n);
    const objects = createDynamoDbObjects(table.client, table.tableName, { clock, retentionDays: 400 });
    await objects.own([{ id: '%'.repeat(512), kind: 'file', project: LONGEST.project, user: LONGEST.user }]);
    expectAllowed(measured);
    expect(measured.partitionKeyBytes).toBeGreaterThan(1_500);
    expect(measured.sortKeyBytes).toBeGreaterThan(950);
  });

  it.each([
    ['that had nothing yet', 0n],
    ['whose counters are as large as they can be', 10n ** 37n],
  ])('is allowed for a transfer between an account and all of its shards %s', (_, seen) => {
    const shards = Array.from(
      { length: MAX_SHARDS },
      (__, shard): Lending => ({
        shard,
        seen: { granted: seen, collected: seen },
        granted: 10n ** 37n,
        collected: 10n ** 37n - 1n,
      }),
    );
    const change = transferring({ kind: 'lend', shards, atLeast: 1n });
    for (const expression of [change.ConditionExpression ?? '', change.UpdateExpression ?? '']) {
      expectAllowed({
        expressionBytes: Buffer.byteLength(expression),
        operators: operatorsIn(expression),
        itemBytes: Buffer.byteLength(JSON.stringify(change)),
      });
    }
  });

  it('never has more shards than that', async () => {
    const store = createDynamoDbLedgerStore(table.client, table.tableName);
    const directory = createDynamoDbDirectory(table.client, table.tableName);
    const limits = createLimits({ store, directory, clock: { now: () => 0 } });
    for (const shards of [0, -1, 1.5, MAX_SHARDS + 1, Number.NaN])
      await expect(limits.set({ project: 'p' }, 'day', 1n, shards)).rejects.toThrow(RangeError);
    expect(await directory.limit({ project: 'p' }, 'day')).toBeUndefined();
  });
});
