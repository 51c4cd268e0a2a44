import type { Trail, TrailEntry } from '../ports/trail.ts';

/** The trail of a stage in memory: for tests, and for trying things out. */
export function createMemoryTrail(): Trail {
  const entries = new Map<string, TrailEntry>();
  return {
    async begin(entry) {
      entries.set(entry.id, structuredClone(entry));
    },
    async end(id, outcome) {
      const entry = entries.get(id);
      if (entry !== undefined) entries.set(id, { ...entry, outcome });
    },
    async *entries() {
      yield* [...entries.values()].sort((a, b) => (a.id > b.id ? -1 : 1));
    },
  };
}
