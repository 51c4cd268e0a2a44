import * as z from 'zod';
import { parseExactNumbers } from '../core/json-body.ts';
import { roundUsd } from '../core/money.ts';
import { periodKey } from '../core/period.ts';

/*
 * The shapes of OpenAI's organization API: pages of daily buckets, as `resources/admin/organization/usage` of the
 * `openai` package types them. What else stands in them is ignored.
 */

const DAY_BUCKET = z.object({ start_time: z.int(), results: z.array(z.unknown()) });
const PAGE = z.object({
  data: z.array(DAY_BUCKET),
  has_more: z.boolean(),
  next_page: z.string().nullish(),
});

/** One page, and how to ask for the next. */
export interface Page {
  /** Each result with the UTC day of its bucket. */
  readonly results: readonly { readonly day: string; readonly result: unknown }[];
  readonly next: string | undefined;
}

/** Reads a page. Numbers that are no whole ones arrive as their text. `undefined`: it is none. */
export function readPage(text: string): Page | undefined {
  const page = PAGE.safeParse(parseExactNumbers(text));
  if (!page.success) return undefined;
  const { data, has_more, next_page } = page.data;
  return {
    results: data.flatMap(({ start_time, results }) => {
      const day = periodKey('day', start_time * 1_000);
      return results.map((result) => ({ day, result }));
    }),
    next: has_more ? (next_page ?? undefined) : undefined,
  };
}

/** An amount comes as a number, or as a decimal string; in any case of a currency code. */
const amount = z.union([z.int(), z.string()]).transform((value, context) => {
  const picodollars = roundUsd(String(value));
  if (picodollars !== undefined) return picodollars;
  context.addIssue({ code: 'custom', message: 'is no amount' });
  return z.NEVER;
});
const usd = z.string().regex(/^usd$/i).default('usd');

/** A result of `GET /organization/costs`; one without an amount cost nothing. */
export const COST_RESULT = z.object({
  line_item: z.string().nullish(),
  amount: z.object({ value: amount.default(0n), currency: usd }).optional(),
});

const count = z.union([z.int(), z.string().transform(Number)]).nullish();

/** A result of `GET /organization/usage/…`, of whichever kind: each has some of these. */
export const USAGE_RESULT = z.object({
  model: z.string().nullish(),
  num_model_requests: count,
  num_requests: count,
  input_tokens: count,
  input_cached_tokens: count,
  output_tokens: count,
  characters: count,
  seconds: count,
});
export type UsageResult = z.infer<typeof USAGE_RESULT>;
