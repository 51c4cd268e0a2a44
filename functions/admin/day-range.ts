import { periodEnd, periodKey } from '../../shared/core/period.ts';
import { invalidRequest, type Refusal } from '../../shared/core/refusal.ts';

export const MAX_DAYS = 400;

export interface RangeFields {
  readonly day?: string | undefined;
  readonly month?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface DayRange {
  readonly kind: 'days';
  /** The first and the last day, `YYYY-MM-DD`, UTC. */
  readonly from: string;
  readonly to: string;
  /** An instant in the first day, and one in the last that is not in the future, in milliseconds. */
  readonly start: number;
  readonly end: number;
}

/**
 * The days that a payload asks about: a `day`, a `month`, `from` a day `to` a day (both included; today when it has
 * no end), or the running month.
 *
 * @param now milliseconds since the epoch
 */
export function dayRange(fields: RangeFields, now: number): DayRange | Refusal {
  const { day, month, from, to } = fields;
  const ways = [day, month, from ?? to].filter((way) => way !== undefined);
  if (ways.length > 1) return invalidRange('name one of day, month, or from and to');
  if (to !== undefined && from === undefined) return invalidRange('"to" needs a "from"');
  const today = periodKey('day', now);
  if (day !== undefined) return rangeOf(day, day, now);
  if (from !== undefined) return rangeOf(from, to ?? today, now);
  const inMonth = Date.parse(month ?? today);
  return rangeOf(`${periodKey('month', inMonth)}-01`, lastDayOfMonth(inMonth), now);
}

function rangeOf(from: string, to: string, now: number): DayRange | Refusal {
  if (from > to) return invalidRange(`"from" ${from} is after "to" ${to}`);
  const end = Math.min(Date.parse(to), now);
  const start = Date.parse(from);
  if ((end - start) / 86_400_000 >= MAX_DAYS) return invalidRange(`a range has at most ${MAX_DAYS} days`);
  return { kind: 'days', from, to, start, end };
}

function lastDayOfMonth(at: number): string {
  return periodKey('day', (periodEnd('month', at) ?? at) - 1);
}

function invalidRange(problem: string): Refusal {
  return invalidRequest('invalid_range', `${problem}: such as {"month":"2026-11"} or {"from":"2026-11-01"}`, {
    param: 'from',
  });
}
