import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runBaseline } from './baseline.ts';
import { runConcurrency } from './concurrency.ts';
import { runCrashes } from './crashes.ts';
import { documentOf, tableOf } from './report.ts';
import { faultsOfConcurrency, faultsOfCrashes } from './verdict.ts';

/* `npm run prove`: runs all of the proof, prints its table and writes it to docs/proof.md. */

const DOCUMENT = fileURLToPath(new URL('../../docs/proof.md', import.meta.url));
const RUNS = 3;
const SHARDS = 4;
const LOAD = { processes: 4, gathered: 200, crowd: 48, crowdCalls: 240 };
const CRASHES = { processes: 4, callers: 6, sweepKills: 28 };

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '300' },
    date: { type: 'string' },
  },
});
const seed = Number(values.seed);
const kills = Number(values.kills);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(kills) || kills < 1) {
  console.error('Usage: npm run prove -- [--seed N] [--kills N] [--date YYYY-MM-DD]');
  process.exit(2);
}

console.log(`seed ${seed}`);
const faults: string[] = [];
const note = (what: string, found: readonly string[]) => {
  console.log(`${what}: ${found.length === 0 ? 'as promised' : `NOT as promised:\n- ${found.join('\n- ')}`}`);
  faults.push(...found.map((fault) => `${what}: ${fault}`));
};

const concurrency = [];
const inShards = [];
const baseline = [];
for (let run = 0; run < RUNS; run += 1) {
  const options = { ...LOAD, seed: seed + run };
  const result = await runConcurrency(options);
  note(`concurrency, run ${run + 1}`, faultsOfConcurrency(result, LOAD.gathered));
  concurrency.push(result);
  baseline.push(await runBaseline(options));
  const spread = await runConcurrency({ ...options, shards: SHARDS });
  note(`concurrency in shards, run ${run + 1}`, faultsOfConcurrency(spread, LOAD.gathered));
  inShards.push(spread);
}
const crashes = await runCrashes({ ...CRASHES, seed, kills });
note('crashes', faultsOfCrashes(crashes, kills));
const spreadKills = Math.ceil(kills / 3);
const spreadCrashes = await runCrashes({ ...CRASHES, seed: seed + 1, kills: spreadKills, shards: SHARDS });
note('crashes in shards', faultsOfCrashes(spreadCrashes, spreadKills, crashes.kills));

const findings = {
  seed,
  date: values.date,
  gathered: LOAD.gathered,
  concurrency,
  baseline,
  crashes,
  sharded: { shards: SHARDS, concurrency: inShards, crashes: spreadCrashes },
};
console.log(`\n${tableOf(findings)}`);
if (faults.length > 0) {
  console.error(`\n${faults.length} things are not as promised; ${DOCUMENT} is left as it was.`);
  process.exit(1);
}
writeFileSync(DOCUMENT, documentOf(findings));
process.exit(0);
