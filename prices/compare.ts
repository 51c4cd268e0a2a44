import { formatUsd } from '../shared/core/money.ts';
import type { BilledClass } from '../shared/core/usage.ts';
import type { PriceRow } from '../shared/pricing/row.ts';
import { BASE_CLASSES, type Base, type BasePeriod } from './genai.ts';
import type { Explanation, Usd } from './overlay/types.ts';
import type { Table } from './schema.ts';

/** One point on which the base and the table say something else; `none` where one of them says nothing. */
export interface Difference {
  readonly model: string;
  /** A class (`long.` in front: with a long context; ` from DAY` behind: from then on), `longContextOver` or `model`. */
  readonly what: string;
  /** USD for a million tokens, characters or seconds, for a thousand calls; or tokens. */
  readonly base: string;
  readonly ours: string;
}

export interface Comparison {
  readonly explained: readonly { readonly difference: Difference; readonly reason: string }[];
  readonly unexplained: readonly Difference[];
  /** Explanations, or parts of them, that fit no difference. */
  readonly stale: readonly string[];
}

const NONE = 'none';

/**
 * Every point on which the base and the table differ, for models that either has.
 *
 * @param leftOut entries of the base that are left out on purpose; one that it does not have is a difference, too
 */
export function differences(base: Base, table: Table, leftOut: readonly string[]): Difference[] {
  const ours = Map.groupBy(table.prices, ({ model }) => model);
  const taken = new Set([...ours.keys()].map((model) => base.entryOf(model)));
  const missing = base.entries.filter((entry) => !taken.has(entry) && !leftOut.includes(entry));
  return [
    ...[...ours].flatMap(([model, rows]) => ofModel(base, model, rows)),
    ...missing.map((model) => ({ model, what: 'model', base: 'listed', ours: NONE })),
    ...leftOut
      .filter((entry) => !base.entries.includes(entry))
      .map((model) => ({ model, what: 'model', base: NONE, ours: 'left out' })),
  ];
}

/** Matches each difference with the explanation that names its model, its point and both of its values. */
export function explain(found: readonly Difference[], explanations: readonly Explanation[]): Comparison {
  const reasons = new Map(
    explanations.flatMap(({ models, differs, reason }) =>
      models.flatMap((model) =>
        Object.entries(differs).map(([what, [base, ours]]) => [nameOf({ model, what, base, ours }), reason]),
      ),
    ),
  );
  const names = new Set(found.map(nameOf));
  return {
    explained: found.flatMap((difference) => {
      const reason = reasons.get(nameOf(difference));
      return reason === undefined ? [] : [{ difference, reason }];
    }),
    unexplained: found.filter((difference) => !reasons.has(nameOf(difference))),
    stale: [...reasons.keys()].filter((name) => !names.has(name)),
  };
}

export function nameOf({ model, what, base, ours }: Difference): string {
  return `${model}: ${what}: ${base} in the base, ${ours} here`;
}

function ofModel(base: Base, model: string, rows: readonly PriceRow[]): Difference[] {
  const entry = base.entryOf(model);
  if (entry === undefined) return [{ model, what: 'model', base: NONE, ours: 'listed' }];
  const periods = base.periods(entry);
  const days = new Set([...rows, ...periods].map(({ from }) => from ?? ''));
  return [...days].sort().flatMap((day) => {
    const period = latest(periods, day);
    const row = latest(rows, day);
    if (period === undefined || row === undefined) return [];
    const suffix = day === '' ? '' : ` from ${day}`;
    return pairs(period, row)
      .filter(([, theirs, mine]) => theirs !== mine)
      .map(([what, theirs, mine]) => ({ model, what: `${what}${suffix}`, base: theirs, ours: mine }));
  });
}

/** The points that both could speak of, with what they say. The base knows no tiers, so they are no points. */
function pairs(period: BasePeriod, row: PriceRow): (readonly [string, string, string])[] {
  const standard = { ...row.calls, ...row.rates.default };
  const long = row.longContext?.rates.default;
  const longOfBase = period.long === undefined ? undefined : { ...period.rates, ...period.long };
  return [
    ...BASE_CLASSES.map((unit) => [unit, period.rates[unit] ?? NONE, million(standard[unit])] as const),
    ...BASE_CLASSES.map((unit) => [`long.${unit}`, rateOf(longOfBase, unit), million(long?.[unit])] as const),
    ...(['web_search', 'file_search'] as const).map(
      (unit) => [unit, period.fees[unit] ?? NONE, thousand(standard[unit])] as const,
    ),
    ['longContextOver', String(period.longOver ?? NONE), String(row.longContext?.over ?? NONE)] as const,
  ];
}

function rateOf(rates: Usd | undefined, unit: BilledClass): string {
  return rates?.[unit] ?? NONE;
}

function latest<Dated extends { readonly from?: string | undefined }>(
  dated: readonly Dated[],
  day: string,
): Dated | undefined {
  return dated.findLast(({ from }) => (from ?? '') <= day);
}

function million(rate: number | undefined): string {
  return rate === undefined ? NONE : formatUsd(BigInt(rate) * 1_000_000n);
}

function thousand(rate: number | undefined): string {
  return rate === undefined ? NONE : formatUsd(BigInt(rate) * 1_000n);
}
