import { type Command, InvalidArgumentError } from 'commander';
import type { JsonObject } from '../../admin.ts';
import { grouped, picodollars, thousandths } from '../amounts.ts';
import type { Context } from '../context.ts';
import { countOf, objectOf, objectsOf, textOf } from '../replies.ts';
import { bar, type Column, csv, table } from '../table.ts';
import { widthOf } from '../terminal.ts';
import { type Bind, type Range, type Scope, several, withRange, withScope } from './options.ts';

const GROUPS = ['project', 'user', 'model', 'day', 'month'];

interface UsageOptions extends Scope, Range {
  readonly by: readonly string[];
  readonly csv?: boolean;
}

/** `usage`. */
export function addUsage(program: Command, bind: Bind): void {
  const usage = program.command('usage').description('Show what finished calls used and cost');
  withRange(withScope(usage))
    .option('--by <groups>', `rows by any of ${GROUPS.join(', ')}`, groups, ['project'])
    .option('--csv', 'as CSV, with exact amounts, and every class of tokens')
    .action(bind(show));
}

function groups(text: string): string[] {
  const given = several(text);
  const wrong = given.filter((group) => !GROUPS.includes(group));
  if (wrong.length > 0 || given.length === 0)
    throw new InvalidArgumentError(`They are ${GROUPS.join(', ')}.`);
  return given;
}

async function show(context: Context, { by, csv: asCsv, ...filter }: UsageOptions): Promise<void> {
  const reply = await context.ask(
    { command: 'usage', ...filter, group_by: by },
    `summing up ${context.staging}`,
  );
  const rows = objectsOf(reply, 'rows');
  if (context.json) return context.print(JSON.stringify(reply, null, 2));
  if (asCsv) return void context.terminal.out.write(csv(exactColumns(by, rows), rows));
  const { paint, staging } = context;
  const when = `${textOf(reply, 'from')} to ${textOf(reply, 'to')}, UTC`;
  if (rows.length === 0) return context.print(`Nothing was used in ${staging}, ${when}.`);
  const total = objectOf(reply, 'total');
  const columns = [...groupColumns(by), ...countColumns(), ...amountColumns(rows)];
  const plain = table(columns, rows, paint, rows.length > 1 ? total : undefined);
  const barred = withBars(context, columns, rows, total, plain);
  context.print(paint('bold', `Usage of ${staging}`) + paint('dim', `  ${when}`), '', ...barred);
}

function groupColumns(by: readonly string[]): Column<JsonObject>[] {
  return by.map((group) => ({ head: group.toUpperCase(), value: (row) => textOf(row, group) }));
}

function countColumns(): Column<JsonObject>[] {
  const count = (head: string, value: (row: JsonObject) => number): Column<JsonObject> => ({
    head,
    kind: 'count',
    value: (row) => grouped(value(row)),
  });
  return [
    count('CALLS', (row) => countOf(row, 'calls')),
    count('HITS', (row) => countOf(row, 'hits')),
    count('INPUT', (row) => tokens(row, /(^|_)input$|^cache_write/)),
    count('OUTPUT', (row) => tokens(row, /(^|_)output$/)),
  ];
}

/** Only classes that add up: parts of the output are counted beside it, and seconds are no tokens. */
function tokens(row: JsonObject, names: RegExp): number {
  const classes = Object.entries(objectOf(row, 'tokens'));
  return classes.reduce((sum, [name, count]) => sum + (names.test(name) ? Number(count) : 0), 0);
}

function amountColumns(rows: readonly JsonObject[]): Column<JsonObject>[] {
  const amount = (head: string, name: string): Column<JsonObject> => ({
    head,
    kind: 'amount',
    value: (row) => textOf(row, name, '0'),
  });
  const saved = rows.some((row) => textOf(row, 'saved', '0') !== '0');
  return [...(saved ? [amount('SAVED', 'saved')] : []), amount('COST USD', 'cost')];
}

const LONGEST_BAR = 40;
const SHORTEST_BAR = 8;

/** Puts a bar behind each row, as long as its cost, where the terminal has room for it. */
function withBars(
  { paint, terminal }: Context,
  columns: readonly Column<JsonObject>[],
  rows: readonly JsonObject[],
  total: JsonObject,
  plain: readonly string[],
): string[] {
  const uncoloured = table(columns, rows, (_, text) => text, total);
  const before = Math.max(...uncoloured.map((line) => line.length)) + 2;
  const room = Math.min(LONGEST_BAR, widthOf(terminal.out) - before);
  if (rows.length < 2 || room < SHORTEST_BAR) return [...plain];
  const costs = rows.map((row) => picodollars(textOf(row, 'cost', '0')));
  let most = 0n;
  for (const cost of costs) if (cost > most) most = cost;
  return plain.map((line, index) => {
    const cost = costs[index - 1];
    if (index === plain.length - 1) return paint('bold', line);
    if (index === 0 || cost === undefined || most === 0n) return line;
    const width = uncoloured[index]?.length ?? 0;
    return `${line}${' '.repeat(before - width)}${paint('cyan', bar(thousandths(cost, most), room).trimEnd())}`;
  });
}

/** Every class of tokens and tools that a row has. */
function exactColumns(by: readonly string[], rows: readonly JsonObject[]): Column<JsonObject>[] {
  const classes = (kind: string) => [...new Set(rows.flatMap((row) => Object.keys(objectOf(row, kind))))];
  const of = (kind: string): Column<JsonObject>[] =>
    classes(kind).map((name) => ({
      head: `${kind}_${name}`,
      value: (row) => String(countOf(objectOf(row, kind), name)),
    }));
  const plain = (head: string): Column<JsonObject> => ({ head, value: (row) => textOf(row, head) });
  return [
    ...by.map(plain),
    ...['calls', 'hits'].map(plain),
    ...of('tokens'),
    ...of('tools'),
    plain('saved'),
    plain('cost'),
  ];
}
