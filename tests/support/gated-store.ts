import { type LedgerStore, Unavailable } from '../../shared/ports/ledger-store.ts';

/** Runs one call of a store, now, later or not at all. */
export type Gate = <T>(name: string, run: () => Promise<T>) => Promise<T>;

const LISTS = new Set(['expiredCalls', 'limitAccounts', 'books', 'calls']);

/** A port whose every call goes through a gate; a list goes through it where it begins. */
export function gated<T extends object>(port: T, gate: Gate): T {
  return new Proxy(port, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      const call = (args: unknown[]) => Reflect.apply(method, target, args);
      if (!LISTS.has(String(name))) return (...args: unknown[]) => gate(String(name), async () => call(args));
      return async function* (...args: unknown[]) {
        yield* await gate(String(name), async () => call(args));
      };
    },
  });
}

/**
 * How the store fails a function. `dies`: from its n-th call on nothing works, as if the process had been killed,
 * before or after that call took effect · `lost`: only that call fails, before or after it took effect · `late`: it
 * fails, and takes effect when it is delivered.
 */
export interface Fault {
  readonly kind: 'dies_before' | 'dies_after' | 'lost_before' | 'lost_after' | 'late';
  /** Which call it is, from 0. */
  readonly at: number;
}

/**
 * A store that fails once, or from then on.
 *
 * @param late takes what is to be delivered later
 */
export function faulty(
  store: LedgerStore,
  fault: Fault | undefined,
  late: (() => Promise<unknown>)[] = [],
): LedgerStore {
  if (fault === undefined) return store;
  let calls = 0;
  let dead = false;
  return gated(store, async (name, run) => {
    const isThis = calls === fault.at;
    calls += 1;
    if (dead) throw new Unavailable(`${name}: the function is dead`);
    if (!isThis) return run();
    dead = fault.kind.startsWith('dies');
    if (fault.kind.endsWith('after')) await run();
    if (fault.kind === 'late') late.push(run);
    throw new Unavailable(`${name}: ${fault.kind}`);
  });
}
