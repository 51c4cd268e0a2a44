import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { JsonObject } from '../../admin.ts';
import { FareboxError } from '../../errors.ts';
import { grouped } from '../amounts.ts';
import type { Context } from '../context.ts';
import { countOf, listOf, objectOf, objectsOf, textOf } from '../replies.ts';
import { type Column, csv, table } from '../table.ts';
import { type Bind, wholeNumber } from './options.ts';

interface CallsOptions {
  readonly day?: string;
  readonly limit: number;
  readonly includeVoid?: boolean;
  readonly follow?: boolean;
  readonly csv?: boolean;
}

interface CorrectOptions {
  readonly reason: string;
  readonly by?: string;
}

const POLL_MS = 2000;
/** As many as one reply holds. */
const MOST = 1000;

/** `calls list`, which is also `calls`; `calls correct`. */
export function addCalls(program: Command, bind: Bind): void {
  // Options of their own for each: those of a parent would swallow its subcommands'.
  const calls = program
    .command('calls')
    .description('Show the latest calls of a project, and correct what one is booked at');
  calls
    .command('list', { isDefault: true })
    .argument('<project>')
    .description('Show the latest calls of a project, the newest last')
    .option('--day <YYYY-MM-DD>', 'of this UTC day; of the last 31 days when left out')
    .option('--limit <n>', 'as many', wholeNumber, 20)
    .option('--include-void', 'also those that came to nothing')
    .option('--follow', 'and go on with those that come, as they end')
    .option('--csv', 'as CSV, with exact amounts')
    .action(bind(show));
  calls
    .command('correct')
    .argument('<project>')
    .argument('<call>', 'its id, such as call_01a1fdfa46000000000000000001')
    .argument('<usd>', 'what it cost, up to what it held')
    .description('Book a call at another cost, once; limits and usage follow')
    .requiredOption('--reason <text>', 'why, for the trail and for who looks at the call')
    .option('--by <name>', 'who asks for it')
    .action(bind(correct));
}

async function correct(
  context: Context,
  { reason, by }: CorrectOptions,
  project: string,
  call: string,
  cost: string,
): Promise<void> {
  const reply = await context.ask({ command: 'correct-call', project, call, cost, reason, by });
  if (context.json) return context.print(JSON.stringify(reply, null, 2));
  const before = textOf(objectOf(reply, 'correction'), 'booked');
  context.print(`${textOf(reply, 'id')} is booked at ${textOf(reply, 'cost')} USD; it was ${before}.`);
}

async function show(context: Context, options: CallsOptions, project = ''): Promise<void> {
  const { day, limit, includeVoid, csv: asCsv } = options;
  const payload = { command: 'calls', project, day, include_void: includeVoid };
  const reply = await context.ask({ ...payload, limit });
  const calls = objectsOf(reply, 'calls').reverse();
  const columns = columnsFor(context);
  if (options.follow) {
    const ended = calls.filter(({ state }) => state !== 'open');
    print(context, columns, ended);
    return follow(context, payload, columns, new Set(ended.map((call) => textOf(call, 'id'))));
  }
  if (context.json) return context.print(JSON.stringify(reply, null, 2));
  if (asCsv) return void context.terminal.out.write(csv(EXACT, calls));
  if (calls.length === 0)
    return context.print(`No calls of ${project}${day === undefined ? '' : ` on ${day}`}.`);
  print(context, columns, calls);
}

/** Prints each call once, when it has ended. Ends when it is told to. */
async function follow(
  context: Context,
  payload: { readonly command: string; readonly project: string },
  columns: readonly Column<JsonObject>[],
  known: Set<string>,
): Promise<void> {
  const widths = columns.map(({ head }) => head.length);
  while (!context.signal.aborted) {
    await sleep(POLL_MS, undefined, { signal: context.signal });
    const latest = await context.admin.run({ ...payload, limit: MOST }, context.signal).catch(missed);
    const fresh = objectsOf(latest, 'calls').filter(
      (call) => call['state'] !== 'open' && !known.has(textOf(call, 'id')),
    );
    for (const call of fresh.reverse()) {
      known.add(textOf(call, 'id'));
      if (context.json) context.print(JSON.stringify(call));
      else context.print(lineOf(columns, call, widths));
    }
  }
}

/** A stage that cannot be reached for a while, or a machine that slept, is no reason to stop: the next look tells. */
function missed(error: unknown): JsonObject {
  if (error instanceof FareboxError && error.kind === 'unreachable') return {};
  throw error;
}

function print(context: Context, columns: readonly Column<JsonObject>[], calls: readonly JsonObject[]): void {
  if (context.json) for (const call of calls) context.print(JSON.stringify(call));
  else context.print(...table(columns, calls, context.paint));
}

/** One call below a head that was printed before; a column that turns out wider stays so. */
function lineOf(columns: readonly Column<JsonObject>[], call: JsonObject, widths: number[]): string {
  return columns
    .map(({ value, kind, style }, index) => {
      const text = value(call);
      const width = Math.max(widths[index] ?? 0, text.length);
      widths[index] = width;
      const cell = kind === 'count' ? text.padStart(width) : text.padEnd(width);
      return style === undefined ? cell : style(cell, call);
    })
    .join('  ')
    .trimEnd();
}

function columnsFor({ paint }: Context): Column<JsonObject>[] {
  const tokens = (head: string, name: string): Column<JsonObject> => ({
    head,
    kind: 'count',
    value: (call) => grouped(countOf(objectOf(call, 'tokens'), name)).padStart(6),
  });
  return [
    { head: 'TIME (UTC)         ', value: (call) => textOf(call, 'at').replace('T', ' ').slice(0, 19) },
    { head: 'USER            ', value: (call) => textOf(call, 'user') },
    { head: 'ENDPOINT        ', value: (call) => textOf(call, 'endpoint') },
    {
      head: 'MODEL                 ',
      value: (call) => textOf(call, 'served_model', textOf(call, 'requested_model')),
    },
    tokens(' INPUT', 'input'),
    tokens('OUTPUT', 'output'),
    { head: 'COST USD    ', value: (call) => textOf(call, 'cost', '…') },
    { head: '', value: noteOf, style: (shown, call) => paint(colourOf(call), shown) },
  ];
}

function noteOf(call: JsonObject): string {
  const state = textOf(call, 'state');
  const status = textOf(call, 'status');
  const notes = [
    call['hit'] === true ? 'hit' : '',
    state === 'settled' ? '' : state,
    /^(|2..)$/.test(status) ? '' : status,
    call['correction'] === undefined ? '' : 'corrected',
    listOf(call, 'flags'),
  ];
  return [...new Set(notes.filter((note) => note !== ''))].join(' ');
}

function colourOf(call: JsonObject): 'green' | 'yellow' | 'dim' {
  if (listOf(call, 'flags') !== '') return 'yellow';
  return call['hit'] === true ? 'green' : 'dim';
}

const EXACT: readonly Column<JsonObject>[] = [
  ...['id', 'at', 'user', 'endpoint', 'requested_model', 'served_model', 'service_tier', 'state', 'status'],
  ...['held', 'cost', 'saved', 'hit'],
]
  .map((head): Column<JsonObject> => ({ head, value: (call) => textOf(call, head) }))
  .concat({ head: 'flags', value: (call) => listOf(call, 'flags') });
