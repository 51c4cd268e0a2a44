import { afterAll, beforeAll, describe } from 'vitest';
import { createDynamoDbLedgerStore } from '../../shared/aws/dynamodb-ledger-store.ts';
import { limitAccount } from '../../shared/core/accounts.ts';
import { callId } from '../../shared/core/call-id.ts';
import type { Account, CallEntry, Held, Outcome, Refused } from '../../shared/core/ledger.ts';
import { ONE_USD } from '../../shared/core/money.ts';
import { daysBetween, type Period } from '../../shared/core/period.ts';
import type { Limit, Scope, Subject } from '../../shared/core/scope.ts';
import { createAudit } from '../../shared/ledger/audit.ts';
import { createCorrections } from '../../shared/ledger/correct.ts';
import { createLedger } from '../../shared/ledger/create-ledger.ts';
import type { Audit, Corrections, HoldDeadline, Ledger, Limits } from '../../shared/ledger/ledger.ts';
import { readLimitAccount } from '../../shared/ledger/limit-account.ts';
import { createLimits } from '../../shared/ledger/limits.ts';
import { createMemoryDirectory } from '../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../shared/memory/memory-ledger-store.ts';
import type { Directory } from '../../shared/ports/directory.ts';
import type { LedgerStore } from '../../shared/ports/ledger-store.ts';
import { startDynalite, type TestTable } from './dynalite.ts';

export const START = Date.parse('2026-11-21T12:00:00.000Z');
export const LEASE = 900_000;
export const PROJECTS = ['demo', 'lab'];
export const ALICE: Subject = { user: 'user/alice', project: 'demo', model: 'gpt-4o' };

/** A stage's books and rules, with the projects `demo` and `lab`, at noon of 2026-11-21 until time passes. */
export interface LedgerWorld {
  readonly store: LedgerStore;
  readonly directory: Directory;
  readonly ledger: Ledger;
  readonly limits: Limits;
  readonly corrections: Corrections;
  readonly audit: Audit;
  readonly clock: { now(): number; pass(milliseconds: number): void };
  /** The same stage, seen by a function whose store is this one. */
  readonly with: (store: LedgerStore) => Pick<LedgerWorld, 'ledger' | 'limits' | 'corrections'>;
  readonly nextId: () => string;
  /** Holds USD under the limits that are set, or under these. */
  readonly hold: (usd: number, more?: HoldOptions) => Promise<Held | Refused>;
  readonly account: (scope: Scope, period?: Period) => Promise<Account | undefined>;
  /** Leaves this much USD at least in each shard of the limits that are set, so that a hold is one write. */
  readonly fillShards: (usd: number) => Promise<void>;
  /** Every entry from the start until now. */
  readonly entries: () => Promise<CallEntry[]>;
}

export interface HoldOptions {
  readonly id?: string;
  readonly subject?: Subject;
  readonly limits?: readonly Limit[];
  readonly deferred?: boolean;
  readonly ledger?: Ledger;
  readonly deadline?: HoldDeadline;
}

/** @param shards over how many items limits are spread that do not say so themselves */
export async function createWorld(
  store: LedgerStore,
  rules: Directory,
  shards?: number,
): Promise<LedgerWorld> {
  const directory: Directory = {
    ...rules,
    putLimit: (scope, period, amount, own = shards) => rules.putLimit(scope, period, amount, own),
  };
  let now = START;
  let calls = 0;
  const clock = {
    now: () => now,
    pass(milliseconds: number) {
      now += milliseconds;
    },
  };
  for (const name of PROJECTS) await directory.createProject(projectOf(name));
  const of = (its: LedgerStore) => ({
    ledger: createLedger({ store: its, directory, clock, leaseMs: LEASE }),
    limits: createLimits({ store: its, directory, clock }),
    corrections: createCorrections({ store: its, directory, clock }),
  });
  const nextId = () => {
    calls += 1;
    return callId(now, calls.toString(16).padStart(16, '0'));
  };
  const hold: LedgerWorld['hold'] = async (
    usd,
    { id = nextId(), subject = ALICE, limits, deferred = false, ledger = of(store).ledger, deadline } = {},
  ) => {
    const result = await ledger.hold(
      {
        ...subject,
        id,
        endpoint: 'POST /chat/completions',
        requestedModel: subject.model,
        stream: false,
        amount: dollars(usd),
        limits: limits ?? (await directory.rules(subject)).limits,
        deferred,
      },
      deadline,
    );
    if (result.kind === 'crowded') throw new Error('as many calls are open as may be');
    return result;
  };
  return {
    ...of(store),
    store,
    directory,
    audit: createAudit({ store, directory, clock }),
    clock,
    with: of,
    nextId,
    hold,
    async fillShards(usd) {
      for (let shard = 0; shard < (shards ?? 0); shard += 1)
        await of(store).ledger.settle(heldCall(await hold(usd)), VOID);
    },
    account: (scope, period = 'month') => readLimitAccount(store, limitAccount(scope, period, now)),
    async entries() {
      const found: CallEntry[] = [];
      for (const day of daysBetween(START, now))
        for (const project of PROJECTS)
          for await (const call of store.calls(project, day, 'corrections')) found.push(call);
      return found;
    },
  };
}

/** Several, so that calls fall to different ones, and few enough that some of them share one. */
export const SHARDS = 3;

type Suite = (
  open: () => Promise<LedgerWorld>,
  shards: number | undefined,
  where: 'memory' | 'DynamoDB',
) => void;

/** Runs a suite on stages in memory and in DynamoDB, with the account of each limit in one item, and in shards. */
export function onEveryStore(name: string, suite: Suite): void {
  onStores(name, undefined, suite);
  onStores(`${name}, in shards`, SHARDS, suite);
}

/** Runs a suite on stages in memory and in DynamoDB, with the account of each limit in so many items. */
export function onStores(name: string, shards: number | undefined, suite: Suite): void {
  describe(`${name} (memory)`, () =>
    suite(() => createWorld(createMemoryLedgerStore(), createMemoryDirectory(), shards), shards, 'memory'));
  describe(`${name} (DynamoDB)`, () => {
    let table: TestTable;
    beforeAll(async () => {
      table = await startDynalite();
    });
    afterAll(() => table.close());
    suite(
      async () =>
        createWorld(
          createDynamoDbLedgerStore(table.client, await table.anotherTable()),
          createMemoryDirectory(),
          shards,
        ),
      shards,
      'DynamoDB',
    );
  });
}

/** Picodollars; cents are exact. */
export function dollars(usd: number): bigint {
  return (BigInt(Math.round(usd * 100)) * ONE_USD) / 100n;
}

export function settledAt(usd: number, more: Partial<Outcome> = {}): Outcome {
  return {
    state: 'settled',
    cost: dollars(usd),
    saved: 0n,
    tally: { calls: 1, input: 100 },
    flags: [],
    status: 200,
    decidedAt: START,
    ...more,
  };
}

export const VOID: Outcome = settledAt(0, { state: 'void', tally: {} });

/** The entry of a call that was held; fails the test when it was refused. */
export function heldCall(result: Held | Refused): CallEntry {
  if (result.kind === 'refused') throw new Error(`refused by the limit of ${result.limit.amount}`);
  return result.call;
}

function projectOf(name: string) {
  return {
    name,
    principals: [],
    models: [],
    onDisconnect: 'drain' as const,
    cacheGeneration: 0,
    createdAt: START,
  };
}
