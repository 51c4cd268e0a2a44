import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoDbClient } from '../../shared/aws/dynamodb-client.ts';
import { createDynamoDbDirectory } from '../../shared/aws/dynamodb-directory.ts';
import { createDynamoDbLedgerStore } from '../../shared/aws/dynamodb-ledger-store.ts';
import type { CallEntry } from '../../shared/core/ledger.ts';
import { daysBetween, PERIODS } from '../../shared/core/period.ts';
import { createLedger } from '../../shared/ledger/create-ledger.ts';
import type { AuditReport, Ledger, Limits } from '../../shared/ledger/ledger.ts';
import { createLimits } from '../../shared/ledger/limits.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Directory } from '../../shared/ports/directory.ts';
import type { LedgerStore } from '../../shared/ports/ledger-store.ts';
import { startDynalite } from './dynalite.ts';
import { type FaultProxy, type FaultScript, startFaultProxy } from './fault-proxy.ts';
import { createWorld, LEASE, type LedgerWorld } from './ledger-world.ts';

const PATIENT_MS = 60_000;

/** A stage on a table of its own. Its `world` sees the books as they are; a function sees them through the faults. */
export interface SpoiledStage {
  readonly world: LedgerWorld;
  readonly table: string;
  readonly store: LedgerStore;
  readonly directory: Directory;
  /** Spoils this stage's requests, and nobody else's; without a script nothing is spoiled. */
  spoil(script?: FaultScript): void;
  /** What hangs goes on its way, and arrives before this ends. */
  deliver(): Promise<void>;
  /** The ledger of one more function; its clock may be wrong. */
  ledger(clock?: Clock): Ledger;
  /** An admin's way to the limits. */
  limits(): Limits;
  /** Nothing is spoiled any more, every lease ends, and the sweep runs, and runs again, deep, twice at once. */
  settleDown(): Promise<void>;
  /** The audit of all periods from this instant, or today, until now. */
  audit(from?: number): Promise<AuditReport>;
  /** The accounts that still hold money for a call. */
  holding(): Promise<string[]>;
  entries(): Promise<CallEntry[]>;
}

export interface FaultStages {
  readonly proxy: FaultProxy;
  open(): Promise<SpoiledStage>;
  close(): Promise<void>;
}

/** Starts a DynamoDB with the fault proxy in front of it. Its functions are patient: only a script makes a fault. */
export async function startFaultStages(): Promise<FaultStages> {
  const table = await startDynalite();
  const proxy = await startFaultProxy(table.endpoint);
  const clients: DynamoDBClient[] = [];
  const scripts = new Map<string | undefined, FaultScript>();
  proxy.script({
    before: (operation) => scripts.get(operation.table)?.before?.(operation),
    after: (operation, status) => scripts.get(operation.table)?.after?.(operation, status),
  });
  return {
    proxy,
    async open() {
      const name = await table.anotherTable();
      const plain = createDynamoDbLedgerStore(table.client, name);
      const world = await createWorld(plain, createDynamoDbDirectory(table.client, name));
      // A function has a client of its own, as it would have a process.
      const connect = () => {
        const client = clientOf(proxy.endpoint, PATIENT_MS);
        clients.push(client);
        return {
          store: createDynamoDbLedgerStore(client, name),
          directory: createDynamoDbDirectory(client, name),
        };
      };
      const spoil = (script: FaultScript = {}) => void scripts.set(name, script);
      const deliver = async () => {
        proxy.release(name);
        await proxy.idle(name);
      };
      return {
        world,
        table: name,
        ...connect(),
        spoil,
        ledger: (clock = world.clock) => createLedger({ ...connect(), clock, leaseMs: LEASE }),
        limits: () => createLimits({ ...connect(), clock: world.clock }),
        deliver,
        settleDown: async () => {
          spoil();
          await deliver();
          await settleDown(world);
        },
        audit: (from = world.clock.now()) => auditOf(world, from),
        holding: () => holdingIn(world),
        entries: world.entries,
      };
    },
    async close() {
      for (const client of clients) client.destroy();
      await proxy.close();
      await table.close();
    },
  };
}

/**
 * The product's own client.
 *
 * @param deadlineMs as in production where absent
 */
export function clientOf(endpoint: string, deadlineMs?: number): DynamoDBClient {
  return createDynamoDbClient({
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    deadlineMs,
  });
}

async function settleDown({ clock, ledger }: LedgerWorld): Promise<void> {
  clock.pass(LEASE + 1);
  await ledger.sweep({ deep: false });
  clock.pass(LEASE + 1);
  await Promise.all([ledger.sweep({ deep: true }), ledger.sweep({ deep: true })]);
}

function auditOf({ audit, clock }: LedgerWorld, from: number): Promise<AuditReport> {
  return audit.run(
    daysBetween(from, clock.now()).flatMap((day) =>
      PERIODS.map((period) => ({ period, at: Date.parse(day) })),
    ),
  );
}

async function holdingIn({ store, entries }: LedgerWorld): Promise<string[]> {
  const named = (await entries()).flatMap(({ accounts }) => accounts);
  const ids = new Map(named.map((id) => [JSON.stringify(id), id]));
  const holding: string[] = [];
  for (const [name, id] of ids) if ((await store.getAccount(id))?.holds.size) holding.push(name);
  return holding;
}
