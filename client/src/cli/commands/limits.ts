import type { Command } from 'commander';
import type { JsonObject } from '../../admin.ts';
import { picodollars, thousandths } from '../amounts.ts';
import type { Context } from '../context.ts';
import { allPages } from '../pages.ts';
import { textOf } from '../replies.ts';
import { bar, type Column, csv, table } from '../table.ts';
import { type Bind, type Scope, wholeNumber, withPeriod, withScope } from './options.ts';

interface LimitOptions extends Scope {
  readonly period?: string;
  readonly shards?: number;
  readonly csv?: boolean;
}

/** `limits list`, which is also `limits`; `limits set`, `limits remove`. */
export function addLimits(program: Command, bind: Bind): void {
  // Options of their own for each: those of a parent would swallow its subcommands'.
  const limits = program.command('limits').description('Show, set and remove limits');
  const shown = limits
    .command('list', { isDefault: true })
    .description('Show the limits, with what is spent, held and left of each');
  withPeriod(withScope(shown)).option('--csv', 'as CSV, with exact amounts').action(bind(list));
  const set = limits
    .command('set')
    .argument('<usd>', 'the limit in USD, such as 12.50')
    .description('Set the limit of a scope: any of --project, --user, --model; none is the whole stage');
  withPeriod(withScope(set))
    .option(
      '--shards <n>',
      'spread its account over as many items, for hundreds of calls in flight',
      wholeNumber,
    )
    .action(bind(setLimit));
  const remove = limits.command('remove').description('Remove the limit of exactly this scope and period');
  withPeriod(withScope(remove)).action(bind(removeLimit));
}

async function list(context: Context, { csv: asCsv, ...filter }: LimitOptions): Promise<void> {
  const limits = await allPages(context, { command: 'list-limits', ...filter }, 'limits');
  if (context.json) return context.print(JSON.stringify({ limits }, null, 2));
  if (asCsv) return void context.terminal.out.write(csv(columns(context), limits));
  if (limits.length === 0)
    return context.print('No limits. "farebox limits set 10 --project NAME" sets one.');
  context.print(...table([...columns(context), used(context)], limits, context.paint));
}

async function setLimit(
  context: Context,
  { project, user, model, period, shards }: LimitOptions,
  usd: string,
): Promise<void> {
  const payload = { command: 'set-limit', project, user, model, period, shards, limit: usd };
  show(context, await context.ask(payload));
}

async function removeLimit(context: Context, { project, user, model, period }: LimitOptions): Promise<void> {
  const reply = await context.ask({ command: 'remove-limit', project, user, model, period });
  context.print(context.json ? JSON.stringify(reply, null, 2) : 'Removed.');
}

function show(context: Context, limit: JsonObject): void {
  if (context.json) {
    context.print(JSON.stringify(limit, null, 2));
    return;
  }
  context.print(...table([...columns(context), used(context)], [limit], context.paint));
  const warning = textOf(limit, 'warning');
  if (warning !== '') context.terminal.err.write(`${context.paint('yellow', 'Warning:')} ${warning}\n`);
}

function columns({ paint }: Context): Column<JsonObject>[] {
  const scope = (head: string, name: string): Column<JsonObject> => ({
    head,
    value: (limit) => textOf(limit, name, 'any'),
    style: (shown, limit) => (limit[name] === null ? paint('dim', shown) : shown),
  });
  const amount = (head: string, name: string): Column<JsonObject> => ({
    head,
    kind: 'amount',
    value: (limit) => textOf(limit, name),
  });
  return [
    scope('PROJECT', 'project'),
    scope('USER', 'user'),
    scope('MODEL', 'model'),
    { head: 'PERIOD', value: (limit) => textOf(limit, 'period') },
    amount('LIMIT', 'limit'),
    amount('SPENT', 'spent'),
    amount('HELD', 'held'),
    amount('LEFT', 'remaining'),
    { head: 'RESETS', value: (limit) => textOf(limit, 'resets_at', 'never').slice(0, 10) },
  ];
}

const CELLS = 10;
const NEARLY_SPENT = 800;

function used({ paint }: Context): Column<JsonObject> {
  const share = (limit: JsonObject) =>
    thousandths(
      picodollars(textOf(limit, 'limit', '0')) - picodollars(textOf(limit, 'remaining', '0')),
      picodollars(textOf(limit, 'limit', '0')),
    );
  return {
    head: 'USED',
    value: (limit) => `${bar(share(limit), CELLS, '─')} ${Math.floor(share(limit) / 10)} %`,
    style: (shown, limit) => {
      const colour = share(limit) >= 1000 ? 'red' : share(limit) >= NEARLY_SPENT ? 'yellow' : 'green';
      const full = /^━*/.exec(shown)?.[0].length ?? 0;
      return (
        paint(colour, shown.slice(0, full)) + paint('dim', shown.slice(full, CELLS)) + shown.slice(CELLS)
      );
    },
  };
}
