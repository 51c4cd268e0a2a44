import { readFileSync } from 'node:fs';
import process from 'node:process';
import { differences, explain, nameOf } from './compare.ts';
import { readBase } from './genai.ts';
import { DIFFERENCES } from './overlay/differences.ts';
import { OVERLAY } from './overlay.ts';
import { parseTable } from './schema.ts';
import { sdkModels } from './sdk-models.ts';

/*
 * Lists every difference between the table and the base, with the reason why ours stands. Fails when there is one
 * without a reason, or a reason for one that there is not, and when the openai package names a model that has neither
 * a price nor a refusal.
 */

const base = readBase();
const table = parseTable(JSON.parse(readFileSync(new URL('table.json', import.meta.url), 'utf8')));
const found = explain(differences(base, table, OVERLAY.leftOut), DIFFERENCES);

for (const { difference, reason } of found.explained) console.log(`= ${nameOf(difference)}. ${reason}`);
for (const difference of found.unexplained) console.log(`! ${nameOf(difference)}: no reason is given`);
for (const name of found.stale) console.log(`! ${name}: a reason is given, and there is no such difference`);
const known = new Set([...table.prices, ...table.refused].map(({ model }) => model));
const missing = [...new Set([...sdkModels().values()].flat())].filter((model) => !known.has(model));
for (const model of missing)
  console.log(`! ${model}: the openai package names it, and it has neither a price nor a refusal`);
console.log(
  `${found.explained.length} differences from ${base.name} explained, ${found.unexplained.length} not, ` +
    `${found.stale.length} reasons without a difference.`,
);
if (found.unexplained.length + found.stale.length + missing.length > 0) process.exitCode = 1;
