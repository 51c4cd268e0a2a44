import type { Command } from 'commander';
import type { JsonObject } from '../../admin.ts';
import { type Context, Exit } from '../context.ts';
import { countOf, objectOf, objectsOf, textOf } from '../replies.ts';
import { type Column, csv, table } from '../table.ts';
import { type Bind, type Range, withRange } from './options.ts';

/** What was found is not as it should be. */
const DIFFERS = 1;

interface AuditOptions extends Range {
  readonly project?: string;
  readonly total?: boolean;
}

interface ReconcileOptions extends Range {
  readonly toleranceUsd?: string;
  readonly tolerancePercent?: string;
  readonly explain?: boolean;
  readonly csv?: boolean;
}

/** `audit` and `reconcile`: the books against their entries, and against OpenAI's account. */
export function addBooks(program: Command, bind: Bind): void {
  const audit = program
    .command('audit')
    .description('Compare every counter with the sum of its entries; exit code 1 when one differs');
  withRange(audit)
    .option('--project <name>', 'of this project')
    .option('--total', 'also the limits that never start again')
    .action(bind(runAudit));
  const reconcile = program
    .command('reconcile')
    .description(
      "Compare the books with OpenAI's own account, yesterday unless days are named; exit code 1 out of tolerance",
    );
  withRange(reconcile)
    .option('--tolerance-usd <usd>', 'a day may differ by as much')
    .option('--tolerance-percent <percent>', 'or by as much of what was billed')
    .option('--explain', 'also how much of the booked sums is flagged')
    .option('--csv', 'as CSV, with exact amounts')
    .action(bind(runReconcile));
}

async function runAudit(context: Context, options: AuditOptions): Promise<void> {
  const reply = await context.ask({ command: 'audit', ...options }, `auditing ${context.staging}`);
  const differences = objectsOf(reply, 'differences');
  const more = countOf(reply, 'more_differences');
  if (context.json) context.print(JSON.stringify(reply, null, 2));
  else {
    const { paint } = context;
    const when = `${textOf(reply, 'from')} to ${textOf(reply, 'to')}`;
    const looked = `${countOf(reply, 'accounts')} accounts, ${countOf(reply, 'entries')} entries, ${when}`;
    if (differences.length === 0)
      context.print(`${paint('green', 'No differences.')} ${paint('dim', looked)}`);
    else {
      const found = `${differences.length + more} differences.`;
      context.print(`${paint('red', found)} ${paint('dim', looked)}`, '');
      context.print(...table(DIFFERENCE, differences, paint));
    }
    const moving = countOf(reply, 'moving');
    if (moving > 0)
      context.print(paint('dim', `${moving} accounts moved meanwhile: their bounds were compared.`));
  }
  if (differences.length > 0) throw new Exit(DIFFERS);
}

const DIFFERENCE: readonly Column<JsonObject>[] = [
  { head: 'ACCOUNT', value: (row) => accountOf(objectOf(row, 'account')) },
  { head: 'FIELD', value: (row) => textOf(row, 'field') },
  { head: 'COUNTER', kind: 'count', value: (row) => textOf(row, 'counter') },
  { head: 'ENTRIES', kind: 'count', value: (row) => textOf(row, 'entries') },
];

function accountOf(account: JsonObject): string {
  const parts = ['kind', 'project', 'user', 'model', 'period_key', 'day'];
  return parts
    .map((part) => textOf(account, part))
    .filter((text) => text !== '')
    .join(' ');
}

async function runReconcile(context: Context, options: ReconcileOptions): Promise<void> {
  const { toleranceUsd, tolerancePercent, explain, csv: asCsv, ...range } = options;
  const reply = await context.ask(
    {
      command: 'reconcile',
      ...range,
      explain,
      tolerance_usd: toleranceUsd,
      tolerance_percent: tolerancePercent,
    },
    `asking OpenAI what ${context.staging} cost`,
  );
  const days = objectsOf(reply, 'days');
  const rows = objectsOf(reply, 'rows');
  if (context.json) context.print(JSON.stringify(reply, null, 2));
  else if (asCsv) context.terminal.out.write(csv([...ITEM, ...COMPARED], rows));
  else showComparison(context, reply, days, rows);
  if (days.some((day) => day['within_tolerance'] === false)) throw new Exit(DIFFERS);
}

function showComparison(
  context: Context,
  reply: JsonObject,
  days: readonly JsonObject[],
  rows: readonly JsonObject[],
): void {
  const { paint } = context;
  const when = `${textOf(reply, 'from')} to ${textOf(reply, 'to')}, UTC`;
  context.print(paint('bold', `${context.staging} against OpenAI`) + paint('dim', `  ${when}`), '');
  const verdict: Column<JsonObject> = {
    head: '',
    value: (day) => (day['within_tolerance'] === true ? 'within tolerance' : 'out of tolerance'),
    style: (shown, day) => paint(day['within_tolerance'] === true ? 'green' : 'red', shown),
  };
  const day: Column<JsonObject> = { head: 'DAY', value: (row) => textOf(row, 'day') };
  context.print(...table([day, ...COMPARED, verdict], days, paint));
  if (rows.length > 0) context.print('', ...table([...ITEM, ...COMPARED], rows, paint));
  const failure = textOf(reply, 'usage_error');
  if (failure !== '') context.print('', paint('dim', `OpenAI did not tell the usage: ${failure}`));
}

const ITEM: readonly Column<JsonObject>[] = [
  { head: 'DAY', value: (row) => textOf(row, 'day') },
  { head: 'ITEM', value: itemOf },
];

/** A row is of a model, of a tool, or of a line of OpenAI's invoice: the member after its day. */
function itemOf(row: JsonObject): string {
  const kind = Object.keys(row).find((name) => name !== 'day' && !AMOUNTS.has(name));
  return kind === undefined ? '' : textOf(row, kind);
}

const AMOUNTS = new Set(['booked', 'billed', 'difference', 'percent', 'units', 'flagged']);

const COMPARED: readonly Column<JsonObject>[] = [
  { head: 'BOOKED', kind: 'amount', value: (row) => textOf(row, 'booked', '0') },
  { head: 'BILLED', kind: 'amount', value: (row) => textOf(row, 'billed', '0') },
  { head: 'DIFFERENCE', kind: 'amount', value: (row) => textOf(row, 'difference', '0') },
  { head: 'PERCENT', kind: 'count', value: (row) => textOf(row, 'percent', '–') },
];
