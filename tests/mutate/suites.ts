import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import * as z from 'zod';

/** What a run of test files came to. */
export type Run =
  | { readonly kind: 'passed' }
  /** The first test that failed, by its full name. */
  | { readonly kind: 'failed'; readonly test: string }
  /** Something failed that is no test. */
  | { readonly kind: 'broken'; readonly why: string }
  /** No test was run. */
  | { readonly kind: 'empty' };

export interface SuiteRun {
  /** The repository, or a copy of it. */
  readonly root: string;
  readonly suites: readonly string[];
  /** Only the tests whose full name matches. */
  readonly only?: string | undefined;
  /** A file that may be written, and is removed. */
  readonly report: string;
  /** How many test files run at once. */
  readonly width: number;
  /** The run is broken off after so many milliseconds. */
  readonly timeoutMs: number;
  /** A test fails after so many milliseconds; absent: as configured, which is long enough for any machine. */
  readonly testMs?: number;
}

/** As vitest's JSON reporter writes it. */
const REPORT = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/** The runs of vitest that are under way. */
const running = new Set<ChildProcess>();

/** Runs test files with vitest, up to the first test that fails. */
export async function runSuites(run: SuiteRun): Promise<Run> {
  const { root, suites, only, report, width, timeoutMs, testMs } = run;
  const child = spawn(
    process.execPath,
    [
      join('node_modules', 'vitest', 'vitest.mjs'),
      ...['run', '--bail=1', `--maxWorkers=${width}`, '--reporter=json', `--outputFile=${report}`],
      ...(only === undefined ? [] : ['--testNamePattern', only]),
      ...(testMs === undefined ? [] : [`--testTimeout=${testMs}`]),
      ...suites,
    ],
    // A group of its own, so that what the tests started ends with them.
    { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], detached: true, env: environment() },
  );
  running.add(child);
  let errors = '';
  child.stderr.on('data', (text: Buffer) => {
    errors = `${errors}${text}`.slice(-2_000);
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end(child);
  }, timeoutMs);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  running.delete(child);
  const text = await readFile(report, 'utf8').catch(() => undefined);
  await rm(report, { force: true });
  if (isLate) return { kind: 'broken', why: `it did not end within ${Math.round(timeoutMs / 1_000)} s` };
  return text === undefined ? { kind: 'broken', why: lastLine(errors) } : runOf(text, code === 0);
}

/** Ends all runs that are under way, with everything that they started. */
export function endRuns(): void {
  for (const child of running) end(child);
}

function end({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** @param text of vitest's report */
function runOf(text: string, isGreen: boolean): Run {
  const { testResults } = REPORT.parse(JSON.parse(text));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.find(({ status }) => status === 'failed');
  if (failed !== undefined) return { kind: 'failed', test: failed.fullName.trim() };
  const broken = testResults.find(({ status }) => status === 'failed');
  if (broken !== undefined || !isGreen)
    return { kind: 'broken', why: lastLine(broken?.message ?? '') || 'vitest failed' };
  return tests.some(({ status }) => status === 'passed') ? { kind: 'passed' } : { kind: 'empty' };
}

function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.findLast((line) => line !== '') ?? '';
}

/** Vitest would take itself for a part of the run that started it. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
}
