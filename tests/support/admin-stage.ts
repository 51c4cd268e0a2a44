import { afterAll, beforeAll, describe } from 'vitest';
import { createAdmin } from '../../functions/admin/app.ts';
import type { AdminReply } from '../../functions/admin/reply.ts';
import { bundledPrices } from '../../prices/load.ts';
import { createDynamoDbDirectory } from '../../shared/aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from '../../shared/aws/dynamodb-ledger-store.ts';
import { createDynamoDbStagePrices } from '../../shared/aws/dynamodb-stage-prices.ts';
import { createDynamoDbTrail } from '../../shared/aws/dynamodb-trail.ts';
import { createDynamoDbUnpricedCalls } from '../../shared/aws/dynamodb-unpriced-calls.ts';
import { callId } from '../../shared/core/call-id.ts';
import { userOfArn } from '../../shared/core/identity.ts';
import type { BilledCost, BilledUsage } from '../../shared/core/invoice.ts';
import type { Held, Outcome, Tally } from '../../shared/core/ledger.ts';
import { parseUsd } from '../../shared/core/money.ts';
import type { Subject } from '../../shared/core/scope.ts';
import { createAudit } from '../../shared/ledger/audit.ts';
import { createLedger } from '../../shared/ledger/create-ledger.ts';
import { createLimits } from '../../shared/ledger/limits.ts';
import { createMemoryDirectory } from '../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../shared/memory/memory-ledger-store.ts';
import { createMemoryObjects } from '../../shared/memory/memory-objects.ts';
import { createMemoryStagePrices } from '../../shared/memory/memory-stage-prices.ts';
import { createMemoryTrail } from '../../shared/memory/memory-trail.ts';
import { createMemoryUnpricedCalls } from '../../shared/memory/memory-unpriced-calls.ts';
import type { Directory, Project } from '../../shared/ports/directory.ts';
import type { Invoice, InvoiceFailure } from '../../shared/ports/invoice.ts';
import type { LedgerStore } from '../../shared/ports/ledger-store.ts';
import type { StagePrices } from '../../shared/ports/stage-prices.ts';
import type { Trail } from '../../shared/ports/trail.ts';
import type { UnpricedCalls } from '../../shared/ports/unpriced-calls.ts';
import { startDynalite, type TestTable } from './dynalite.ts';

const ACCOUNT = '111122223333';
const LEASE_MS = 960_000;
const SESSION_ROLES = ['CI*'];

interface Booking extends Subject {
  /** USD. */
  readonly cost: string;
  /** What it held; as much as it cost where it is left out. */
  readonly held?: string;
  readonly saved?: string;
  readonly tally?: Tally;
  readonly state?: Outcome['state'];
  readonly flags?: readonly string[];
}

/** One stage with its admin function, at noon of 2026-11-21 until its clock is set. */
export interface AdminStage {
  readonly admin: (payload: unknown, request?: string) => Promise<AdminReply>;
  readonly stagePrices: StagePrices;
  readonly unpricedCalls: UnpricedCalls;
  readonly trail: Trail;
  readonly directory: Directory;
  readonly store: LedgerStore;
  readonly clock: { now(): number; set(iso: string): void };
  /** A project to copy. */
  readonly project: Project;
  /** Holds USD for a call that then is in flight. */
  readonly hold: (call: Subject & { readonly amount: string }) => Promise<Held>;
  /** Holds and settles a call. */
  readonly book: (call: Booking) => Promise<void>;
  /** What OpenAI says that it billed and counted; to be filled, or replaced by a failure. */
  readonly invoice: TestInvoice;
  /** Everything that was logged, a line of JSON each. */
  readonly logs: string[];
}

/** OpenAI's account, as the tests write it. */
interface TestInvoice {
  costs: BilledCost[] | InvoiceFailure;
  usage: BilledUsage[] | InvoiceFailure;
}

/** What a stage of the tests is made with. */
interface Options {
  /** Makes what every method of the directory and the store throws. */
  readonly fault?: () => Error;
  /** `false`: no admin key of OpenAI is configured. */
  readonly adminKey?: boolean;
}

interface Parts {
  readonly directory: Directory;
  readonly store: LedgerStore;
  readonly stagePrices: StagePrices;
  readonly unpricedCalls: UnpricedCalls;
  readonly trail: Trail;
}

/** Runs a suite on stages in memory, and on stages in DynamoDB. */
export function onEveryStore(name: string, suite: (open: () => Promise<AdminStage>) => void): void {
  describe(`${name} (memory)`, () => suite(() => openMemoryStage()));
  describe(`${name} (DynamoDB)`, () => {
    let table: TestTable;
    beforeAll(async () => {
      table = await startDynalite();
    });
    afterAll(() => table.close());
    suite(async () => {
      const tableName = await table.anotherTable();
      return openStage({
        directory: createDynamoDbDirectory(table.client, tableName),
        store: createDynamoDbLedgerStore(table.client, tableName),
        stagePrices: createDynamoDbStagePrices(table.client, tableName),
        unpricedCalls: createDynamoDbUnpricedCalls(table.client, tableName),
        trail: createDynamoDbTrail(table.client, tableName),
      });
    });
  });
}

/** A stage in memory. */
export async function openMemoryStage(options: Options = {}): Promise<AdminStage> {
  const { fault } = options;
  const parts = {
    directory: createMemoryDirectory(),
    store: createMemoryLedgerStore(),
    stagePrices: createMemoryStagePrices(),
    unpricedCalls: createMemoryUnpricedCalls(),
    trail: createMemoryTrail(),
  };
  if (fault === undefined) return openStage(parts, options);
  const faulty = { directory: broken(parts.directory, fault), store: broken(parts.store, fault) };
  return openStage({ ...parts, ...faulty }, options);
}

function broken<T extends object>(port: T, fault: () => Error): T {
  return new Proxy(port, {
    get: () => () => {
      throw fault();
    },
  });
}

function openStage(
  { directory, store, stagePrices, unpricedCalls, trail }: Parts,
  { adminKey = true }: Options = {},
): AdminStage {
  const invoice: TestInvoice = { costs: [], usage: [] };
  const logs: string[] = [];
  const clock = settableClock('2026-11-21T12:00:00.000Z');
  const ledger = createLedger({ store, directory, clock, leaseMs: LEASE_MS });
  const admin = createAdmin({
    directory,
    store,
    objects: createMemoryObjects(),
    limits: createLimits({ directory, store, clock }),
    audit: createAudit({ store, directory, clock }),
    prices: bundledPrices(),
    listPrices: bundledPrices(),
    endpoint: 'global',
    stagePrices,
    unpricedCalls,
    trail,
    invoice: adminKey ? asPort(invoice) : undefined,
    clock,
    log: {
      event: (level, event, fields) => void logs.push(JSON.stringify({ level, event, ...fields })),
      alarm: (alarm, fields) => void logs.push(JSON.stringify({ alarm, ...fields })),
    },
    userOfArn: (arn) => userOfArn(arn, ACCOUNT, SESSION_ROLES),
    sessionRoles: SESSION_ROLES,
  });
  let calls = 0;

  async function hold({ amount, ...subject }: Subject & { readonly amount: string }): Promise<Held> {
    calls += 1;
    const { limits } = await directory.rules(subject);
    const held = await ledger.hold({
      ...subject,
      id: callId(clock.now(), calls.toString(16).padStart(16, '0')),
      endpoint: 'chat.completions',
      requestedModel: subject.model,
      stream: false,
      amount: picodollars(amount),
      limits,
    });
    if (held.kind !== 'held') throw new Error(`not held: ${held.kind}`);
    return held;
  }

  async function book(booking: Booking): Promise<void> {
    const { user, project, model, cost, saved = '0', tally = {}, state = 'settled', flags = [] } = booking;
    const { call } = await hold({ user, project, model, amount: booking.held ?? cost });
    await ledger.settle(call, {
      state,
      cost: picodollars(cost),
      saved: picodollars(saved),
      tally: { calls: 1, ...tally },
      flags,
      servedModel: `${model}-2026-11-01`,
      serviceTier: 'default',
      status: 200,
      decidedAt: clock.now(),
    });
  }

  const project: Project = {
    name: 'demo',
    principals: [],
    models: [],
    onDisconnect: 'drain',
    cacheGeneration: 0,
    createdAt: clock.now(),
  };
  return {
    admin,
    stagePrices,
    unpricedCalls,
    trail,
    directory,
    store,
    clock,
    project,
    hold,
    book,
    invoice,
    logs,
  };
}

/** Tells, as OpenAI does, of the days alone that are asked for. */
function asPort(told: TestInvoice): Invoice {
  const within = <T extends { day: string }>(all: T[] | InvoiceFailure, from: string, to: string) =>
    Array.isArray(all) ? all.filter(({ day }) => from <= day && day <= to) : all;
  return {
    project: 'proj_demo',
    costs: async (from, to) => within(told.costs, from, to),
    usage: async (from, to) => within(told.usage, from, to),
  };
}

function settableClock(start: string) {
  let now = Date.parse(start);
  return {
    now: () => now,
    set(iso: string) {
      now = Date.parse(iso);
    },
  };
}

export function picodollars(usd: string): bigint {
  const amount = parseUsd(usd);
  if (amount === undefined) throw new Error(`not an amount: ${usd}`);
  return amount;
}
