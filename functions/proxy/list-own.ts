import type { JsonObject } from '../../shared/core/json.ts';
import { stringifyBody } from '../../shared/core/json-body.ts';
import type { ListedKind } from '../../shared/core/listed-objects.ts';
import type { Refusal } from '../../shared/core/refusal.ts';
import type { ListedObject, ListQuery } from '../../shared/ports/objects.ts';
import type { UpstreamFailure } from '../../shared/ports/upstream.ts';
import type { HeldCall } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { takeFree } from './free-rate.ts';
import { askEach, type Told } from './list-asked.ts';
import { type AskedList, mostListed, readListQuery } from './list-query.ts';
import { type ListWindow, readWindow } from './list-window.ts';

/** A project's own list is read in parts of so many, and no further than so many parts for one answer. */
const PART = 1_000;
const MOST_PARTS = 10;
/** OpenAI's page shows what others have as well: as many files are asked for, unless more are wanted. */
const WINDOW = 1_000;
/** What OpenAI's page does not reach is asked for by its id: so many for one answer. */
const MOST_ASKED = 20;
/** So many of those that OpenAI has no more are taken off the list at once. */
const MOST_UNLISTED = 100;

type Answer = Response | UpstreamFailure;
type ListDeps = Pick<ProxyDeps, 'objects' | 'clock' | 'freeCalls'>;

/**
 * Lists what is the project's own. Which objects these are is written down here; what they are like, and in what order,
 * OpenAI tells: in one page of its list, and one by one where that does not reach. So what others made is never in the
 * way, and whoever has nothing asks OpenAI for nothing.
 *
 * @param send asks OpenAI for a path with its query
 */
export async function listOwn(
  call: HeldCall,
  kind: ListedKind,
  send: (path: string) => Promise<Answer>,
  deps: ListDeps,
): Promise<Answer> {
  const asked = readListQuery(kind, call.url.searchParams);
  const query = { ...asked, project: call.projectName };
  const own = await readOwn(query, deps);
  if (own.ids.size === 0 && asked.isPlain) return listReply(EMPTY, [], false);
  const window = await readWindow(asked, await send(call.path + windowQuery(call.url.searchParams, asked)));
  if (!('shown' in window)) return window;
  const ask = (id: string) => send(`${call.path}/${encodeURIComponent(id)}`);
  const mayAsk = (count: number) => takeFree(call, count, deps);
  return collect({ query, window, ask, mayAsk }, own, deps);
}

/** A part of what a project has of what is asked for. */
interface Own {
  /** From the cursor on, in the order in which they were made. */
  readonly objects: readonly ListedObject[];
  readonly more: boolean;
  /** All of which OpenAI's page may show some. */
  readonly ids: ReadonlySet<string>;
}

/** A project with few objects has all of them read: then it is OpenAI alone that says which comes after which. */
async function readOwn(query: ListQuery, { objects }: ListDeps): Promise<Own> {
  const { after, before, ...all } = query;
  const limit = Math.max(PART, query.limit);
  const found = withIds(await objects.list({ ...all, limit }));
  if (after === undefined && before === undefined) return found;
  const from = withIds(await objects.list({ ...query, limit }));
  return found.more ? from : { ...from, ids: found.ids };
}

function withIds(list: Omit<Own, 'ids'>): Own {
  return { ...list, ids: new Set(list.objects.map(({ id }) => id)) };
}

/** The same list of OpenAI's, as far as it may have to reach; what it would refuse is passed on for it to say so. */
function windowQuery(query: URLSearchParams, { kind, isPlain, limit }: AskedList): string {
  const page = new URLSearchParams(query);
  if (isPlain) page.set('limit', String(Math.min(mostListed(kind), Math.max(WINDOW, limit))));
  return `?${page}`;
}

interface Sources {
  readonly query: ListQuery;
  readonly window: ListWindow;
  readonly ask: (id: string) => Promise<Answer>;
  /** Each of these requests counts, as a call by itself would. */
  readonly mayAsk: (count: number) => Promise<Refusal | undefined>;
}

/** Takes what OpenAI's page shows of the project's own, and then what lies beyond its end, until enough is found. */
async function collect({ query, window, ask, mayAsk }: Sources, own: Own, deps: ListDeps): Promise<Answer> {
  const { limit, tags } = query;
  const data: JsonObject[] = [];
  const gone: ListedObject[] = [];
  let asks = MOST_ASKED;
  let part = own;
  let isCut = false;
  for (let parts = 1; ; parts += 1) {
    const { shown, beyond, lost } = sorted(part, window, deps.clock.now());
    data.push(...shown);
    gone.push(...lost);
    const room = Math.max(0, limit - data.length);
    const told: Told | Answer = await askEach(beyond, { ask, mayAsk, room, asks, tags });
    if (!('data' in told)) return told;
    data.push(...told.data);
    gone.push(...told.gone);
    asks -= told.asked;
    isCut = told.left > 0 || data.length > limit;
    const last = part.objects.at(-1);
    if (isCut || data.length === limit || !part.more || last === undefined || parts === MOST_PARTS) break;
    part = withIds(await deps.objects.list({ ...query, after: last.id, limit: PART }));
  }
  await Promise.all(gone.slice(0, MOST_UNLISTED).map((object) => deps.objects.unlist(object)));
  return listReply(window, data.slice(0, limit), isCut || part.more);
}

/** What OpenAI's page shows of a part, in its order; what lies beyond it; and what is in neither, and old enough. */
function sorted({ ids, objects }: Own, window: ListWindow, now: number) {
  const shown = [...window.shown].flatMap(([id, object]) => (ids.has(id) ? [object] : []));
  const unseen = objects.filter(({ id }) => !window.shown.has(id));
  const which = (reason: string) => unseen.filter((object) => window.unseen(object, now) === reason);
  return { shown, beyond: which('beyond'), lost: which('gone') };
}

const EMPTY = {
  answer: { object: 'list', data: [], first_id: null, last_id: null, has_more: false },
  response: { status: 200, headers: new Headers({ 'content-type': 'application/json' }) },
};

function listReply(
  {
    answer,
    response,
  }: Pick<ListWindow, 'answer'> & { readonly response: Pick<Response, 'status' | 'headers'> },
  data: readonly JsonObject[],
  more: boolean,
): Response {
  const hasEnds = 'first_id' in answer || 'last_id' in answer;
  const ends = { first_id: data[0]?.['id'] ?? null, last_id: data.at(-1)?.['id'] ?? null };
  const list = { ...answer, data: [...data], has_more: more, ...(hasEnds ? ends : {}) };
  const { status, headers } = response;
  return new Response(Buffer.from(stringifyBody(list)), { status, headers });
}
