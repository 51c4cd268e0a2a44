import { beforeEach, describe, expect, it } from 'vitest';
import { deferredAccount, limitAccount, NOTHING } from '../../shared/core/accounts.ts';
import { callId } from '../../shared/core/call-id.ts';
import { ONE_USD } from '../../shared/core/money.ts';
import type { LedgerStore } from '../../shared/ports/ledger-store.ts';

const NOON = Date.parse('2026-11-21T12:00:00.000Z');
const LIMIT = limitAccount({ project: 'demo' }, 'month', NOON);
const DEFERRED = deferredAccount('demo');

const id = (n: number) => callId(NOON, n.toString(16).padStart(16, '0'));

/** How every store bounds how many calls hold in an account; `create` makes an empty one. */
export function ledgerBoundsContract(name: string, create: () => Promise<LedgerStore>): void {
  describe(`bounds in ${name}`, () => {
    let store: LedgerStore;
    beforeEach(async () => {
      store = await create();
      await store.openAccount({ id: LIMIT, limit: { amount: 10n * ONE_USD, version: 1 }, carried: 0n });
    });
    const hold = async (
      n: number,
      most: number,
      account = DEFERRED as typeof DEFERRED | typeof LIMIT,
      usd = 1n,
    ) => {
      const held = { amount: usd * ONE_USD, at: NOON, project: 'demo' };
      return (await store.reserve(account, id(n), held, { most })).kind;
    };
    const release = (n: number) => store.release(DEFERRED, id(n), { held: ONE_USD, ...NOTHING });

    it('let in as many calls as may hold, and the next when one of them has ended', async () => {
      expect([await hold(1, 2), await hold(2, 2), await hold(3, 2)]).toEqual(['held', 'held', 'crowded']);
      expect(await release(1)).toBe('released');
      expect([await hold(3, 2), await hold(4, 2)]).toEqual(['held', 'crowded']);
    });

    it('let in no more of those who come at once', async () => {
      const kinds = await Promise.all(Array.from({ length: 20 }, (_, n) => hold(n, 7)));
      expect(kinds.filter((kind) => kind === 'held')).toHaveLength(7);
      expect(kinds.filter((kind) => kind === 'crowded')).toHaveLength(13);
      expect((await store.getAccount(DEFERRED))?.holds.size).toBe(7);
    });

    it('know a call that is in already, and may be lowered, to none at all', async () => {
      await hold(1, 2);
      await hold(2, 2);
      expect([await hold(1, 2), await hold(1, 0), await hold(3, 0)]).toEqual([
        'duplicate',
        'duplicate',
        'crowded',
      ]);
    });

    it('hold in the account of a limit, too, where it has money; without, that is what is told', async () => {
      expect([await hold(1, 1, LIMIT, 4n), await hold(2, 1, LIMIT, 4n)]).toEqual(['held', 'crowded']);
      expect(await hold(2, 1, LIMIT, 7n)).toBe('exhausted');
      expect(await store.getAccount(LIMIT)).toMatchObject({ limit: { remaining: 6n * ONE_USD } });
    });

    it('are each project’s own', async () => {
      await hold(1, 1);
      for (const project of ['demo2', 'demo#1', 'demo%231']) {
        const held = { amount: ONE_USD, at: NOON, project };
        expect((await store.reserve(deferredAccount(project), id(1), held, { most: 1 })).kind).toBe('held');
      }
      expect(await store.getAccount(DEFERRED)).toMatchObject({ id: DEFERRED, spent: 0n, holds: { size: 1 } });
    });
  });
}
