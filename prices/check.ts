import { readFileSync } from 'node:fs';
import process from 'node:process';
import { differences, explain, nameOf } from './compare.ts';
import { readBase } from './genai.ts';
import { DIFFERENCES } from './overlay/differences.ts';
import { OVERLAY } from './overlay.ts';
import { parseTable } from './schema.ts';

/*
 * Lists every difference between the table and the base, with the reason why ours stands. Fails when there is one
 * without a reason, or a reason for one that there is not.
 */

const base = readBase();
const table = parseTable(JSON.parse(readFileSync(new URL('table.json', import.meta.url), 'utf8')));
const found = explain(differences(base, table, OVERLAY.leftOut), DIFFERENCES);

for (const { difference, reason } of found.explained) console.log(`= ${nameOf(difference)}. ${reason}`);
for (const difference of found.unexplained) console.log(`! ${nameOf(difference)}: no reason is given`);
for (const name of found.stale) console.log(`! ${name}: a reason is given, and there is no such difference`);
console.log(
  `${found.explained.length} differences from ${base.name} explained, ${found.unexplained.length} not, ` +
    `${found.stale.length} reasons without a difference.`,
);
if (found.unexplained.length + found.stale.length > 0) process.exitCode = 1;
