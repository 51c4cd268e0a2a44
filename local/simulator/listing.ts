const DEFAULT_LIMIT = 20;
const MOST = 10_000;

/** A page of a list as OpenAI gives it, the newest first unless the query, or else the list, says otherwise. */
export function page<T extends { readonly id: string }>(
  objects: readonly T[],
  query: URLSearchParams,
  order: 'asc' | 'desc' = 'desc',
) {
  const ordered = (query.get('order') ?? order) === 'asc' ? objects : objects.toReversed();
  const after = ordered.findIndex(({ id }) => id === query.get('after')) + 1;
  const asked = Number(query.get('limit') ?? DEFAULT_LIMIT);
  const limit = Number.isSafeInteger(asked) && asked > 0 ? Math.min(asked, MOST) : DEFAULT_LIMIT;
  const data = ordered.slice(after, after + limit);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: after + limit < ordered.length,
  };
}
