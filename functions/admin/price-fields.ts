import * as z from 'zod';
import type { Picodollars } from '../../shared/core/money.ts';
import { TIERS } from '../../shared/core/price.ts';
import { BILLED_CLASSES, type BilledClass, UNITS } from '../../shared/core/usage.ts';
import { imageOutput, vision } from '../../shared/pricing/row.ts';
import { day, modelName, usd } from './fields.ts';

const MILLION = 1_000_000n;
const MAX_TEXT = 500;

/** Who makes a change, in the admin's own word: AWS knows it by the invocation. */
export const actor = z.string().regex(/^[ -~]{1,128}$/, 'must be 1 to 128 printable ASCII characters');

const text = z.string().min(1, 'must not be empty').max(MAX_TEXT, `must have at most ${MAX_TEXT} characters`);

/** USD for a million units, in picodollars for one. */
const perMillion = usd.transform((amount, context): Picodollars => {
  if (amount % MILLION === 0n) return amount / MILLION;
  context.addIssue({ code: 'custom', message: 'is finer than a picodollar for one token' });
  return z.NEVER;
});

function classes(units: ReadonlySet<string>): [BilledClass, ...BilledClass[]] {
  return BILLED_CLASSES.filter((unit) => units.has(UNITS[unit])) as [BilledClass, ...BilledClass[]];
}

const metered = z.enum(classes(new Set(['token', 'character', 'second'])));
const called = z.enum(classes(new Set(['call', 'minute'])));

const tiers = z.partialRecord(z.enum(TIERS), z.partialRecord(metered, perMillion));
const count = z.int().nonnegative();

/** The fields of `set-price`. A price is given whole: what it leaves out is not taken from the price before. */
export const priceFields = z.strictObject({
  model: modelName,
  from: day.optional(),
  source: text,
  source_date: day.optional(),
  by: actor,
  like: modelName.optional(),
  family: modelName.optional(),
  rates: tiers,
  long_context: z.strictObject({ over: z.int().positive(), rates: tiers }).optional(),
  calls: z.partialRecord(called, usd).optional(),
  context_window: z.int().positive().optional(),
  max_output_tokens: count.optional(),
  max_image_tokens: count.optional(),
  vision: vision.nullable().optional(),
  search_per_call: z.boolean().optional(),
  reasons: z.boolean().optional(),
  image_output: imageOutput.nullable().optional(),
  image_tool_default: z.boolean().optional(),
  regional: z.boolean().optional(),
  allow_missing: z.boolean().default(false),
  allow_free: z.boolean().default(false),
});

export type PriceFields = z.output<typeof priceFields>;
