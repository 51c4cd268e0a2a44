import { readFileSync, writeFileSync } from 'node:fs';
import { readBase } from './genai.ts';
import { mergeTable } from './merge.ts';
import { OVERLAY } from './overlay.ts';
import { renderTable, summarize } from './report.ts';
import { tableSchema } from './schema.ts';

const file = new URL('table.json', import.meta.url);

const base = readBase();
const table = tableSchema.parse(mergeTable(base, OVERLAY));
const before = tableSchema.safeParse(readTable());
writeFileSync(file, renderTable(table));
console.log(summarize(before.success ? before.data : undefined, table, base, OVERLAY).join('\n'));

function readTable(): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
