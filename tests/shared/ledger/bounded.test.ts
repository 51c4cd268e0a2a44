import { describe, expect, it } from 'vitest';
import { limitAccount } from '../../../shared/core/accounts.ts';
import { boundedStore } from '../../../shared/ledger/bounded.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import { gated } from '../../support/gated-store.ts';

const ACCOUNT = limitAccount({ project: 'demo' }, 'month', Date.parse('2026-11-21T12:00:00.000Z'));

describe('Books that are bound to a signal', () => {
  it('are the same books', async () => {
    const store = createMemoryLedgerStore();
    const bound = boundedStore(store, new AbortController().signal);
    await bound.openAccount({ id: ACCOUNT, limit: { amount: 5n, version: 1 }, carried: 0n });
    expect(await bound.getAccount(ACCOUNT)).toEqual(await store.getAccount(ACCOUNT));
    const hold = { amount: 3n, at: 0, project: 'demo' };
    expect(await bound.reserve(ACCOUNT, 'call_1', hold, { limitVersion: 2 })).toEqual({ kind: 'outdated' });
    expect(await bound.reserve(ACCOUNT, 'call_1', hold)).toEqual({ kind: 'held', remaining: 2n });
    const names = Object.keys(bound).sort();
    expect(names).toEqual(Object.keys(store).sort());
  });

  it('let go of whoever waits when it is aborted, and begin nothing after that', async () => {
    const begun: string[] = [];
    const store = gated(createMemoryLedgerStore(), (name) => {
      begun.push(name);
      return new Promise(() => undefined);
    });
    const controller = new AbortController();
    const bound = boundedStore(store, controller.signal);
    const waiting = bound.getAccount(ACCOUNT);
    controller.abort();
    await expect(waiting).rejects.toBeInstanceOf(Unavailable);
    await expect(bound.closeCall({ id: 'call_1', project: 'demo' })).rejects.toBeInstanceOf(Unavailable);
    expect(begun).toEqual(['getAccount']);
  });

  it('tell a hold of the signal, so that it is not sent again', async () => {
    const { signal } = new AbortController();
    const told: unknown[] = [];
    const store = {
      ...createMemoryLedgerStore(),
      reserve: async (
        ...[, , , options]: Parameters<ReturnType<typeof createMemoryLedgerStore>['reserve']>
      ) => {
        told.push(options?.signal);
        return { kind: 'missing' as const };
      },
    };
    await boundedStore(store, signal).reserve(ACCOUNT, 'call_1', { amount: 1n, at: 0, project: 'demo' });
    expect(told).toEqual([signal]);
  });
});
