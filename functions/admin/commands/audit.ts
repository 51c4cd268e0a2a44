import * as z from 'zod';
import type { Difference } from '../../../shared/core/audit-rules.ts';
import type { JsonObject } from '../../../shared/core/json.ts';
import type { AccountId } from '../../../shared/core/ledger.ts';
import { formatUsd } from '../../../shared/core/money.ts';
import { daysBetween, type Period, periodKey } from '../../../shared/core/period.ts';
import { invalidRequest, isRefusal } from '../../../shared/core/refusal.ts';
import type { AuditReport, PeriodInstance } from '../../../shared/ledger/ledger.ts';
import { defineCommand } from '../command.ts';
import { dayRange } from '../day-range.ts';
import { day, month, projectName } from '../fields.ts';
import { scopeView } from '../limit-view.ts';
import { projectProblem } from '../resolve.ts';

/** Every entry of the range is read, and those of the weeks and months that it touches. */
const MAX_AUDIT_DAYS = 31;
/** Keeps the reply below the 6 MB that a Lambda function may answer. */
const MAX_DIFFERENCES = 1000;

export const auditCommand = defineCommand({
  name: 'audit',
  summary:
    'Compares every counter of the days, weeks and months in a range (the running month when none is named) with the ' +
    'sum of its entries, and lists the differences. With total, also those of limits that never start again.',
  example: { month: '2026-11' },
  schema: z.strictObject({
    project: projectName.optional(),
    day: day.optional(),
    month: month.optional(),
    from: day.optional(),
    to: day.optional(),
    total: z.boolean().default(false),
  }),
  async run({ project, total, ...fields }, deps) {
    const range = dayRange(fields, deps.clock.now());
    if (isRefusal(range)) return range;
    const days = daysBetween(range.start, range.end);
    if (days.length > MAX_AUDIT_DAYS)
      return invalidRequest('invalid_range', `audit: at most ${MAX_AUDIT_DAYS} days at a time`, {
        param: 'from',
      });
    const problem = await projectProblem(project, deps);
    if (problem !== undefined) return problem;
    const instances = [...instancesOf(days), ...(total ? [{ period: 'total' as const, at: range.end }] : [])];
    const report = await deps.audit.run(instances, project);
    return { from: range.from, to: range.to, ...reportView(report) };
  },
});

/** Each day, week and month that has a day among these, once. */
function instancesOf(days: readonly string[]): PeriodInstance[] {
  const found = new Map<string, PeriodInstance>();
  for (const period of ['day', 'week', 'month'] satisfies Period[])
    for (const name of days) {
      const at = Date.parse(name);
      found.set(periodKey(period, at), { period, at });
    }
  return [...found.values()];
}

function reportView(report: AuditReport): JsonObject {
  const { accounts, entries, moving, differences } = report;
  return {
    accounts,
    entries,
    moving,
    differences: differences.slice(0, MAX_DIFFERENCES).map(differenceView),
    more_differences: Math.max(0, differences.length - MAX_DIFFERENCES),
  };
}

function differenceView({ account, field, counter, entries }: Difference): JsonObject {
  return {
    account: accountView(account),
    field,
    counter: valueView(field, counter),
    entries: valueView(field, entries),
  };
}

/** Money is in picodollars where there is any: an account that is missing has none. */
function valueView(field: Difference['field'], value: string): string {
  const isMoney = field !== 'tally' && field !== 'hold';
  return isMoney && /^-?\d+$/.test(value) ? formatUsd(BigInt(value)) : value;
}

/** Books are those of one subject on one day; the other accounts count for a limit, or a project's deferred calls. */
function accountView(id: AccountId): JsonObject {
  const shard = id.shard === undefined ? {} : { shard: id.shard };
  if (id.kind === 'limit') return { kind: 'limit', ...scopeView(id), period_key: id.periodKey, ...shard };
  if (id.kind === 'deferred') return { ...id };
  const { kind, project, user, model, day: on } = id;
  return { kind, project, user, model, day: on, ...shard };
}
