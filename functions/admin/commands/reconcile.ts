import * as z from 'zod';
import type { JsonObject } from '../../../shared/core/json.ts';
import { formatUsd, ONE_USD, parseUsd } from '../../../shared/core/money.ts';
import { daysBetween, periodKey, periodStart } from '../../../shared/core/period.ts';
import {
  differenceOf,
  passes,
  percentOf,
  type Reconciliation,
  reconcile,
  type Tolerance,
} from '../../../shared/core/reconcile.ts';
import { invalidRequest, isRefusal, REFUSAL, type Refusal } from '../../../shared/core/refusal.ts';
import type { Invoice, InvoiceFailure } from '../../../shared/ports/invoice.ts';
import { readBooks, readFlagged } from '../books.ts';
import { defineCommand } from '../command.ts';
import { type DayRange, dayRange } from '../day-range.ts';
import type { AdminDeps } from '../deps.ts';
import { day, month, usd } from '../fields.ts';
import { dayView, reconciliationView } from '../reconcile-view.ts';

const DAY_MS = 86_400_000;
/** One page of OpenAI's usage has no more, and each day is some twenty requests to it and to the books. */
const MAX_DAYS = 31;

const percent = z.union([z.string(), z.number()]).transform((value, context): bigint => {
  const parsed = parseUsd(value);
  if (parsed !== undefined && parsed >= 0n) return parsed;
  context.addIssue({ code: 'custom', message: 'must be a percentage, such as "0.5" or 1' });
  return z.NEVER;
});

const schema = z.strictObject({
  day: day.optional(),
  month: month.optional(),
  from: day.optional(),
  to: day.optional(),
  tolerance_usd: usd.prefault('1'),
  tolerance_percent: percent.default(ONE_USD),
  explain: z.boolean().default(false),
  alarm: z.boolean().default(false),
});
type Fields = z.output<typeof schema>;

export const reconcileCommand = defineCommand({
  name: 'reconcile',
  summary:
    "Compares what the books and OpenAI's own account say that each model cost on each UTC day (yesterday when none " +
    'is named), and shows the differences in dollars and percent. With explain, also how much of the booked sums is ' +
    'flagged; with alarm, as the schedule sends it, each day is logged, and a finished day that is out of tolerance ' +
    'raises an alarm.',
  example: { from: '2026-11-01', to: '2026-11-20', tolerance_percent: '0.5' },
  schema,
  async run(fields, deps) {
    if (!fields.alarm) return compare(fields, deps);
    try {
      const reply = await compare(fields, deps);
      if (isRefusal(reply)) deps.log.alarm('reconcile_failed', { code: reply.code });
      return reply;
    } catch (error) {
      deps.log.alarm('reconcile_failed', { fault: error instanceof Error ? error.name : typeof error });
      throw error;
    }
  },
});

async function compare(fields: Fields, deps: AdminDeps): Promise<JsonObject | Refusal> {
  if (deps.invoice === undefined) return notConfigured();
  const now = deps.clock.now();
  const range = rangeOf(fields, now);
  if (isRefusal(range)) return range;
  const days = daysBetween(range.start, range.end);
  if (days.length > MAX_DAYS)
    return invalidRequest('invalid_range', `reconcile: at most ${MAX_DAYS} days at a time`, {
      param: 'from',
    });
  const found = await gather(days, range, fields.explain, deps.invoice, deps);
  if (isRefusal(found)) return found;
  const { reconciliation, usageFailure } = found;
  const tolerance: Tolerance = { usd: fields.tolerance_usd, percent: fields.tolerance_percent };
  if (fields.alarm) report(reconciliation, tolerance, periodKey('day', now), deps);
  return {
    from: range.from,
    to: range.to,
    openai_project: deps.invoice.project ?? null,
    ...reconciliationView(reconciliation, tolerance),
    ...(usageFailure === undefined ? {} : { usage_error: usageFailure.detail }),
  };
}

function rangeOf(fields: Fields, now: number): DayRange | Refusal {
  const { day: on, month: inMonth, from, to } = fields;
  const named = on ?? inMonth ?? from ?? to;
  const yesterday = periodKey('day', periodStart('day', now) - DAY_MS);
  const range = dayRange(named === undefined ? { day: yesterday } : fields, now);
  if (isRefusal(range) || range.start <= now) return range;
  return invalidRequest('invalid_range', `reconcile: ${range.from} is in the future`, { param: 'from' });
}

interface Found {
  readonly kind: 'found';
  readonly reconciliation: Reconciliation;
  readonly usageFailure?: InvoiceFailure;
}

/** Reads both sides. Usage only explains: where OpenAI does not tell it, the costs are compared without. */
async function gather(
  days: readonly string[],
  range: DayRange,
  explain: boolean,
  invoice: Invoice,
  deps: AdminDeps,
): Promise<Found | Refusal> {
  const [from = range.from] = days;
  const to = days.at(-1) ?? from;
  const costs = await invoice.costs(from, to);
  if ('kind' in costs) return failed(costs);
  const usage = await invoice.usage(from, to);
  const usageFailure = 'kind' in usage ? usage : undefined;
  const books = await readBooks({}, range, deps);
  if (!Array.isArray(books)) return tooMuch(books.projectDays);
  const reconciliation = reconcile(
    {
      days,
      books,
      costs,
      usage: 'kind' in usage ? undefined : usage,
      flagged: explain ? await readFlagged(range, deps) : undefined,
    },
    deps.prices,
  );
  return { kind: 'found', reconciliation, ...(usageFailure === undefined ? {} : { usageFailure }) };
}

/** One line for each day, and an alarm for each that is over and out of tolerance. */
function report({ days }: Reconciliation, tolerance: Tolerance, today: string, { log }: AdminDeps): void {
  for (const compared of days) {
    const facts = {
      day: compared.day,
      bookedUsd: formatUsd(compared.booked),
      billedUsd: formatUsd(compared.billed),
      differenceUsd: formatUsd(differenceOf(compared)),
      percent: percentOf(compared),
    };
    log.event('info', 'reconcile', {
      ...facts,
      withinTolerance: dayView(compared, tolerance).within_tolerance,
    });
    if (compared.day < today && passes(compared, tolerance)) log.alarm('reconcile_difference', facts);
  }
}

function notConfigured(): Refusal {
  return invalidRequest(
    'no_admin_key',
    "reconcile reads OpenAI's own costs, for which the organization's admin key is needed, and none is configured. " +
      'Make an admin key (sk-admin-…, with permission to read usage) in the settings of the OpenAI organization, put it ' +
      "into a secret of its own in Secrets Manager, and set OPENAI_ADMIN_SECRET_ARN of the admin function to the secret's " +
      "ARN; set OPENAI_PROJECT_ID to the stage's OpenAI project, unless the organization is the stage's alone.",
  );
}

function failed({ kind, detail }: InvoiceFailure): Refusal {
  const [code, message] =
    kind === 'refused'
      ? (['openai_refused', `OpenAI refused to tell its costs (${detail}). ${CHECK_KEY}`] as const)
      : kind === 'unreachable'
        ? ([
            'openai_unreachable',
            `OpenAI did not tell its costs (${detail}). Try again. ${CHECK_KEY}`,
          ] as const)
        : (['openai_unreadable', `OpenAI's costs cannot be read: ${detail}. Report it as a bug.`] as const);
  return { kind: REFUSAL, status: 502, type: 'openai_error', code, message };
}

const CHECK_KEY =
  'The secret that OPENAI_ADMIN_SECRET_ARN names must be readable by this function, and must hold an admin key ' +
  '(sk-admin-…) with permission to read usage.';

function tooMuch(projectDays: number): Refusal {
  return invalidRequest(
    'too_much',
    `reconcile: the books of ${projectDays} projects' days are too much for one reply. Name fewer days.`,
  );
}
