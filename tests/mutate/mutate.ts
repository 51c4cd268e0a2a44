import { join } from 'node:path';
import type { NamedFault, Verdict } from './fault.ts';
import { type Run, runSuites } from './suites.ts';
import { makeWorkspaces, type Workspace } from './workspace.ts';

export interface Tried {
  readonly fault: NamedFault;
  readonly verdict: Verdict;
  readonly seconds: number;
}

export interface MutateOptions {
  readonly repository: string;
  readonly faults: readonly NamedFault[];
  /** So many faults are tried at the same time. */
  readonly workers: number;
  /** One run of suites may take so long, in milliseconds. */
  readonly timeoutMs: number;
  /** Told of each fault in the order of the list, as soon as it and those before it were tried. */
  readonly onTried?: (tried: Tried) => void;
}

/** With a fault, what a test waits for may never be: these tests pass within seconds without one. */
const TEST_MS = 120_000;

export type Mutated =
  /** The suites fail as they are: no verdict means anything. */
  | { readonly kind: 'red'; readonly run: Exclude<Run, { kind: 'passed' }> }
  | { readonly kind: 'tried'; readonly all: readonly Tried[] };

/** Tries each fault on a copy of the repository: do the nearest tests notice it? */
export async function mutate(options: MutateOptions): Promise<Mutated> {
  const { repository, faults, workers, timeoutMs } = options;
  const workspaces = await makeWorkspaces(repository, Math.min(workers, faults.length));
  try {
    const [first] = workspaces.all;
    if (first === undefined) return { kind: 'tried', all: [] };
    const report = (name: string) => join(workspaces.scratch, `${name}.json`);
    for (const { suites, only } of suitesOf(faults)) {
      const clean = await runSuites({
        root: first.root,
        suites,
        only,
        report: report('clean'),
        width: workers,
        timeoutMs: timeoutMs * suites.length,
      });
      if (clean.kind !== 'passed') return { kind: 'red', run: clean };
    }
    const all = await inOrder(faults, workspaces.all, options, async (fault, workspace) => {
      const began = performance.now();
      const result = await workspace.with(fault, () =>
        runSuites({
          root: workspace.root,
          suites: fault.suites,
          only: fault.only,
          report: report(fault.id.replaceAll('/', '-')),
          width: 1,
          timeoutMs,
          testMs: TEST_MS,
        }),
      );
      return { fault, verdict: verdictOf(result), seconds: (performance.now() - began) / 1_000 };
    });
    return { kind: 'tried', all };
  } finally {
    workspaces.remove();
  }
}

/** What all these faults run: some suites as a whole, and of others the tests that any of them runs. */
function suitesOf(faults: readonly NamedFault[]): Pick<NamedFault, 'suites' | 'only'>[] {
  const whole = new Set(faults.flatMap(({ suites, only }) => (only === undefined ? suites : [])));
  const narrowed = faults.filter(({ only }) => only !== undefined);
  const inPart = new Set(narrowed.flatMap(({ suites }) => suites.filter((suite) => !whole.has(suite))));
  const only = narrowed.map((fault) => `(${fault.only})`).join('|');
  return [{ suites: [...whole] }, { suites: [...inPart], only }].filter(({ suites }) => suites.length > 0);
}

function verdictOf(result: Run | { readonly why: string }): Verdict {
  if (!('kind' in result)) return { kind: 'stale', why: result.why };
  switch (result.kind) {
    case 'failed':
      return { kind: 'caught', by: result.test };
    case 'passed':
      return { kind: 'survived' };
    case 'broken':
      return { kind: 'unnamed', why: result.why };
    case 'empty':
      return { kind: 'stale', why: 'its suites have no such test' };
  }
}

/** Shares the faults out among the workspaces, and tells of them in their order. */
async function inOrder(
  faults: readonly NamedFault[],
  workspaces: readonly Workspace[],
  { onTried }: MutateOptions,
  attempt: (fault: NamedFault, workspace: Workspace) => Promise<Tried>,
): Promise<Tried[]> {
  const tried: (Tried | undefined)[] = [];
  const waiting = faults.entries();
  let told = 0;
  await Promise.all(
    workspaces.map(async (workspace) => {
      for (const [index, fault] of waiting) {
        tried[index] = await attempt(fault, workspace);
        for (let next = tried[told]; next !== undefined; next = tried[told]) {
          onTried?.(next);
          told += 1;
        }
      }
    }),
  );
  return tried.filter((each) => each !== undefined);
}
