import { json, type Received, type Script } from '../../support/scripted-upstream.ts';

/** An object as OpenAI shows it. */
export interface Kept {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created_at: number;
  readonly [member: string]: unknown;
}

/** What OpenAI keeps of one kind for a whole account. */
export interface Account {
  /** The oldest first. */
  readonly kept: Kept[];
  /** `GET` of the list, with OpenAI's cursors, filters and bounds; `POST` makes an object. */
  readonly list: Script;
  /** `GET` and `DELETE` of one. */
  readonly one: Script;
}

export interface AccountRules {
  readonly order?: 'asc' | 'desc';
  readonly most?: number;
  readonly limit?: number;
  readonly make?: (request: Received) => Kept;
}

/** An account of OpenAI's that many projects share. */
export function account({ order = 'desc', most = 100, limit = 20, make }: AccountRules = {}): Account {
  const kept: Kept[] = [];
  const refuse = (message: string, status = 400) =>
    json({ error: { message, type: 'invalid_request_error', param: null, code: null } }, status);

  const page: Script = (request, response) => {
    const query = new URL(request.url, 'http://upstream').searchParams;
    const asked = query.has('limit') ? Number(query.get('limit')) : limit;
    if (!(asked >= 1 && asked <= most)) return refuse(`limit must be 1 to ${most}`)(request, response);
    const ordered = query.get('order') ?? order;
    if (ordered !== 'asc' && ordered !== 'desc') return refuse('no such order')(request, response);
    const found = kept.filter((object) => isFound(object, query));
    const all = ordered === 'asc' ? found : found.toReversed();
    const after = query.get('after');
    const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
    if (after !== null && from === 0) return refuse('no such cursor', 404)(request, response);
    const data = all.slice(from, from + asked);
    const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
    return json({ object: 'list', data, ...ends, has_more: from + asked < all.length })(request, response);
  };

  return {
    kept,
    list: (request, response) => {
      if (request.method === 'GET' || make === undefined) return page(request, response);
      const made = make(request);
      kept.push(made);
      return json(made)(request, response);
    },
    one: (request, response) => {
      const id = decodeURIComponent(new URL(request.url, 'http://upstream').pathname.split('/').at(-1) ?? '');
      const at = kept.findIndex((object) => object.id === id);
      if (at === -1) return refuse('No such object.', 404)(request, response);
      if (request.method !== 'DELETE') return json(kept[at])(request, response);
      kept.splice(at, 1);
      return json({ id, deleted: true })(request, response);
    },
  };
}

function isFound(object: Kept, query: URLSearchParams): boolean {
  return [...query].every(([name, value]) => {
    if (['after', 'before', 'limit', 'order'].includes(name)) return true;
    const [, noted] = /^metadata\[(.+)\]$/.exec(name) ?? [];
    const { metadata } = object;
    if (noted === undefined) return object[name] === value;
    return typeof metadata === 'object' && (metadata as Record<string, unknown>)[noted] === value;
  });
}
