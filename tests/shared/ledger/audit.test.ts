import { describe, expect, it } from 'vitest';
import { accountName, booksAccount, limitAccount, NOTHING } from '../../../shared/core/accounts.ts';
import type { Account } from '../../../shared/core/ledger.ts';
import { createAudit } from '../../../shared/ledger/audit.ts';
import type { LedgerStore } from '../../../shared/ports/ledger-store.ts';
import { gated } from '../../support/gated-store.ts';
import {
  ALICE,
  dollars,
  heldCall,
  LEASE,
  type LedgerWorld,
  onEveryStore,
  PROJECTS,
  settledAt,
} from '../../support/ledger-world.ts';

const DAY_MS = 86_400_000;
/** Counters lie in several items, by the ids of their calls. */
const ANY: unknown = expect.any(Number);
const BOB = { user: 'user/bob', project: 'lab', model: 'o3' };

onEveryStore('The audit', (open, shards) => {
  const book = async (world: LedgerWorld, usd: number, subject = ALICE) =>
    world.ledger.settle(heldCall(await world.hold(usd, { subject })), settledAt(usd, { saved: 3n }));
  const run = (world: LedgerWorld, project?: string) => {
    const at = world.clock.now();
    const instances = (['day', 'month', 'total'] as const).map((period) => ({ period, at }));
    return world.audit.run(instances, project);
  };
  /** Two projects, two limits, a call that is settled, one that is void, one in flight and one that was refused. */
  const setUp = async () => {
    const world = await open();
    await world.limits.set({ project: 'demo' }, 'month', dollars(10));
    await world.limits.set({}, 'total', dollars(20));
    await book(world, 3);
    await book(world, 2, BOB);
    await world.hold(1);
    await world.hold(11);
    return world;
  };

  it('finds nothing where everything is right', async () => {
    const world = await setUp();
    expect(await run(world)).toEqual({ accounts: ANY, entries: 4, moving: 0, differences: [] });
    world.clock.pass(LEASE + 1);
    await world.ledger.sweep({ deep: true });
    expect(await run(world)).toEqual({ accounts: ANY, entries: 4, moving: 0, differences: [] });
    world.clock.pass(DAY_MS);
    await book(world, 1);
    expect(await run(world)).toEqual({ accounts: ANY, entries: 5, moving: 0, differences: [] });
  });

  it('of one project leaves the others out', async () => {
    const world = await setUp();
    expect(await run(world, 'lab')).toEqual({ accounts: 1, entries: 1, moving: 0, differences: [] });
    expect(await run(world, 'demo')).toEqual({ accounts: ANY, entries: 3, moving: 0, differences: [] });
  });

  describe('finds', () => {
    it('money that was booked for no entry, in each account', async () => {
      const world = await setUp();
      const limit = limitAccount({ project: 'demo' }, 'month', world.clock.now());
      const id = world.nextId();
      const books = booksAccount(id, BOB);
      for (const account of [limit, books]) {
        await world.store.reserve(account, id, { amount: 5n, at: world.clock.now(), project: 'demo' });
        await world.store.release(account, id, {
          held: 5n,
          cost: 4n,
          saved: 1n,
          tally: { calls: 1, input: 7 },
        });
      }
      const { differences } = await run(world);
      const spent = (account: object, usd: number) => ({
        account,
        field: 'spent',
        counter: `${dollars(usd) + 4n}`,
        entries: `${dollars(usd)}`,
      });
      const inLimit = shards === undefined ? 3 : 0;
      expect(differences).toEqual(expect.arrayContaining([spent(limit, inLimit), spent(books, 0)]));
    });

    it('a call that was counted twice though it cost nothing', async () => {
      const world = await setUp();
      const id = world.nextId();
      const books = booksAccount(id, BOB);
      await world.store.reserve(books, id, { amount: 0n, at: 0, project: 'lab' });
      await world.store.release(books, id, { ...NOTHING, held: 0n, saved: 1n, tally: { calls: 1 } });
      expect((await run(world)).differences).toEqual([
        { account: books, field: 'saved', counter: '1', entries: '0' },
        { account: books, field: 'tally', counter: 'calls 1', entries: '' },
      ]);
    });

    it('an entry that was closed and never booked', async () => {
      const world = await setUp();
      const call = heldCall(await world.hold(2));
      await world.store.decideCall(call, settledAt(2));
      for (const id of call.accounts) await world.store.release(id, call.id, { ...NOTHING, held: call.held });
      await world.store.closeCall(call);
      const { differences } = await run(world);
      expect(differences.map(({ account, field }) => [account.kind, field])).toEqual([
        ['limit', 'spent'],
        ['limit', 'spent'],
        ['books', 'spent'],
      ]);
    });

    it('a call that is decided and was booked at less, though it is not closed yet', async () => {
      const world = await setUp();
      const call = heldCall(await world.hold(2));
      await world.store.decideCall(call, settledAt(2));
      const { held } = call;
      for (const id of call.accounts)
        await world.store.release(id, call.id, { held, cost: dollars(1), saved: 0n, tally: { calls: 1 } });
      const { differences } = await run(world);
      const short = differences.filter(({ field }) => field === 'spent');
      expect(short.map(({ account }) => account.kind)).toEqual(['limit', 'limit', 'books']);
      for (const { counter, entries } of short) expect(BigInt(entries) - BigInt(counter)).toBe(dollars(1));
    });

    it('a hold that no call stands for', async () => {
      const world = await setUp();
      const id = world.nextId();
      const limit = limitAccount({}, 'total', world.clock.now());
      await world.store.reserve(limit, id, { amount: 1n, at: world.clock.now(), project: 'demo' });
      const stray = { account: limit, field: 'hold', counter: id, entries: 'no entry' };
      expect((await run(world)).differences).toEqual([stray]);
    });

    it('an account whose remaining is not limit - carried - spent - held', async () => {
      const world = await setUp();
      const limit = limitAccount({ project: 'demo' }, 'month', world.clock.now());
      const off = (account: Account): Account => {
        const isIt = accountName(account.id) === accountName(limit);
        if (!isIt || account.limit === undefined) return account;
        return { ...account, limit: { ...account.limit, remaining: account.limit.remaining + 7n } };
      };
      const store: LedgerStore = {
        ...world.store,
        async *limitAccounts(...instance) {
          for await (const account of world.store.limitAccounts(...instance)) yield off(account);
        },
      };
      const right = (await world.store.getAccount(limit))?.limit?.remaining ?? 0n;
      const audit = createAudit({ ...world, store });
      const { differences } = await audit.run([{ period: 'month', at: world.clock.now() }]);
      expect(differences).toEqual([
        { account: limit, field: 'remaining', counter: `${right + 7n}`, entries: `${right}` },
      ]);
    });

    it('an account that is gone', async () => {
      const world = await setUp();
      const store: LedgerStore = {
        ...world.store,
        async *limitAccounts() {},
        getAccount: async () => undefined,
      };
      const audit = createAudit({ ...world, store });
      const { differences } = await audit.run([{ period: 'month', at: world.clock.now() }]);
      expect(differences).toMatchObject([
        { field: 'spent', counter: 'no account', entries: `${dollars(3)}` },
      ]);
    });
  });

  it('takes a counter that moves while it looks for what it is', async () => {
    const world = await setUp();
    const call = heldCall(await world.hold(1));
    let moved = 0;
    const store = gated(world.store, async (name, read) => {
      if (name === 'calls') {
        moved += 1;
        if (moved === 1) await world.ledger.settle(call, settledAt(1));
        else await book(world, 1);
      }
      return read();
    });
    const audit = createAudit({ ...world, store });
    const at = world.clock.now();
    const instances = (['day', 'month', 'total'] as const).map((period) => ({ period, at }));
    const report = await audit.run(instances);
    expect(moved).toBe(PROJECTS.length);
    expect(report.moving).toBeGreaterThan(0);
    expect(report.differences).toEqual([]);
  });

  it('checks only the floor of a counter whose oldest entries are no longer kept', async () => {
    const world = await setUp();
    world.clock.pass(3 * DAY_MS);
    await book(world, 1);
    const audit = createAudit({ ...world, retentionDays: 2 });
    const report = await audit.run([{ period: 'total', at: world.clock.now() }]);
    expect(report).toMatchObject({ entries: 1, differences: [] });
  });
});
