import type { JsonObject } from '../../shared/core/json.ts';

export interface Page<T> {
  readonly values: readonly T[];
  /** What to send as `after` for the next page; `null` on the last. */
  readonly next: string | null;
}

interface PageRequest<T> {
  readonly size: number;
  readonly after: string | undefined;
  /** Where a value stands in the list; the list is in ascending order of it. */
  readonly position: (value: T) => string;
  readonly keep: (value: T) => boolean;
}

/** Takes one page from an ordered list, and reads no more of it than needed. */
export async function takePage<T>(list: AsyncIterable<T>, request: PageRequest<T>): Promise<Page<T>> {
  const { size, after, position, keep } = request;
  const values: T[] = [];
  let last: string | null = null;
  for await (const value of list) {
    const at = position(value);
    if ((after !== undefined && at <= after) || !keep(value)) continue;
    if (values.length === size) return { values, next: last };
    values.push(value);
    last = at;
  }
  return { values, next: null };
}

/** The part of a reply that says how to get the next page. */
export function nextPage({ next }: Page<unknown>): JsonObject {
  return { next };
}
