import * as z from 'zod';
import { inScope } from '../../../shared/core/accounts.ts';
import type { JsonObject } from '../../../shared/core/json.ts';
import type { Account } from '../../../shared/core/ledger.ts';
import { formatUsd } from '../../../shared/core/money.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../../shared/core/refusal.ts';
import type { Scope } from '../../../shared/core/scope.ts';
import { GROUPS, sumUsage, type UsageRow } from '../../../shared/core/usage-report.ts';
import { forEach } from '../../../shared/ledger/concurrent.ts';
import { projectDays } from '../../../shared/ledger/project-days.ts';
import { defineCommand } from '../command.ts';
import { type DayRange, dayRange } from '../day-range.ts';
import type { AdminDeps } from '../deps.ts';
import { day, modelName, month, projectName, userName } from '../fields.ts';
import { WIDTH } from '../parallel.ts';
import { projectProblem, scopeOf } from '../resolve.ts';
import { tallyView } from '../tally-view.ts';

/** Each project has its books of each day read by one query. */
const MAX_QUERIES = 20_000;
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
    if (!Array.isArray(books)) return books;
    const { rows, total } = sumUsage(books, fields.group_by);
    if (rows.length > MAX_ROWS) return tooMuch(`more than ${MAX_ROWS} rows`);
    return { from: range.from, to: range.to, rows: rows.map(rowView), total: rowView(total) };
  },
});

async function readBooks(filter: Scope, range: DayRange, deps: AdminDeps): Promise<Account[] | Refusal> {
  const days = await projectDays(deps.directory, range.start, range.end, filter.project);
  if (days.length > MAX_QUERIES) return tooMuch(`the books of ${days.length} projects' days`);
  const books: Account[] = [];
  await forEach(days, WIDTH, async ({ project, day: on }) => {
    for await (const account of deps.store.books(project, on))
      if (account.id.kind === 'books' && inScope(account.id, filter)) books.push(account);
  });
  return books;
}

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
