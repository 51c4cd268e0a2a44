import { bringsHostedTools } from '../core/endpoints/response-tools.ts';
import { listOf } from '../core/json-members.ts';
import type { Refusal } from '../core/refusal.ts';
import type { Upstream } from '../ports/upstream.ts';
import { askFor } from './ask.ts';

/** As many items as OpenAI gives at once. */
const PAGE = 100;
/** A longer conversation is not read. */
const MOST_PAGES = 20;

const ITEMS = { data: { type: true, tools: true }, has_more: true, last_id: true } as const;

/** `none`: it has no tools that OpenAI runs, or is not there · `unknown`: OpenAI did not say, and may another time. */
export type StoredTools = 'none' | 'hosted' | 'too_long' | 'unknown';

/**
 * Reads what OpenAI keeps of a conversation for tools that it would run in each response that goes on from it.
 *
 * @param forbids asked before each page, which is a request to OpenAI: why it may not be read now, if so
 */
export async function storedTools(
  id: string,
  upstream: Upstream,
  signal: AbortSignal,
  forbids: () => Promise<Refusal | undefined>,
): Promise<StoredTools | Refusal> {
  const path = `/conversations/${encodeURIComponent(id)}/items?limit=${PAGE}&order=asc`;
  let after = '';
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const refusal = await forbids();
    if (refusal !== undefined) return refusal;
    const asked = await askFor(upstream, path + after, ITEMS, signal);
    if (asked.kind === 'gone') return 'none';
    if (asked.kind === 'unknown') return 'unknown';
    const { data, has_more: hasMore, last_id: last } = asked.found;
    if (listOf(data).some(bringsHostedTools)) return 'hosted';
    if (hasMore !== true) return 'none';
    if (typeof last !== 'string') return 'unknown';
    after = `&after=${encodeURIComponent(last)}`;
  }
  return 'too_long';
}
