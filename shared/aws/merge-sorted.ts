/** Merges sorted lists into one sorted list, reading each no further than it must. */
export async function* mergeSorted<T>(
  lists: readonly AsyncIterable<T>[],
  compare: (a: T, b: T) => number,
): AsyncIterable<T> {
  const heads = await Promise.all(
    lists.map(async (list) => {
      const rest = list[Symbol.asyncIterator]();
      return { rest, next: await rest.next() };
    }),
  );
  for (;;) {
    const first = heads.reduce<{ head: (typeof heads)[number]; value: T } | undefined>((least, head) => {
      if (head.next.done) return least;
      const { value } = head.next;
      return least === undefined || compare(value, least.value) < 0 ? { head, value } : least;
    }, undefined);
    if (first === undefined) return;
    yield first.value;
    first.head.next = await first.head.rest.next();
  }
}
