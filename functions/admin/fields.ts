import * as z from 'zod';
import { floorUsd, formatUsd, ONE_USD, type Picodollars, parseUsd } from '../../shared/core/money.ts';
import { fitsInKey, projectNameProblem, userNameProblem } from '../../shared/core/names.ts';
import { PERIODS, periodKey } from '../../shared/core/period.ts';
import { MAX_SHARDS } from '../../shared/core/scope.ts';

const MAX_AMOUNT: Picodollars = 1_000_000_000n * ONE_USD;
/** Decimal digits that every JSON number carries exactly (IEEE 754 double precision). */
const EXACT_DIGITS = 15;
const MAX_TEXT = 256;
const MAX_PATTERNS = 100;

export const projectName = z.string().superRefine((name, context) => {
  const message = projectNameProblem(name);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** A user's name, or the ARN that it comes from. */
export const userName = z.string().superRefine((name, context) => {
  const message = name.startsWith('arn:') && name.length <= MAX_TEXT ? undefined : userNameProblem(name);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

export const modelName = z
  .string()
  .regex(/^[\w.:-]{1,128}$/, 'must be the id of one model, such as "gpt-4o"; without it every model is meant')
  .refine(fitsInKey, 'has too many colons');

export const period = z.enum(PERIODS, { error: `must be one of ${PERIODS.join(', ')}` });

/** Over how many items the account of a limit is spread. */
export const shards = z.int().min(1).max(MAX_SHARDS);

export const pageSize = z.int().min(1).max(1000).default(100);

/** Patterns in which `*` stands for anything. */
export const patterns = z
  .array(
    z
      .string()
      .regex(/^[!-~](?:[ -~]*[!-~])?$/, 'must be printable ASCII')
      .max(MAX_TEXT),
  )
  .max(MAX_PATTERNS);

/** A UTC day that is in the calendar, `YYYY-MM-DD`. */
export const day = z.string().refine((text) => periodKeyOf('day', text) === text, {
  error: 'must be a day in UTC such as "2026-11-21"',
});

/** A UTC month, `YYYY-MM`. */
export const month = z.string().refine((text) => periodKeyOf('month', text) === text, {
  error: 'must be a month in UTC such as "2026-11"',
});

function periodKeyOf(kind: 'day' | 'month', text: string): string | undefined {
  const at = /^\d{4}-\d\d(-\d\d)?$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : periodKey(kind, at);
}

/** An amount in USD, a string or a number, in picodollars. */
export const usd = usdField((value) => {
  if (typeof value === 'number' && digitsOf(value) > EXACT_DIGITS)
    return 'has more digits than a JSON number carries exactly; send it as a string';
  return parseUsd(value);
});

/** The same, of any number of digits and rounded down to a picodollar: what a program works out in floats. */
export const roundedUsd = usdField((value) => floorUsd(String(value)));

function usdField(read: (value: string | number) => Picodollars | string | undefined) {
  return z.unknown().transform((value, context): Picodollars => {
    const amount = checkUsd(value, read);
    if (typeof amount === 'bigint') return amount;
    context.addIssue({ code: 'custom', message: amount });
    return z.NEVER;
  });
}

function checkUsd(
  value: unknown,
  read: (value: string | number) => Picodollars | string | undefined,
): Picodollars | string {
  if (value === undefined) return 'an amount in USD is missing';
  if (typeof value !== 'string' && typeof value !== 'number')
    return 'must be an amount in USD, such as "12.50" or 12.5';
  const amount = String(value).length > MAX_TEXT ? undefined : read(value);
  if (typeof amount === 'string') return amount;
  if (amount === undefined)
    return 'must be a decimal amount in USD, no finer than 0.000000000001, such as "12.50" or 12.5';
  if (amount < 0n) return 'must not be negative';
  if (amount > MAX_AMOUNT) return `must be at most ${formatUsd(MAX_AMOUNT)} USD`;
  return amount;
}

/** The significant digits with which JavaScript prints a number. */
function digitsOf(value: number): number {
  const [mantissa = ''] = String(value).split('e');
  return mantissa.replace(/[^\d]/g, '').replace(/^0+/, '').length;
}
