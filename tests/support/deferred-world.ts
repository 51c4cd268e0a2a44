import { setTimeout as sleep } from 'node:timers/promises';
import type OpenAI from 'openai';
import { toFile } from 'openai';
import type { Simulator } from '../../local/simulator/server.ts';
import { createDynamoDbLedgerStore } from '../../shared/aws/dynamodb-ledger-store.ts';
import { createDynamoDbObjects } from '../../shared/aws/dynamodb-objects.ts';
import type { CallEntry } from '../../shared/core/ledger.ts';
import { startDynalite } from './dynalite.ts';
import { startSimulatedStage } from './simulated-stage.ts';
import { inProcess } from './targets.ts';
import { recentEntries, sdk, type World } from './world.ts';

/** How long a job takes in the simulator, by a clock that only the tests move. */
const JOB_MS = 60_000;

/** A stage on DynamoDB in front of the simulator, for what is billed later. */
export interface DeferredWorld extends World {
  readonly simulator: Simulator;
  /** Lets a part of the time pass that a job takes; all of it, and all jobs have ended. */
  readonly pass: (part: number) => void;
  /** The SDK, and a project of its own with so many USD. */
  readonly caller: (usd?: string) => Promise<{ client: OpenAI; project: string }>;
  /** All entries of one endpoint in a project, however far they are. */
  readonly found: (project: string, endpoint: string) => Promise<CallEntry[]>;
}

export async function deferredWorld(): Promise<DeferredWorld> {
  let now = Date.now();
  const table = await startDynalite();
  const clock = { now: () => Date.now() };
  const { simulator, world, close } = await startSimulatedStage(
    { chunkDelayMs: 5, jobMs: JOB_MS, nowMs: () => now },
    {
      store: createDynamoDbLedgerStore(table.client, table.tableName),
      objects: createDynamoDbObjects(table.client, table.tableName, { clock, retentionDays: 400 }),
    },
  );
  return {
    ...world,
    simulator,
    pass(part) {
      now += part * JOB_MS;
    },
    async caller(usd = '50') {
      const project = await world.project(usd);
      return { client: sdk(inProcess(world), project), project };
    },
    async found(project, endpoint) {
      const entries = await recentEntries(world.store, project);
      return entries.filter((entry) => entry.endpoint === endpoint);
    },
    async close() {
      await close();
      await table.close();
    },
  };
}

/** Asks again until something is so. */
export async function until<T>(ask: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; attempt < 2_500; attempt += 1) {
    const value = await ask();
    if (isSo(value)) return value;
    await sleep(100);
  }
  throw new Error('it never came to be so');
}

/** Uploads the requests of a batch, and returns the file's id. */
export async function uploadRequests(
  client: OpenAI,
  requests: readonly object[],
  url: string,
): Promise<string> {
  const lines = requests.map((body, n) => JSON.stringify({ custom_id: `r-${n}`, method: 'POST', url, body }));
  return uploadText(client, `${lines.join('\n')}\n`);
}

export async function uploadText(client: OpenAI, text: string): Promise<string> {
  const file = await toFile(new TextEncoder().encode(text), 'requests.jsonl');
  return (await client.files.create({ purpose: 'batch', file })).id;
}
