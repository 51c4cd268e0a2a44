import { periodKey } from '../../shared/core/period.ts';
import { apiError, type JsonReply } from './reply.ts';

const DAY = 86_400;
const DEFAULT_LIMIT = 7;
/** A year and more: whoever asks for more made a slip. */
const MOST_DAYS = 400;

/** What one page of the organization API is to show. */
export interface PageQuery {
  /** The UTC days of the page, with their first second since the epoch. */
  readonly days: readonly { readonly day: string; readonly start: number }[];
  /** How to ask for the next page; `null`: this is the last. */
  readonly next: string | null;
  readonly groupBy: readonly string[];
  /** Whether a filter such as `project_ids` lets a value through: one that the request does not name lets all. */
  allows(filter: string, value: string): boolean;
}

/**
 * Reads the query of a request for daily buckets.
 *
 * @param groups what it may group by
 * @param mostDays the most buckets that a page can have
 * @param now seconds since the epoch
 */
export function readPageQuery(
  query: URLSearchParams,
  groups: readonly string[],
  mostDays: number,
  now: number,
): PageQuery | JsonReply {
  const start = wholeNumber(query.get('start_time'));
  if (start === undefined) return invalid('start_time', 'an integer of seconds since the epoch');
  const end = query.has('end_time') ? wholeNumber(query.get('end_time')) : now;
  if (end === undefined || end <= start) return invalid('end_time', 'an integer after start_time');
  if ((query.get('bucket_width') ?? '1d') !== '1d') return invalid('bucket_width', '1d');
  const limit = query.has('limit') ? wholeNumber(query.get('limit')) : DEFAULT_LIMIT;
  if (limit === undefined || limit < 1 || limit > mostDays)
    return invalid('limit', `between 1 and ${mostDays}`);
  const groupBy = list(query, 'group_by');
  const wrong = groupBy.find((field) => !groups.includes(field));
  if (wrong !== undefined) return invalid('group_by', `one of ${groups.join(', ')}`);

  const first = Math.floor(start / DAY) * DAY;
  const all = Math.min(Math.ceil((end - first) / DAY), MOST_DAYS);
  const cursor = query.get('page');
  const skipped = cursor === null ? 0 : offsetOf(cursor);
  if (skipped === undefined || skipped >= all) return invalid('page', 'the next_page of an earlier answer');
  const shown = Math.min(limit, all - skipped);
  return {
    days: Array.from({ length: shown }, (_, at) => {
      const from = first + (skipped + at) * DAY;
      return { day: periodKey('day', from * 1_000), start: from };
    }),
    next: skipped + shown < all ? cursorOf(skipped + shown) : null,
    groupBy,
    allows: (filter, value) => {
      const allowed = list(query, filter);
      return allowed.length === 0 || allowed.includes(value);
    },
  };
}

/** As the SDKs send a list, `name[]=a&name[]=b`, or as `curl` may, `name=a&name=b`. */
function list(query: URLSearchParams, name: string): string[] {
  return [...query.getAll(`${name}[]`), ...query.getAll(name)];
}

function cursorOf(offset: number): string {
  return `page_${Buffer.from(String(offset)).toString('base64url')}`;
}

function offsetOf(cursor: string): number | undefined {
  const [, encoded = ''] = /^page_([\w-]+)$/.exec(cursor) ?? [];
  return wholeNumber(Buffer.from(encoded, 'base64url').toString());
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

function invalid(param: string, expected: string): JsonReply {
  const message = `Invalid value for '${param}': expected ${expected}.`;
  return apiError(400, message, { param, code: 'invalid_value' });
}
