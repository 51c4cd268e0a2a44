import * as z from 'zod';
import type { JsonObject } from '../../../shared/core/json.ts';
import { formatUsd } from '../../../shared/core/money.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../../shared/core/refusal.ts';
import { GROUPS, sumUsage, type UsageRow } from '../../../shared/core/usage-report.ts';
import { readBooks } from '../books.ts';
import { defineCommand } from '../command.ts';
import { dayRange } from '../day-range.ts';
import { day, modelName, month, projectName, userName } from '../fields.ts';
import { projectProblem, scopeOf } from '../resolve.ts';
import { tallyView } from '../tally-view.ts';

/** Keeps the reply below the 6 MB that a Lambda function may answer. */
const MAX_ROWS = 10_000;

export const usageCommand = defineCommand({
  name: 'usage',
  summary:
    'Sums up what was used and what it cost, of finished calls, over a day, a month or a range of UTC days ' +
    '(the running month when none is named), in rows by any of project, user, model, day, month.',
  example: { month: '2026-11', project: 'demo', group_by: ['model'] },
  schema: z.strictObject({
    project: projectName.optional(),
    user: userName.optional(),
    model: modelName.optional(),
    day: day.optional(),
    month: month.optional(),
    from: day.optional(),
    to: day.optional(),
    group_by: z
      .array(z.enum(GROUPS, { error: `must be some of ${GROUPS.join(', ')}` }))
      .transform((groups) => [...new Set(groups)])
      .default(['project']),
  }),
  async run(fields, deps) {
    const filter = scopeOf(fields, deps);
    if (isRefusal(filter)) return filter;
    const range = dayRange(fields, deps.clock.now());
    if (isRefusal(range)) return range;
    const problem = await projectProblem(filter.project, deps);
    if (problem !== undefined) return problem;
    const books = await readBooks(filter, range, deps);
    if (!Array.isArray(books)) return tooMuch(`the books of ${books.projectDays} projects' days`);
    const { rows, total } = sumUsage(books, fields.group_by);
    if (rows.length > MAX_ROWS) return tooMuch(`more than ${MAX_ROWS} rows`);
    return { from: range.from, to: range.to, rows: rows.map(rowView), total: rowView(total) };
  },
});

function rowView({ group, tally, cost, saved }: UsageRow): JsonObject {
  return {
    ...group,
    calls: tally.calls ?? 0,
    hits: tally.hits ?? 0,
    ...tallyView(tally),
    saved: formatUsd(saved),
    cost: formatUsd(cost),
  };
}

function tooMuch(what: string): Refusal {
  const message = `usage: ${what} are too much for one reply. Name a project or a shorter range, or group by less.`;
  return invalidRequest('too_much', message);
}
