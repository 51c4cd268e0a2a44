import type { Command } from 'commander';
import type { JsonObject } from '../../admin.ts';
import { TollgateError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { objectsOf, textOf } from '../replies.ts';
import { type Column, csv, table } from '../table.ts';
import type { Bind } from './options.ts';

interface PriceOptions {
  readonly model?: string;
  readonly csv?: boolean;
}

/** `prices`. */
export function addPrices(program: Command, bind: Bind): void {
  program
    .command('prices')
    .description('Show the prices by which the stage charges')
    .option('--model <id>', 'of this model')
    .option('--csv', 'as CSV')
    .action(bind(show));
}

async function show(context: Context, { model, csv: asCsv }: PriceOptions): Promise<void> {
  const reply = await context.ask({ command: 'prices', model }).catch((error: unknown) => {
    if (!(error instanceof TollgateError) || error.code !== 'unknown_command') throw error;
    const message = `The admin function of ${context.staging} cannot show prices: it is older than this command line.`;
    throw new TollgateError(
      'refused',
      'unknown_command',
      `${message} Deploy a newer one; prices/table.json has them.`,
    );
  });
  if (context.json) return context.print(JSON.stringify(reply, null, 2));
  const rows = listIn(reply);
  const columns = columnsOf(rows);
  if (asCsv) return void context.terminal.out.write(csv(columns, rows));
  if (rows.length === 0) return context.print('No prices.');
  context.print(...table(columns, rows, context.paint));
}

/** The list of a reply, whatever it is called. */
export function listIn(reply: JsonObject): JsonObject[] {
  const name = Object.keys(reply).find((key) => objectsOf(reply, key).length > 0);
  return name === undefined ? [] : objectsOf(reply, name);
}

/** A column for each member that a row has; what has members itself is shown as JSON. */
export function columnsOf(rows: readonly JsonObject[]): Column<JsonObject>[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return names.map((name) => ({
    head: name.toUpperCase().replaceAll('_', ' '),
    value: (row) => {
      const value = row[name];
      return typeof value === 'object' && value !== null ? JSON.stringify(value) : textOf(row, name, '–');
    },
  }));
}
