import { describe, expect, it } from 'vitest';
import type { Scope } from '../../../shared/core/scope.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import { faulty, gated } from '../../support/gated-store.ts';
import {
  ALICE,
  dollars,
  type HoldOptions,
  heldCall,
  LEASE,
  type LedgerWorld,
  onEveryStore,
  settledAt,
} from '../../support/ledger-world.ts';

const DAY_MS = 86_400_000;
const BOB = { user: 'user/bob', project: 'lab', model: 'o3' };

onEveryStore('Setting a limit', (open) => {
  const book = async (world: LedgerWorld, usd: number, more: HoldOptions = {}) =>
    world.ledger.settle(heldCall(await world.hold(usd, more)), settledAt(usd));
  const set = (world: LedgerWorld, usd: number, scope: Scope = { project: 'demo' }) =>
    world.limits.set(scope, 'month', dollars(usd));

  describe('for the first time', () => {
    it.each<[Scope, number]>([
      [{ project: 'demo' }, 3],
      [{ user: 'user/bob' }, 4],
      [{ model: 'o3' }, 4],
      [{ user: 'user/alice', project: 'demo', model: 'gpt-4o' }, 3],
      [{ user: 'user/bob', project: 'demo' }, 0],
      [{}, 7],
    ])('counts what the scope %j has spent in the period: $%d', async (scope, spent) => {
      const world = await open();
      await book(world, 3);
      world.clock.pass(DAY_MS);
      await book(world, 4, { subject: BOB });
      for (const period of ['month', 'total'] as const) {
        await world.limits.set(scope, period, dollars(10));
        expect(await world.account(scope, period)).toMatchObject({
          carried: dollars(spent),
          spent: 0n,
          limit: { amount: dollars(10), version: 1, remaining: dollars(10 - spent) },
        });
      }
    });

    it('counts only the running period', async () => {
      const world = await open();
      await book(world, 3);
      world.clock.pass(15 * DAY_MS);
      await book(world, 1);
      await set(world, 10);
      expect(await world.account({ project: 'demo' })).toMatchObject({ carried: dollars(1) });
    });

    it('below what is spent refuses the next call', async () => {
      const world = await open();
      await book(world, 3);
      await set(world, 2);
      expect(await world.hold(0.01)).toMatchObject({ kind: 'refused', remaining: dollars(-1) });
    });

    it('does not count a call that is in flight, then or later', async () => {
      const world = await open();
      const call = heldCall(await world.hold(3));
      await set(world, 10);
      await world.ledger.settle(call, settledAt(3));
      expect(await world.account({ project: 'demo' })).toMatchObject({ carried: 0n, spent: 0n });
      expect(await world.hold(10)).toMatchObject({ kind: 'held' });
    });

    it('shows the limit only when its account is ready, so that no call can open an empty one', async () => {
      const world = await open();
      await book(world, 3);
      const store = gated(world.store, async (name, run) => {
        if (name === 'openAccount')
          expect(await world.directory.limit({ project: 'demo' }, 'month')).toBeUndefined();
        const result = await run();
        return result;
      });
      await set({ ...world, ...world.with(store) }, 10);
      expect(await world.account({ project: 'demo' })).toMatchObject({ carried: dollars(3) });
    });

    it('while calls go on counts each of them once', async () => {
      const world = await open();
      await book(world, 3);
      const calls = Array.from({ length: 10 }, () => book(world, 1).catch(() => undefined));
      await Promise.all([set(world, 100), ...calls]);
      await book(world, 1);
      const account = await world.account({ project: 'demo' });
      const sum = (account?.carried ?? 0n) + (account?.spent ?? 0n);
      expect(sum).toBeGreaterThanOrEqual(dollars(4));
      expect(sum).toBeLessThanOrEqual(dollars(14));
    });

    it('by two admins at once counts what was spent, also where the other opened the account with less', async () => {
      const world = await open();
      await book(world, 1);
      const counted = Promise.withResolvers<void>();
      const countedMore = Promise.withResolvers<void>();
      const opened = Promise.withResolvers<void>();
      const done = Promise.withResolvers<void>();
      // It has counted $1 when it opens the account, and hears that it did when the other is done.
      const first = gated(world.store, async (name, run) => {
        if (name !== 'openAccount') return run();
        counted.resolve();
        await countedMore.promise;
        const result = await run();
        opened.resolve();
        await done.promise;
        return result;
      });
      const second = gated(world.store, async (name, run) => {
        if (name === 'openAccount') {
          countedMore.resolve();
          await opened.promise;
        }
        return run();
      });
      const one = set({ ...world, ...world.with(first) }, 10);
      await counted.promise;
      await book(world, 2);
      await set({ ...world, ...world.with(second) }, 20);
      done.resolve();
      await one;
      expect(await world.account({ project: 'demo' })).toMatchObject({ carried: dollars(3) });
    });

    it('that died half way is set by trying again, and counts what was spent meanwhile', async () => {
      for (const at of [0, 1, 2, 3]) {
        const world = await open();
        await book(world, 3);
        const dying = world.with(faulty(world.store, { kind: 'dies_after', at }));
        await set({ ...world, ...dying }, 10).catch((error: unknown) =>
          expect(error).toBeInstanceOf(Unavailable),
        );
        const limited = (await world.directory.limit({ project: 'demo' }, 'month')) !== undefined;
        await book(world, 2);
        await set(world, 20);
        const account = await world.account({ project: 'demo' });
        expect(account?.limit?.remaining).toBe(dollars(15));
        expect(account?.carried).toBe(dollars(limited ? 3 : 5));
      }
    });
  });

  describe('again', () => {
    it('moves what remains by the difference, and keeps what is held and spent', async () => {
      const world = await open();
      await set(world, 10);
      await book(world, 2);
      await world.hold(3);
      expect(await set(world, 20)).toMatchObject({ version: 2 });
      expect(await world.account({ project: 'demo' })).toMatchObject({
        spent: dollars(2),
        limit: { amount: dollars(20), version: 2, remaining: dollars(15) },
      });
      await set(world, 1);
      expect((await world.account({ project: 'demo' }))?.limit?.remaining).toBe(dollars(-4));
    });

    it('before the first call of a period holds for that call', async () => {
      const world = await open();
      await set(world, 10);
      world.clock.pass(30 * DAY_MS);
      await set(world, 4);
      expect(await world.hold(5)).toMatchObject({ kind: 'refused', remaining: dollars(4) });
    });

    it('by many admins at once ends with the newest, in the account too', async () => {
      const world = await open();
      await Promise.all([5, 6, 7, 8].map((usd) => set(world, usd)));
      const limit = await world.directory.limit({ project: 'demo' }, 'month');
      await world.hold(1);
      expect((await world.account({ project: 'demo' }))?.limit).toEqual({
        amount: limit?.amount,
        version: limit?.version,
        remaining: (limit?.amount ?? 0n) - dollars(1),
      });
    });
  });

  describe('after it was removed', () => {
    it('counts what was spent without it', async () => {
      const world = await open();
      await book(world, 1);
      await set(world, 10);
      await book(world, 2);
      expect(await world.limits.remove({ project: 'demo' }, 'month')).toMatchObject({ amount: dollars(10) });
      await book(world, 30);
      await set(world, 40);
      expect(await world.account({ project: 'demo' })).toMatchObject({
        carried: dollars(31),
        spent: dollars(2),
        limit: { remaining: dollars(7) },
      });
      const { differences } = await world.audit.run([{ period: 'month', at: world.clock.now() }]);
      expect(differences).toEqual([]);
    });

    it.each([
      ['none', [0, 1]],
      ['the books alone', [0]],
      ["the limit's account alone", [1]],
      ['both', []],
    ])('counts a call once that began under it and that its function has booked in %s', async (_, lost) => {
      const world = await open();
      await set(world, 100);
      const call = heldCall(await world.hold(4));
      await world.limits.remove({ project: 'demo' }, 'month');
      await book(world, 30);
      // A call's limits are released before its books.
      const releases = [0, 1].values();
      const store = gated(world.store, async (name, run) => {
        const fails =
          name === 'closeCall' || (name === 'release' && lost.includes(releases.next().value ?? 0));
        if (fails) throw new Unavailable('dead');
        return run();
      });
      await expect(world.with(store).ledger.settle(call, settledAt(2))).rejects.toThrow(Unavailable);
      await set(world, 100);
      expect(await world.account({ project: 'demo' })).toMatchObject({ carried: dollars(30) });
      world.clock.pass(LEASE + 1);
      await world.ledger.sweep({ deep: true });
      expect(await world.account({ project: 'demo' })).toMatchObject({
        spent: dollars(2),
        limit: { remaining: dollars(68) },
      });
    });

    it('and a period later counts that period alone', async () => {
      const world = await open();
      await set(world, 10);
      await world.limits.remove({ project: 'demo' }, 'month');
      await book(world, 30);
      world.clock.pass(30 * DAY_MS);
      await book(world, 1);
      await set(world, 10);
      expect(await world.account({ project: 'demo' })).toMatchObject({ carried: dollars(1), spent: 0n });
    });

    it('no call is bound by it, and removing it again says that there is none', async () => {
      const world = await open();
      await set(world, 1);
      await world.limits.remove({ project: 'demo' }, 'month');
      expect(await world.hold(50)).toMatchObject({ kind: 'held' });
      expect(await world.limits.remove({ project: 'demo' }, 'month')).toBeUndefined();
    });
  });

  it('to less than nothing is a fault', async () => {
    await expect(set(await open(), -1, ALICE)).rejects.toThrow(RangeError);
  });
});
