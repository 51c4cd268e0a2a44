/**
 * Waits for all of them, also where one fails, and only then throws the first failure: nothing goes on in the
 * background that nobody waits for.
 */
export async function allOf<T>(operations: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(operations);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/**
 * Works through values as they come, at most `width` at a time. One failure does not keep the others from their
 * turn; the first is thrown in the end.
 */
export async function forEach<T>(
  values: AsyncIterable<T> | Iterable<T>,
  width: number,
  work: (value: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  try {
    for await (const value of values) {
      const run = work(value)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => running.delete(run));
      running.add(run);
      if (running.size >= width) await Promise.race(running);
    }
  } finally {
    await Promise.all(running);
  }
  if (failures.length > 0) throw failures[0];
}
