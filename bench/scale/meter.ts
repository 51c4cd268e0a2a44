/** What one key was charged. */
interface Charge {
  units: number;
  bytes: number;
}

export interface HotKey {
  /** What lies there: `limit`, `shard`, `books`, `calls` or `open list`. */
  readonly kind: string;
  readonly key: string;
  readonly unitsPerSecond: number;
  /** The largest item that was written there. */
  readonly bytes: number;
}

/** Counts what DynamoDB would charge, by partition key, while it is on. */
export interface Meter {
  write(kind: string, key: string, units: number, bytes: number): void;
  read(units: number): void;
  /** Forgets all, and counts from now on. */
  start(): void;
  /** @param seconds how long it counted, in simulated time */
  hottest(seconds: number): HotKey[];
  readonly totals: { readonly writes: number; readonly writeUnits: number; readonly readUnits: number };
}

/** Makes a meter that counts nothing yet. */
export function createMeter(): Meter {
  const keys = new Map<string, Charge & { kind: string }>();
  const totals = { writes: 0, writeUnits: 0, readUnits: 0 };
  let isOn = false;
  return {
    totals,
    write(kind, key, units, bytes) {
      if (!isOn) return;
      const charge = keys.get(key) ?? { kind, units: 0, bytes: 0 };
      charge.units += units;
      charge.bytes = Math.max(charge.bytes, bytes);
      keys.set(key, charge);
      totals.writes += 1;
      totals.writeUnits += units;
    },
    read(units) {
      if (isOn) totals.readUnits += units;
    },
    start() {
      isOn = true;
      keys.clear();
      Object.assign(totals, { writes: 0, writeUnits: 0, readUnits: 0 });
    },
    hottest(seconds) {
      const hottest = new Map<string, HotKey>();
      for (const [key, { kind, units, bytes }] of keys) {
        const found = { kind, key, unitsPerSecond: units / seconds, bytes };
        if (found.unitsPerSecond > (hottest.get(kind)?.unitsPerSecond ?? -1)) hottest.set(kind, found);
      }
      return [...hottest.values()].sort((a, b) => b.unitsPerSecond - a.unitsPerSecond);
    },
  };
}
