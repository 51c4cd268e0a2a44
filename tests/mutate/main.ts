import { availableParallelism, constants } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { named, pick } from './fault.ts';
import { AREAS } from './faults/index.ts';
import { mutate } from './mutate.ts';
import { lineOf, summaryOf } from './report.ts';
import { endRuns } from './suites.ts';
import { removeWorkspaces, staleFaults } from './workspace.ts';

/* `npm run mutate`: puts deliberate faults into a copy of the code, and fails where no test notices one. */

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const TIMEOUT_MS = 10 * 60_000;
const USAGE = `Usage: npm run mutate -- [--workers N] [--list | --check] [area or area/fault ...]
--list says what there is; --check says which edits no longer fit the code, and runs no test.
Areas: ${Object.keys(AREAS).join(', ')}`;

function usage(problem: string): never {
  console.error(`${problem}\n${USAGE}`);
  process.exit(2);
}

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        workers: { type: 'string', default: String(availableParallelism()) },
        list: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = options();
const workers = Number(values.workers);
if (!Number.isSafeInteger(workers) || workers < 1) usage('--workers must be a whole number from 1.');
const faults = pick(named(AREAS), positionals);
if ('unknown' in faults) usage(`There is no such area or fault: ${faults.unknown.join(', ')}.`);
if (values.list) {
  for (const { id, sentence } of faults) console.log(`${id}: ${sentence}`);
  process.exit(0);
}

if (values.check) {
  const stale = await staleFaults(REPOSITORY, faults);
  for (const { id, why } of stale) console.log(`stale  ${id}: ${why}`);
  console.log(`${faults.length} faults, ${stale.length} of them stale.`);
  process.exit(stale.length === 0 ? 0 : 1);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    endRuns();
    removeWorkspaces();
    process.exit(128 + constants.signals[signal]);
  });

console.log(`${faults.length} faults on ${workers} workers. The suites come first, as they are.`);
const result = await mutate({
  repository: REPOSITORY,
  faults,
  workers,
  timeoutMs: TIMEOUT_MS,
  onTried: (tried) => console.log(lineOf(tried)),
});
if (result.kind === 'red') {
  console.error(`The suites are not green as they are, so nothing was tried: ${JSON.stringify(result.run)}`);
  process.exit(1);
}
console.log(`\n${summaryOf(result.all)}`);
process.exit(result.all.every(({ verdict }) => verdict.kind === 'caught') ? 0 : 1);
