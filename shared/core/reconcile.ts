import { bookedCost } from './corrections.ts';
import {
  type BilledCost,
  type BilledUsage,
  type Item,
  itemOf,
  itemOfUsage,
  MEASURES,
  type Measure,
  type Measured,
  measuredOfModel,
  measuredOfTool,
  TOOL_NAMES,
  toolCost,
} from './invoice.ts';
import type { Account, CallEntry } from './ledger.ts';
import { divideRounded, ONE_USD, type Picodollars } from './money.ts';
import type { PriceTable } from './price.ts';

/** What was booked and what was billed, of the same thing. */
export interface Compared {
  readonly booked: Picodollars;
  readonly billed: Picodollars;
}

/** One model, tool or line of the invoice on one day. */
export interface ReconciledRow extends Compared {
  readonly day: string;
  readonly item: Item;
  /** What was counted differently; only where money differs and OpenAI told its counts. */
  readonly measured: Readonly<Partial<Record<Measure, { readonly booked: number; readonly billed: number }>>>;
  /** How much of what was booked carries which flag; only where the entries were looked at. */
  readonly flagged: Readonly<Record<string, Picodollars>>;
}

export interface Reconciliation {
  /** By day, then models, tools and other lines, each by name. Where no money is on either side, there is no row. */
  readonly rows: readonly ReconciledRow[];
  /** Every day that was asked for, in order. */
  readonly days: readonly (Compared & { readonly day: string })[];
  readonly total: Compared;
}

export interface Evidence {
  /** The UTC days to compare, `YYYY-MM-DD`, in order. */
  readonly days: readonly string[];
  /** Books of these days; other accounts are left out. */
  readonly books: Iterable<Account>;
  readonly costs: Iterable<BilledCost>;
  /** Absent: OpenAI did not tell. */
  readonly usage?: Iterable<BilledUsage> | undefined;
  /** Entries with flags, by day; they tell which part of the booked sums is no exact cost. */
  readonly flagged?: Iterable<{ readonly day: string; readonly call: CallEntry }> | undefined;
}

/** How far booked and billed may be apart on a day: both bounds must be passed to matter. */
export interface Tolerance {
  readonly usd: Picodollars;
  /** Percent of what was billed, in units of 1e-12. */
  readonly percent: bigint;
}

interface Sums {
  readonly day: string;
  readonly item: Item;
  booked: Picodollars;
  billed: Picodollars;
  readonly measured: Record<'booked' | 'billed', Partial<Record<Measure, number>>>;
  readonly flagged: Record<string, Picodollars>;
}

/**
 * Compares the books with OpenAI's own account, per day and model. The fees of hosted tools, which OpenAI bills apart
 * from the models, are taken out of what was booked on the models. Nothing of either side is left out: what only one
 * of them has is a row with 0 on the other.
 */
export function reconcile(evidence: Evidence, prices: PriceTable): Reconciliation {
  const table = new Map<string, Sums>();
  const sums = (day: string, item: Item): Sums => {
    const key = JSON.stringify([day, item.kind, item.name]);
    const found = table.get(key) ?? {
      day,
      item,
      booked: 0n,
      billed: 0n,
      measured: { booked: {}, billed: {} },
      flagged: {},
    };
    table.set(key, found);
    return found;
  };
  for (const account of evidence.books) addBooks(account, prices, sums);
  for (const { day, lineItem, amount } of evidence.costs)
    sums(day, itemOf(lineItem, prices, Date.parse(day))).billed += amount;
  for (const used of evidence.usage ?? []) {
    const { day, measured } = used;
    addMeasured(sums(day, itemOfUsage(used, prices, Date.parse(day))).measured.billed, measured);
  }
  for (const { day, call } of evidence.flagged ?? []) addFlags(call, sums(day, modelItem(call.model)));

  const rows = [...table.values()]
    .filter(({ booked, billed }) => booked !== 0n || billed !== 0n)
    .sort(inOrder)
    .map((row) => rowOf(row, evidence.usage !== undefined));
  const days = evidence.days.map((day) => ({ day, ...totalOf(rows.filter((row) => row.day === day)) }));
  return { rows, days, total: totalOf(rows) };
}

/** What was billed beyond what was booked; negative where more was booked. */
export function differenceOf({ booked, billed }: Compared): Picodollars {
  return billed - booked;
}

/**
 * A difference in percent of what was billed, to two decimals, halves away from zero: `-0.5`, `12.34`.
 *
 * @returns `undefined` where nothing was billed, and something was booked
 */
export function percentOf(compared: Compared): string | undefined {
  const difference = differenceOf(compared);
  if (compared.billed === 0n) return difference === 0n ? '0' : undefined;
  const hundredths = divideRounded(difference * 10_000n, compared.billed);
  const digits = (hundredths < 0n ? -hundredths : hundredths).toString().padStart(3, '0');
  const fraction = digits.slice(-2).replace(/0+$/, '');
  return `${hundredths < 0n ? '-' : ''}${digits.slice(0, -2)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Whether a difference is more than what may be. */
export function passes(compared: Compared, tolerance: Tolerance): boolean {
  const difference = differenceOf(compared);
  const size = difference < 0n ? -difference : difference;
  const billed = compared.billed < 0n ? -compared.billed : compared.billed;
  return size > tolerance.usd && size * 100n * ONE_USD > tolerance.percent * billed;
}

function addBooks({ id, spent, tally }: Account, prices: PriceTable, sums: SumsOf): void {
  if (id.kind !== 'books') return;
  let rest = spent;
  for (const tool of TOOL_NAMES) {
    const cost = toolCost(tally, tool, id.model, prices, Date.parse(id.day));
    if (cost === 0n || cost > rest) continue;
    rest -= cost;
    const row = sums(id.day, { kind: 'tool', name: tool });
    row.booked += cost;
    addMeasured(row.measured.booked, measuredOfTool(tally, tool));
  }
  const row = sums(id.day, modelItem(id.model));
  row.booked += rest;
  addMeasured(row.measured.booked, measuredOfModel(tally));
}

type SumsOf = (day: string, item: Item) => Sums;

function addFlags(call: CallEntry, { flagged }: Sums): void {
  for (const flag of call.outcome?.flags ?? [])
    flagged[flag] = (flagged[flag] ?? 0n) + (bookedCost(call) ?? 0n);
}

function modelItem(name: string): Item {
  return { kind: 'model', name };
}

function addMeasured(to: Partial<Record<Measure, number>>, measured: Measured): void {
  for (const measure of MEASURES)
    if (measured[measure] !== undefined) to[measure] = (to[measure] ?? 0) + measured[measure];
}

function rowOf({ day, item, booked, billed, measured, flagged }: Sums, usageTold: boolean): ReconciledRow {
  const differing = MEASURES.filter(
    (measure) =>
      (measured.booked[measure] ?? 0) !== (measured.billed[measure] ?? 0) &&
      // OpenAI counts all speech and audio so, the books only where it is billed so.
      !(booked !== 0n && (measure === 'characters' || measure === 'seconds') && !measured.booked[measure]),
  );
  const shown = usageTold && booked !== billed ? differing : [];
  return {
    day,
    item,
    booked,
    billed,
    measured: Object.fromEntries(
      shown.map((measure) => [
        measure,
        { booked: measured.booked[measure] ?? 0, billed: measured.billed[measure] ?? 0 },
      ]),
    ),
    flagged,
  };
}

function totalOf(rows: readonly Compared[]): Compared {
  return rows.reduce(
    (total, { booked, billed }) => ({ booked: total.booked + booked, billed: total.billed + billed }),
    { booked: 0n, billed: 0n },
  );
}

const KINDS: readonly Item['kind'][] = ['model', 'tool', 'line_item'];

function inOrder(a: Sums, b: Sums): number {
  if (a.day !== b.day) return a.day < b.day ? -1 : 1;
  if (a.item.kind !== b.item.kind) return KINDS.indexOf(a.item.kind) - KINDS.indexOf(b.item.kind);
  return a.item.name < b.item.name ? -1 : 1;
}
