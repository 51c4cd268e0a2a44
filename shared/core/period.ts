/** How long a limit counts before it starts again; all boundaries are UTC. */
export const PERIODS = ['day', 'week', 'month', 'total'] as const;
export type Period = (typeof PERIODS)[number];

const DAY_MS = 86_400_000;

/**
 * Names the instance of a period in which an instant lies: `2026-11-21`, `2026-W47` (ISO 8601 week),
 * `2026-11`, `total`.
 *
 * @param at milliseconds since the epoch
 */
export function periodKey(period: Period, at: number): string {
  if (period === 'total') return 'total';
  const iso = new Date(at).toISOString();
  if (period === 'day') return iso.slice(0, 10);
  if (period === 'month') return iso.slice(0, 7);
  const thursday = periodStart('week', at) + 3 * DAY_MS;
  const year = new Date(thursday).getUTCFullYear();
  const week = Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

/** The first instant of the period in which `at` lies, in milliseconds; 0 for `total`. */
export function periodStart(period: Period, at: number): number {
  const date = new Date(at);
  const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  switch (period) {
    case 'day':
      return midnight;
    case 'week':
      return midnight - ((date.getUTCDay() + 6) % 7) * DAY_MS;
    case 'month':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    case 'total':
      return 0;
  }
}

/** When the period in which `at` lies ends and its limit starts again, in milliseconds; never, for `total`. */
export function periodEnd(period: Period, at: number): number | undefined {
  const start = periodStart(period, at);
  switch (period) {
    case 'day':
      return start + DAY_MS;
    case 'week':
      return start + 7 * DAY_MS;
    case 'month': {
      const date = new Date(start);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
    }
    case 'total':
      return undefined;
  }
}

/** The UTC days, `YYYY-MM-DD`, from the one of `from` to the one of `to`, both included. */
export function daysBetween(from: number, to: number): string[] {
  const days: string[] = [];
  for (let day = periodStart('day', from); day <= to; day += DAY_MS) days.push(periodKey('day', day));
  return days;
}
