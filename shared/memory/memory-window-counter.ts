import type { WindowCounter } from '../ports/window-counter.ts';

/** Counters in memory: for tests, and for trying things out. */
export function createMemoryWindowCounter(): WindowCounter {
  const totals = new Map<string, number>();
  return {
    async take(name, endsAt, wanted, most) {
      const window = `${endsAt} ${name}`;
      const before = totals.get(window) ?? 0;
      const taken = Math.max(0, Math.min(wanted, most - before));
      totals.set(window, before + taken);
      return { taken, total: before + taken };
    },
  };
}
