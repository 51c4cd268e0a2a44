import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { parseJsonBody, stringifyBody } from '../../shared/core/json-body.ts';
import { listOf, textOf } from '../../shared/core/json-members.ts';
import type { ObjectKind } from '../../shared/core/objects.ts';
import { isRefusal } from '../../shared/core/refusal.ts';
import type { UpstreamFailure } from '../../shared/ports/upstream.ts';
import type { HeldCall } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { isOwn } from './own.ts';

/** As many as OpenAI gives at once. */
const PAGE = 100;
/** What OpenAI gives to a request that names no `limit`; of files it gives all, which is as many pages as it takes. */
const DEFAULT_LIMIT = 20;
const DEFAULT_FILES = 10_000;
/** A list in which so many pages are of others ends there, and says that there is more. */
const MAX_PAGES = 100;

interface Page {
  readonly response: Response;
  readonly answer: JsonObject;
  readonly own: readonly JsonObject[];
}

/**
 * Lists what is the project's own: OpenAI's list is of the whole account, so its pages are read until enough of them is.
 *
 * @param send asks OpenAI for the same list with this query
 */
export async function listOwn(
  call: HeldCall,
  kind: ObjectKind,
  send: (search: string) => Promise<Response | UpstreamFailure>,
  deps: Pick<ProxyDeps, 'objects'>,
): Promise<Response | UpstreamFailure> {
  const query = call.url.searchParams;
  const wanted = limitOf(query.get('limit'), kind);
  const own: JsonObject[] = [];
  let after = query.get('after');
  for (let pages = 1; ; pages += 1) {
    const page = await readPage(call, kind, await send(searchOf(query, after)), deps);
    if (!('own' in page)) return page;
    own.push(...page.own);
    after = textOf(listOf(page.answer['data']).filter(isObject).at(-1)?.['id']) ?? null;
    const more = page.answer['has_more'] === true && after !== null;
    if (own.length > wanted || !more || pages === MAX_PAGES) {
      return listReply(page, own.slice(0, wanted), more || own.length > wanted);
    }
  }
}

/** One page of OpenAI's list with what is the project's own of it; what is no list is passed on as it is. */
async function readPage(
  call: HeldCall,
  kind: ObjectKind,
  response: Response | UpstreamFailure,
  deps: Pick<ProxyDeps, 'objects'>,
): Promise<Page | Response | UpstreamFailure> {
  if (!(response instanceof Response) || !response.ok) return response;
  const parsed = parseJsonBody(new Uint8Array(await response.arrayBuffer()));
  if (isRefusal(parsed)) return { kind: 'unreachable', sent: true, detail: 'its list is no JSON' };
  const objects = listOf(parsed.json['data']).filter(isObject);
  const owners = await deps.objects.owners(objects.map(({ id }) => textOf(id) ?? ''));
  const own = objects.filter(({ id }) =>
    isOwn({ kind, weak: false }, owners.get(textOf(id) ?? ''), call.projectName),
  );
  return { response, answer: parsed.json, own };
}

function listReply({ response, answer }: Page, data: JsonObject[], more: boolean): Response {
  const list = { ...answer, data, has_more: more };
  const ends =
    'first_id' in answer || 'last_id' in answer
      ? { first_id: data[0]?.['id'] ?? null, last_id: data.at(-1)?.['id'] ?? null }
      : {};
  return new Response(Buffer.from(stringifyBody({ ...list, ...ends })), {
    status: response.status,
    headers: response.headers,
  });
}

function searchOf(query: URLSearchParams, after: string | null): string {
  const page = new URLSearchParams(query);
  page.set('limit', String(PAGE));
  if (after !== null) page.set('after', after);
  return `?${page}`;
}

function limitOf(text: string | null, kind: ObjectKind): number {
  const limit = Number(text ?? '');
  if (text !== null && Number.isInteger(limit) && limit > 0) return Math.min(limit, DEFAULT_FILES);
  return kind === 'file' ? DEFAULT_FILES : DEFAULT_LIMIT;
}
