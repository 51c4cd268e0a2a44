import { forEach } from '../../shared/ledger/concurrent.ts';

/** As many reads as one command has under way at a time. */
export const WIDTH = 16;

/** Maps each value, at most 16 at a time; the results are in the order of the values. Throws the first failure. */
export async function mapParallel<T, R>(values: readonly T[], map: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  await forEach(values.entries(), WIDTH, async ([index, value]) => {
    results[index] = await map(value);
  });
  return results;
}
