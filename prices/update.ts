import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readBase } from './genai.ts';
import { mergeTable } from './merge.ts';
import { OVERLAY } from './overlay.ts';
import { renderTable, summarize } from './report.ts';
import { parseTable, type Table } from './schema.ts';

const file = new URL('table.json', import.meta.url);

const base = readBase();
const after = parseTable(mergeTable(base, OVERLAY));
const before = existsSync(file) ? readTable() : undefined;
writeFileSync(file, renderTable(after));
console.log(summarize(before, after, base, OVERLAY).join('\n'));

/** The table as it stood; `undefined` where it cannot be read, as nothing depends on it but the summary. */
function readTable(): Table | undefined {
  try {
    return parseTable(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
