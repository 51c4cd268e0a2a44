import { FILTERS, type ListedKind, tagOf } from '../../shared/core/listed-objects.ts';
import type { ListQuery } from '../../shared/ports/objects.ts';

/** What a caller asks of a list. */
export interface AskedList extends Omit<ListQuery, 'project'> {
  /** OpenAI would take it as it stands: nothing in it is unknown here, or out of range. */
  readonly isPlain: boolean;
}

interface Bounds {
  readonly limit: number;
  readonly most: number;
  readonly order: 'asc' | 'desc';
  /** What its query can have beside `after`, `limit` and the filters. */
  readonly names: readonly string[];
}

const BY_DAY: Bounds = { limit: 20, most: 100, order: 'desc', names: ['order'] };

/** What OpenAI's API reference says of each list. */
const BOUNDS: Readonly<Record<ListedKind, Bounds>> = {
  batch: { ...BY_DAY, names: [] },
  chat_completion: { ...BY_DAY, order: 'asc' },
  container: BY_DAY,
  file: { ...BY_DAY, limit: 10_000, most: 10_000 },
  vector_store: { ...BY_DAY, names: ['order', 'before'] },
};

const METADATA = /^metadata\[.+\]$/s;

/** Reads the query of a list as OpenAI reads it; what OpenAI would refuse is read as if it was not there. */
export function readListQuery(kind: ListedKind, query: URLSearchParams): AskedList {
  const { most, names, ...defaults } = BOUNDS[kind];
  const [after, before] = ['after', 'before'].map((name) => query.get(name) || undefined);
  const takesBefore = before !== undefined && names.includes('before');
  const filters = [...query].filter(([name]) => isFilter(kind, name));
  const limit = limitOf(query.get('limit'), most);
  const order = names.includes('order') ? orderOf(query.get('order')) : undefined;
  const isKnown = ([name, value]: [string, string]) =>
    value !== '' &&
    query.getAll(name).length === 1 &&
    (name === 'after' || name === 'limit' || names.includes(name) || isFilter(kind, name));
  return {
    kind,
    limit: limit ?? defaults.limit,
    order: order ?? defaults.order,
    ...(after === undefined ? {} : { after }),
    ...(takesBefore ? { before } : {}),
    tags: filters.map(([name, value]) => tagOf(name, value)),
    isPlain:
      [...query].every(isKnown) &&
      (limit !== undefined || !query.has('limit')) &&
      (order !== undefined || !query.has('order')),
  };
}

/** How many objects OpenAI gives of a list at once. */
export function mostListed(kind: ListedKind): number {
  return BOUNDS[kind].most;
}

function isFilter(kind: ListedKind, name: string): boolean {
  return FILTERS[kind].includes(name) || (kind === 'chat_completion' && METADATA.test(name));
}

function limitOf(text: string | null, most: number): number | undefined {
  const limit = /^\d{1,6}$/.test(text ?? '') ? Number(text) : 0;
  return limit >= 1 && limit <= most ? limit : undefined;
}

function orderOf(text: string | null): 'asc' | 'desc' | undefined {
  return text === 'asc' || text === 'desc' ? text : undefined;
}
