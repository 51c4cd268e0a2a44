import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import type { BilledCost, BilledUsage, Measure, Tool } from '../core/invoice.ts';
import { isObject } from '../core/json.ts';
import type { Invoice, InvoiceFailure } from '../ports/invoice.ts';
import type { Upstream } from '../ports/upstream.ts';
import { COST_RESULT, readPage, USAGE_RESULT, type UsageResult } from './organization-pages.ts';

export interface OrganizationOptions {
  /** OpenAI, with the organization's admin key. */
  readonly upstream: Upstream;
  /** The only project that counts, such as `proj_…`; absent: all of them. */
  readonly project?: string | undefined;
  /** How many days one page may have: 1 to 31, which is also what it is unless told. */
  readonly pageDays?: number;
  /** How long one request may take, in milliseconds; 30,000 unless told. */
  readonly timeoutMs?: number;
  /** How long to wait before another attempt, in milliseconds; 1,000 unless told, and twice that the next time. */
  readonly retryMs?: number;
}

/** The most daily buckets that a page of usage can have, by OpenAI's API reference. */
const MAX_PAGE_DAYS = 31;
const TIMEOUT_MS = 30_000;
const RETRY_MS = 1_000;
const ATTEMPTS = 3;
/** More pages than any range has: whoever says that there are more goes round in circles. */
const MAX_PAGES = 1_000;
const MAX_MESSAGE = 300;

interface UsageKind {
  readonly path: string;
  /** The tool that it is all of; absent: it is grouped by model. */
  readonly tool?: Tool;
  /** The field of a result for each measure. */
  readonly fields: Readonly<Partial<Record<Measure, keyof UsageResult>>>;
}

const TOKENS = {
  requests: 'num_model_requests',
  input: 'input_tokens',
  cached_input: 'input_cached_tokens',
  output: 'output_tokens',
} as const;

/** The kinds of usage that cost money and that the books count too. */
const USAGE_KINDS: readonly UsageKind[] = [
  { path: 'completions', fields: TOKENS },
  { path: 'decisions', fields: TOKENS },
  { path: 'embeddings', fields: { requests: 'num_model_requests', input: 'input_tokens' } },
  { path: 'images', fields: { requests: 'num_model_requests' } },
  { path: 'audio_speeches', fields: { requests: 'num_model_requests', characters: 'characters' } },
  { path: 'audio_transcriptions', fields: { requests: 'num_model_requests', seconds: 'seconds' } },
  { path: 'web_search_calls', tool: 'web_search', fields: { requests: 'num_requests' } },
  { path: 'file_search_calls', tool: 'file_search', fields: { requests: 'num_requests' } },
];

/**
 * OpenAI's organization API (costs and usage), read page by page with an admin key. What may pass, it tries again: three
 * times in all.
 *
 * Source: https://platform.openai.com/docs/api-reference/usage, and the types of the `openai` package.
 */
export function createOrganization(options: OrganizationOptions): Invoice {
  const { project } = options;
  return {
    ...(project === undefined ? {} : { project }),
    async costs(from, to) {
      const query = queryOf(from, to, options, 'line_item');
      const found = await everyResult('/organization/costs', query, COST_RESULT, options);
      return Array.isArray(found) ? found.map(costOf) : found;
    },
    async usage(from, to) {
      const all: BilledUsage[] = [];
      for (const kind of USAGE_KINDS) {
        const query = queryOf(from, to, options, kind.tool === undefined ? 'model' : undefined);
        const found = await everyResult(`/organization/usage/${kind.path}`, query, USAGE_RESULT, options);
        if (!Array.isArray(found)) return found;
        all.push(...found.map((result) => usageOf(result, kind)));
      }
      return all;
    },
  };
}

function queryOf(
  from: string,
  to: string,
  { project, pageDays = MAX_PAGE_DAYS }: OrganizationOptions,
  groupBy: string | undefined,
): URLSearchParams {
  return new URLSearchParams([
    ['start_time', String(Date.parse(from) / 1_000)],
    ['end_time', String(Date.parse(to) / 1_000 + 86_400)],
    ['bucket_width', '1d'],
    ['limit', String(pageDays)],
    ...(groupBy === undefined ? [] : [['group_by[]', groupBy]]),
    ...(project === undefined ? [] : [['project_ids[]', project]]),
  ]);
}

type Dated<T> = { readonly day: string; readonly result: T };

async function everyResult<Shape extends z.ZodType>(
  path: string,
  query: URLSearchParams,
  shape: Shape,
  options: OrganizationOptions,
): Promise<Dated<z.output<Shape>>[] | InvoiceFailure> {
  const all: Dated<z.output<Shape>>[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const asked = new URLSearchParams(query);
    if (cursor !== undefined) asked.set('page', cursor);
    const text = await read(`${path}?${asked}`, options);
    if (typeof text !== 'string') return text;
    const page = readPage(text);
    if (page === undefined) return notUnderstood(path);
    for (const { day, result } of page.results) {
      const checked = shape.safeParse(result);
      if (!checked.success) return notUnderstood(path);
      all.push({ day, result: checked.data });
    }
    if (page.next === undefined) return all;
    cursor = page.next;
  }
  return notUnderstood(path);
}

/** The body of a 200, or why there is none after all attempts. */
async function read(path: string, options: OrganizationOptions): Promise<string | InvoiceFailure> {
  for (let attempt = 1; ; attempt++) {
    const answer = await readOnce(path, options);
    if (typeof answer === 'string' || answer.kind !== 'unreachable' || attempt === ATTEMPTS) return answer;
    await pause((options.retryMs ?? RETRY_MS) * attempt);
  }
}

async function readOnce(
  path: string,
  { upstream, timeoutMs = TIMEOUT_MS }: OrganizationOptions,
): Promise<string | InvoiceFailure> {
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = new Headers({ accept: 'application/json', 'accept-encoding': 'identity' });
  const answer = await upstream.send({ method: 'GET', path, headers, signal });
  if (!(answer instanceof Response)) return { kind: 'unreachable', detail: answer.detail };
  const text = await answer.text().catch(() => undefined);
  if (text === undefined) return { kind: 'unreachable', detail: 'the answer broke off' };
  if (answer.status === 200) return text;
  const passing = answer.status === 429 || answer.status >= 500;
  return { kind: passing ? 'unreachable' : 'refused', detail: `${answer.status} ${messageOf(text)}`.trim() };
}

/** OpenAI's own words; the upstream has taken the key out of them. */
function messageOf(text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    const error = isObject(body) ? body['error'] : undefined;
    const message = isObject(error) ? error['message'] : undefined;
    return typeof message === 'string' ? message.slice(0, MAX_MESSAGE) : '';
  } catch {
    return '';
  }
}

function notUnderstood(path: string): InvoiceFailure {
  return { kind: 'unreadable', detail: `what ${path} answers is not what OpenAI documents` };
}

function costOf({ day, result }: Dated<z.output<typeof COST_RESULT>>): BilledCost {
  return { day, lineItem: result.line_item ?? '(no line item)', amount: result.amount?.value ?? 0n };
}

function usageOf({ day, result }: Dated<UsageResult>, { tool, fields }: UsageKind): BilledUsage {
  const counts = Object.entries(fields).flatMap(([measure, field]) => {
    const count = result[field];
    return Number.isSafeInteger(count) ? [[measure, count] as const] : [];
  });
  return {
    day,
    of: tool === undefined ? { model: result.model ?? '(no model)' } : { tool },
    measured: Object.fromEntries(counts),
  };
}
