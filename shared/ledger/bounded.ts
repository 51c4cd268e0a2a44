import { type LedgerStore, Unavailable } from '../ports/ledger-store.ts';

/**
 * The same books for work that must end in time: when the signal is aborted, what is under way fails as `Unavailable`,
 * and nothing is begun any more. What was sent may still arrive.
 */
export function boundedStore(store: LedgerStore, signal: AbortSignal): LedgerStore {
  const bound =
    <A extends readonly unknown[], R>(operation: (...args: A) => Promise<R>) =>
    (...args: A) =>
      within(signal, () => operation(...args));
  return {
    ...store,
    putCall: bound(store.putCall),
    getCall: bound(store.getCall),
    decideCall: bound(store.decideCall),
    closeCall: bound(store.closeCall),
    openAccount: bound(store.openAccount),
    getAccount: bound(store.getAccount),
    getAccounts: bound(store.getAccounts),
    // A hold alone must not be sent again after it was given up: everything else does no harm when it comes late.
    reserve: bound((id, callId, hold, options) => store.reserve(id, callId, hold, { ...options, signal })),
    transfer: bound(store.transfer),
    release: bound(store.release),
    changeLimit: bound(store.changeLimit),
    changeCarried: bound(store.changeCarried),
  };
}

/** Waits for an operation until the signal is aborted; does not begin it after that. */
export function within<T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
  if (signal.aborted) return Promise.reject(new Unavailable('no time is left to begin'));
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Unavailable('no answer in time'));
    signal.addEventListener('abort', giveUp, { once: true });
    operation()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', giveUp));
  });
}
