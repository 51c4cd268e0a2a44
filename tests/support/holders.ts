import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Held, Refused } from '../../shared/core/ledger.ts';
import { forEach } from '../../shared/ledger/concurrent.ts';
import type { HolderReport, HoldOrder } from '../fixtures/holder.ts';

const SOURCE = fileURLToPath(new URL('../fixtures/holder.ts', import.meta.url));
/** What is bundled for Node as a module may still ask for `require`. */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** More at a time would only be in each other's way, and in that of other tests. */
const STARTING_TOGETHER = 4;

/** Processes, each with a ledger of its own, that take holds in the books of a stage. */
export interface Holders {
  /** Each process takes one hold. None of them goes out before all are about to. */
  race(orders: readonly HoldOrder[]): Promise<(Held | Refused)[]>;
  close(): Promise<void>;
}

/** Starts so many processes; as one bundled file each, since they are many. */
export async function startHolders(count: number): Promise<Holders> {
  const directory = await mkdtemp(join(tmpdir(), 'farebox-holders-'));
  const outfile = join(directory, 'holder.mjs');
  await build({
    entryPoints: [SOURCE],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: BANNER },
    logLevel: 'error',
  });
  const children: ChildProcess[] = [];
  await forEach(Array.from({ length: count }).keys(), STARTING_TOGETHER, async () => {
    const child = fork(outfile, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
      serialization: 'advanced',
    });
    children.push(child);
    await reportOf(child);
  });
  return {
    async race(orders) {
      const racers = orders.map((order, index) => {
        const child = children[index];
        if (child === undefined) throw new RangeError(`${orders.length} holds of ${count} processes`);
        return { child, order };
      });
      await Promise.all(
        racers.map(async ({ child, order }) => {
          const ready = reportOf(child);
          child.send(order);
          const report = await ready;
          if (report !== 'ready') throw new Error('a process did not come to its hold', { cause: report });
        }),
      );
      const results = racers.map(({ child }) => reportOf(child));
      for (const { child } of racers) child.send('go');
      return (await Promise.all(results)).map(resultIn);
    },
    async close() {
      const ended = children.map((child) => once(child, 'exit'));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(ended);
      await rm(directory, { recursive: true });
    },
  };
}

async function reportOf(child: ChildProcess): Promise<HolderReport> {
  const dead = once(child, 'exit').then(([code]) => {
    throw new Error(`a process that holds ended with ${code}`);
  });
  dead.catch(() => undefined);
  const [report] = (await Promise.race([once(child, 'message'), dead])) as [HolderReport];
  return report;
}

function resultIn(report: HolderReport): Held | Refused {
  if (typeof report === 'object' && 'kind' in report) return report;
  throw new Error('a process failed to hold', { cause: report });
}
