import type { Command } from 'commander';
import type { JsonObject } from '../../admin.ts';
import { grouped } from '../amounts.ts';
import type { Context } from '../context.ts';
import { countOf, objectOf, objectsOf, textOf } from '../replies.ts';
import { type Column, csv, table } from '../table.ts';
import type { Bind } from './options.ts';

/** One rate of one price. */
interface Rate {
  readonly model: string;
  readonly from: string;
  readonly tier: string;
  readonly unit: string;
  readonly usd: string;
  /** What it is for: a million tokens, characters or seconds, or one call or minute of a tool. */
  readonly per: string;
  readonly setBy: string;
}

/** `prices`. */
export function addPrices(program: Command, bind: Bind): void {
  program
    .command('prices')
    .argument('[model]', 'such as gpt-4o; without it, what admins set in this stage')
    .description('Show what a model costs in the stage, and what admins set there')
    .option('--csv', 'as CSV, with exact amounts')
    .action(bind(show));
}

async function show(
  context: Context,
  { csv: asCsv }: { readonly csv?: boolean },
  model?: string,
): Promise<void> {
  const reply = await context.ask({ command: 'prices', model });
  if (context.json) return context.print(JSON.stringify(reply, null, 2));
  const set = objectsOf(reply, 'set');
  const inForce = objectOf(reply, 'in_force');
  const rates = [...ratesOf(inForce), ...set.flatMap(ratesOf)];
  if (asCsv) return void context.terminal.out.write(csv(COLUMNS, rates));
  if (rates.length > 0)
    return context.print(...table(COLUMNS, rates, context.paint), '', ...sources(context, inForce));
  const refused = textOf(reply, 'refused');
  if (model !== undefined)
    context.print(`${model} has no price here${refused === '' ? '.' : `: ${refused}`}`);
  else
    context.print(
      'No price was set in this stage: those of its release hold. "farebox prices MODEL" shows one.',
    );
}

function sources({ paint }: Context, inForce: JsonObject): string[] {
  const source = textOf(inForce, 'source');
  return source === '' ? [] : [paint('dim', `in force today, from ${source}`)];
}

function ratesOf(price: JsonObject): Rate[] {
  const long = objectOf(price, 'long_context');
  const common = {
    model: textOf(price, 'model'),
    from: textOf(price, 'from', 'ever'),
    setBy: textOf(price, 'set_by'),
  };
  const rows = (tiers: JsonObject, suffix: string) =>
    Object.keys(tiers).flatMap((tier) =>
      Object.entries(objectOf(tiers, tier)).map(([unit, usd]) => ({
        ...common,
        tier: tier + suffix,
        unit,
        usd: String(usd),
        per: '1M',
      })),
    );
  const calls = Object.entries(objectOf(price, 'calls'));
  return [
    ...rows(objectOf(price, 'rates'), ''),
    ...rows(objectOf(long, 'rates'), ` over ${grouped(countOf(long, 'over'))}`),
    ...calls.map(([unit, usd]) => ({ ...common, tier: '', unit, usd: String(usd), per: 'use' })),
  ];
}

const COLUMNS: readonly Column<Rate>[] = [
  { head: 'MODEL', value: ({ model }) => model },
  { head: 'FROM', value: ({ from }) => from },
  { head: 'TIER', value: ({ tier }) => tier },
  { head: 'CLASS', value: ({ unit }) => unit },
  { head: 'USD', kind: 'amount', value: ({ usd }) => usd },
  { head: 'PER', value: ({ per }) => per },
  { head: 'SET BY', value: ({ setBy }) => setBy },
];
