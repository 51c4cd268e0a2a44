import type { JsonObject } from '../../shared/core/json.ts';
import { formatUsd } from '../../shared/core/money.ts';
import {
  type Compared,
  differenceOf,
  passes,
  percentOf,
  type ReconciledRow,
  type Reconciliation,
  type Tolerance,
} from '../../shared/core/reconcile.ts';

/** A comparison as admins see it: sums by day, rows by model, tool or line of the invoice, and the total. */
export function reconciliationView({ days, rows, total }: Reconciliation, tolerance: Tolerance): JsonObject {
  return {
    days: days.map((day) => dayView(day, tolerance)),
    rows: rows.map(rowView),
    total: comparedView(total),
  };
}

/** One day's sums, and whether they are near enough to each other. */
export function dayView(
  compared: Compared & { readonly day: string },
  tolerance: Tolerance,
): JsonObject & { readonly within_tolerance: boolean } {
  return {
    day: compared.day,
    ...comparedView(compared),
    within_tolerance: !passes(compared, tolerance),
  };
}

function rowView(row: ReconciledRow): JsonObject {
  const { day, item, measured, flagged } = row;
  const flags = Object.entries(flagged).map(([flag, cost]) => [flag, formatUsd(cost)] as const);
  return {
    day,
    [item.kind]: item.name,
    ...comparedView(row),
    ...(Object.keys(measured).length === 0 ? {} : { usage: measured }),
    ...(flags.length === 0 ? {} : { flagged: Object.fromEntries(flags) }),
  };
}

/** `percent` is of what was billed; `null` where nothing was. */
function comparedView(compared: Compared): JsonObject {
  return {
    booked: formatUsd(compared.booked),
    billed: formatUsd(compared.billed),
    difference: formatUsd(differenceOf(compared)),
    percent: percentOf(compared) ?? null,
  };
}
