import { beforeEach, describe, expect, it } from 'vitest';
import { accountsOf, BOOKS_SHARDS, limitAccount, NOTHING } from '../../shared/core/accounts.ts';
import { callId } from '../../shared/core/call-id.ts';
import type { AccountId, CallEntry, Deferred, Hold, Outcome } from '../../shared/core/ledger.ts';
import { ONE_USD } from '../../shared/core/money.ts';
import type { Limit } from '../../shared/core/scope.ts';
import type { LedgerStore, Reservation } from '../../shared/ports/ledger-store.ts';

const NOON = Date.parse('2026-11-21T12:00:00.000Z');
const DAY = '2026-11-21';
const LEASE = 900_000;
const ALICE = { user: 'user/alice', project: 'demo', model: 'gpt-4o' };
const LIMIT: Limit = { scope: { project: 'demo' }, period: 'month', amount: 10n * ONE_USD, version: 3 };
const ACCOUNT = limitAccount(LIMIT.scope, LIMIT.period, NOON);
const BOOKS: Extract<AccountId, { kind: 'books' }> = { kind: 'books', ...ALICE, day: DAY, shard: 7 };
const SETTLED: Outcome = {
  state: 'settled',
  cost: 2n * ONE_USD + 1n,
  saved: 5n,
  tally: { calls: 1, input: 1200, cached_input: 0, output: 34 },
  flags: ['over_hold'],
  servedModel: 'gpt-4o-2024-08-06',
  serviceTier: 'default',
  status: 200,
  decidedAt: NOON + 5_000,
};

const RESPONSE: Deferred = { kind: 'response', object: 'resp_1' };
const BATCH: Deferred = { kind: 'batch', object: 'batch_1' };
const BROKEN: Deferred = {
  kind: 'chat_completion',
  object: 'chatcmpl-1',
  untold: { cost: 12_345n, flags: ['broken'], status: 502 },
};

function id(n: number, at = NOON): string {
  return callId(at, n.toString(16).padStart(16, '0'));
}

function holdOf(amount: bigint): Hold {
  return { amount, at: NOON, project: 'demo' };
}

function entry(n: number, more: Partial<CallEntry> = {}): CallEntry {
  const { user, project, model } = { ...ALICE, ...more };
  const call = more.id ?? id(n);
  return {
    id: call,
    user,
    project,
    model,
    endpoint: 'POST /chat/completions',
    requestedModel: 'gpt-4o-2024-08-06',
    stream: true,
    held: 3n * ONE_USD,
    accounts: accountsOf(call, { user, project, model }, [LIMIT]),
    expiresAt: NOON + LEASE,
    state: 'open',
    ...more,
  };
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

/** What every ledger store must do; `create` makes an empty one. */
export function ledgerStoreContract(name: string, create: () => Promise<LedgerStore>): void {
  describe(`a ledger store in ${name}`, () => {
    let store: LedgerStore;
    beforeEach(async () => {
      store = await create();
    });
    const open = () => store.openAccount({ id: ACCOUNT, limit: LIMIT, carried: 0n });
    const hold = (n: number, usd: bigint): Promise<Reservation> =>
      store.reserve(ACCOUNT, id(n), holdOf(usd * ONE_USD));
    const release = (n: number, held: bigint, cost: bigint) =>
      store.release(ACCOUNT, id(n), {
        held: held * ONE_USD,
        cost: cost * ONE_USD,
        saved: 0n,
        tally: { calls: 1 },
      });
    const remaining = async () => (await store.getAccount(ACCOUNT))?.limit?.remaining;

    describe('an account', () => {
      it('is opened once, with what was carried into it', async () => {
        const carried = 4n * ONE_USD;
        expect(await store.getAccount(ACCOUNT)).toBeUndefined();
        expect(await store.openAccount({ id: ACCOUNT, limit: LIMIT, carried })).toBe('created');
        expect(await store.openAccount({ id: ACCOUNT, limit: { amount: 1n, version: 9 }, carried: 0n })).toBe(
          'exists',
        );
        expect(await store.getAccount(ACCOUNT)).toEqual({
          id: ACCOUNT,
          limit: { amount: LIMIT.amount, version: 3, remaining: 6n * ONE_USD },
          carried,
          spent: 0n,
          saved: 0n,
          holds: new Map(),
          tally: {},
        });
      });

      it('of one scope and period is none of another, whatever the names', async () => {
        const scopes = [
          {},
          { user: 'a' },
          { project: 'a' },
          { model: 'a' },
          { user: 'a', project: 'a' },
          { user: '*' },
          { user: 'a#=a' },
          { user: 'a/=a' },
          { user: 'é ü' },
        ];
        const accounts = scopes.flatMap((scope) =>
          (['day', 'week', 'month', 'total'] as const).map((period) => limitAccount(scope, period, NOON)),
        );
        for (const account of accounts)
          expect(await store.openAccount({ id: account, limit: LIMIT, carried: 0n })).toBe('created');
        for (const account of accounts) expect((await store.getAccount(account))?.id).toEqual(account);
        for (const period of ['day', 'week', 'month', 'total'] as const) {
          const listed = await all(store.limitAccounts(period, limitAccount({}, period, NOON).periodKey));
          expect(new Set(listed.map(({ id: found }) => JSON.stringify(found))).size).toBe(scopes.length);
        }
        expect(await all(store.limitAccounts('month', '2026-10'))).toEqual([]);
      });

      it('holds billions of USD to the picodollar', async () => {
        const amount = 9_999_999_999n * ONE_USD + 123_456_789_012n;
        await store.openAccount({ id: ACCOUNT, limit: { amount, version: 1 }, carried: 0n });
        await store.reserve(ACCOUNT, id(1), holdOf(amount - 1n));
        expect(await remaining()).toBe(1n);
        await store.release(ACCOUNT, id(1), { ...NOTHING, held: amount - 1n, cost: amount - 2n });
        expect(await store.getAccount(ACCOUNT)).toMatchObject({
          spent: amount - 2n,
          limit: { remaining: 2n },
        });
      });
    });

    describe('reserving', () => {
      it('in an account that was never opened finds it missing', async () => {
        expect(await hold(1, 1n)).toEqual({ kind: 'missing' });
        expect(await store.getAccount(ACCOUNT)).toBeUndefined();
      });

      it('takes what remains, to the last picodollar, and no more', async () => {
        await open();
        expect(await hold(1, 4n)).toEqual({ kind: 'held', remaining: 6n * ONE_USD });
        expect(await hold(2, 7n)).toEqual({
          kind: 'exhausted',
          remaining: 6n * ONE_USD,
          heldByOthers: 4n * ONE_USD,
        });
        expect(await hold(3, 6n)).toEqual({ kind: 'held', remaining: 0n });
        expect(await store.reserve(ACCOUNT, id(4), holdOf(1n))).toMatchObject({ kind: 'exhausted' });
        expect(await store.reserve(ACCOUNT, id(5), holdOf(0n))).toEqual({ kind: 'held', remaining: 0n });
        expect((await store.getAccount(ACCOUNT))?.holds).toEqual(
          new Map([
            [id(1), holdOf(4n * ONE_USD)],
            [id(3), holdOf(6n * ONE_USD)],
            [id(5), holdOf(0n)],
          ]),
        );
      });

      it('twice for one call holds once', async () => {
        await open();
        await hold(1, 4n);
        const duplicate = { kind: 'duplicate', remaining: 6n * ONE_USD };
        expect(await hold(1, 4n)).toEqual(duplicate);
        expect(await hold(1, 1n)).toEqual(duplicate);
        expect(await hold(1, 11n)).toEqual(duplicate);
        expect((await store.getAccount(ACCOUNT))?.holds).toEqual(new Map([[id(1), holdOf(4n * ONE_USD)]]));
      });

      it('by 50 calls at once lets exactly as many through as fit', async () => {
        await open();
        const calls = Array.from({ length: 50 }, (_, n) => n + 1);
        const kinds = (await Promise.all(calls.map((n) => hold(n, 3n)))).map(({ kind }) => kind);
        expect(kinds.filter((kind) => kind === 'held')).toHaveLength(3);
        expect(kinds.filter((kind) => kind === 'exhausted')).toHaveLength(47);
        const account = await store.getAccount(ACCOUNT);
        expect(account?.limit?.remaining).toBe(ONE_USD);
        expect(account?.holds.size).toBe(3);
      });

      it('by one call many times at once holds once', async () => {
        await open();
        const kinds = (await Promise.all(Array.from({ length: 20 }, () => hold(1, 1n)))).map(
          ({ kind }) => kind,
        );
        expect(kinds.filter((kind) => kind === 'held')).toHaveLength(1);
        expect(await remaining()).toBe(9n * ONE_USD);
      });

      it('in the books opens them on the way and is never refused', async () => {
        const kinds = await Promise.all(
          [1, 2, 3, 4].map((n) => store.reserve(BOOKS, id(n), holdOf(1000n * ONE_USD))),
        );
        expect(kinds).toEqual([1, 2, 3, 4].map(() => ({ kind: 'held' })));
        expect(await store.reserve(BOOKS, id(4), holdOf(1n))).toEqual({ kind: 'duplicate' });
        const account = await store.getAccount(BOOKS);
        expect(account).toMatchObject({ id: BOOKS, carried: 0n, spent: 0n });
        expect(account?.limit).toBeUndefined();
        expect(account?.holds.size).toBe(4);
      });
    });

    describe('releasing', () => {
      it('replaces the hold by the cost, once', async () => {
        await open();
        await hold(1, 4n);
        expect(await release(1, 4n, 1n)).toBe('released');
        expect(await release(1, 4n, 1n)).toBe('absent');
        expect(await store.getAccount(ACCOUNT)).toMatchObject({
          limit: { remaining: 9n * ONE_USD },
          spent: ONE_USD,
          tally: { calls: 1 },
          holds: new Map(),
        });
      });

      it('many times at once books once', async () => {
        await open();
        await hold(1, 4n);
        const results = await Promise.all(Array.from({ length: 20 }, () => release(1, 4n, 1n)));
        expect(results.filter((result) => result === 'released')).toHaveLength(1);
        expect(await remaining()).toBe(9n * ONE_USD);
      });

      it('gives back what truly was held, whatever the caller believes', async () => {
        await open();
        await hold(1, 4n);
        expect(await release(1, 9n, 1n)).toBe('released');
        expect(await remaining()).toBe(9n * ONE_USD);
      });

      it('books a cost above the hold too, even where nothing remains', async () => {
        await open();
        await hold(1, 9n);
        expect(await release(1, 9n, 12n)).toBe('released');
        expect(await store.getAccount(ACCOUNT)).toMatchObject({
          spent: 12n * ONE_USD,
          limit: { remaining: -2n * ONE_USD },
        });
        expect(await store.reserve(ACCOUNT, id(2), holdOf(0n))).toMatchObject({ kind: 'exhausted' });
      });

      it('of what was never held changes nothing, in any account', async () => {
        expect(await release(1, 4n, 1n)).toBe('absent');
        expect(await store.getAccount(ACCOUNT)).toBeUndefined();
        await open();
        expect(await release(1, 4n, 1n)).toBe('absent');
        expect(await remaining()).toBe(LIMIT.amount);
        expect(await store.release(BOOKS, id(1), { ...NOTHING, held: 1n })).toBe('absent');
      });

      it('sums the tallies and what was saved in the books', async () => {
        const { cost, saved, tally } = SETTLED;
        for (const n of [1, 2]) {
          await store.reserve(BOOKS, id(n), holdOf(7n));
          await store.release(BOOKS, id(n), { held: 7n, cost, saved, tally });
        }
        expect(await store.getAccount(BOOKS)).toEqual({
          id: BOOKS,
          carried: 0n,
          spent: 2n * cost,
          saved: 10n,
          tally: { calls: 2, input: 2400, output: 68 },
          holds: new Map(),
        });
      });
    });

    describe('changing a limit', () => {
      const to = (usd: bigint, version: number) =>
        store.changeLimit(ACCOUNT, { amount: usd * ONE_USD, version });

      it('moves what remains by the difference, also below nothing', async () => {
        await open();
        await hold(1, 4n);
        expect(await to(12n, 4)).toBe('changed');
        expect(await remaining()).toBe(8n * ONE_USD);
        expect(await to(1n, 5)).toBe('changed');
        expect(await remaining()).toBe(-3n * ONE_USD);
        expect(await hold(2, 1n)).toMatchObject({ kind: 'exhausted' });
      });

      it('to a version that the account knows, or an older one, changes nothing', async () => {
        expect(await to(1n, 9)).toBe('missing');
        await open();
        expect(await to(1n, 3)).toBe('stale');
        expect(await to(1n, 2)).toBe('stale');
        expect(await remaining()).toBe(LIMIT.amount);
      });

      it('is waited for by a reservation that knows of it', async () => {
        await open();
        const reserve = (n: number, version: number) =>
          store.reserve(ACCOUNT, id(n), holdOf(ONE_USD), { limitVersion: version });
        expect(await reserve(1, 3)).toMatchObject({ kind: 'held' });
        expect(await reserve(2, 4)).toEqual({ kind: 'outdated' });
        expect(await reserve(1, 4)).toMatchObject({ kind: 'duplicate' });
        await to(1n, 4);
        expect(await reserve(2, 4)).toMatchObject({ kind: 'exhausted', remaining: 0n });
        expect(await reserve(2, 3)).toMatchObject({ kind: 'exhausted', heldByOthers: ONE_USD });
      });

      it('many times at once ends at the newest', async () => {
        await open();
        await Promise.all([7, 4, 9, 5, 8, 6].map((version) => to(BigInt(version), version)));
        expect((await store.getAccount(ACCOUNT))?.limit).toEqual({
          amount: 9n * ONE_USD,
          version: 9,
          remaining: 9n * ONE_USD,
        });
      });

      it('keeps every hold that is taken meanwhile', async () => {
        await open();
        await Promise.all([hold(1, 1n), to(20n, 4), hold(2, 2n), to(30n, 5), hold(3, 3n)]);
        expect(await remaining()).toBe(24n * ONE_USD);
      });
    });

    describe('correcting what was carried', () => {
      it('moves what remains, unless the account has changed since', async () => {
        await open();
        const seen = await store.getAccount(ACCOUNT);
        if (seen === undefined) throw new Error('the account was just opened');
        await hold(1, 1n);
        expect(await store.changeCarried(seen, 2n * ONE_USD)).toBe('changed');
        expect(await remaining()).toBe(7n * ONE_USD);
        expect(await store.changeCarried(seen, 0n)).toBe('stale');
        const again = await store.getAccount(ACCOUNT);
        await store.changeLimit(ACCOUNT, { amount: 5n * ONE_USD, version: 4 });
        expect(again && (await store.changeCarried(again, 0n))).toBe('stale');
        expect(await store.getAccount(ACCOUNT)).toMatchObject({
          carried: 2n * ONE_USD,
          limit: { remaining: 2n * ONE_USD },
        });
      });
    });

    describe('an entry', () => {
      it('is written once and read as it was written', async () => {
        const call = entry(1);
        expect(await store.getCall(call)).toBeUndefined();
        expect(await store.putCall(call)).toBe('created');
        expect(await store.putCall({ ...call, held: 1n })).toBe('exists');
        expect(await store.getCall(call)).toEqual(call);
        expect(await store.getCall({ ...call, project: 'other' })).toBeUndefined();
      });

      it('is decided once, and the first decision stands', async () => {
        const call = entry(1);
        await store.putCall(call);
        const decided = { ...call, state: 'decided', outcome: { ...SETTLED, tally: expect.anything() } };
        expect(await store.decideCall(call, SETTLED)).toEqual(decided);
        const other: Outcome = { ...SETTLED, state: 'void', cost: 0n };
        expect(await store.decideCall(call, other)).toEqual(decided);
        await store.closeCall(call);
        expect(await store.decideCall(call, other)).toEqual({ ...decided, state: 'closed' });
        expect((await store.getCall(call))?.outcome?.tally).toMatchObject({ input: 1200, output: 34 });
      });

      it('is decided by one of many who try at once', async () => {
        const call = entry(1);
        await store.putCall(call);
        const outcomes = [1n, 2n, 3n, 4n, 5n].map((cost) => ({ ...SETTLED, cost }));
        const standing = await Promise.all(outcomes.map((outcome) => store.decideCall(call, outcome)));
        expect(new Set(standing.map((found) => found?.outcome?.cost)).size).toBe(1);
      });

      it('whose cost is told later is looked at then, and what tells it is written once', async () => {
        const call = entry(1);
        await store.putCall(call);
        const first = { ...call, deferred: RESPONSE, expiresAt: NOON + 60 };
        expect(await store.deferCall(call, RESPONSE, NOON + 60)).toEqual(first);
        expect(await store.deferCall(call, BATCH, NOON + 90)).toEqual({ ...first, expiresAt: NOON + 90 });
        expect(await store.deferCall(call, BATCH, NOON + 60)).toEqual({ ...first, expiresAt: NOON + 90 });
        expect(await store.getCall(call)).toEqual({ ...first, expiresAt: NOON + 90 });
        expect(await all(store.expiredCalls(NOON + 90))).toEqual([]);
        expect(await all(store.expiredCalls(NOON + 91))).toEqual([{ ...first, expiresAt: NOON + 90 }]);
      });

      it.each([RESPONSE, BATCH, BROKEN])(
        'keeps that a $kind tells its cost, also when it is closed',
        async (what) => {
          const call = entry(1);
          await store.putCall(call);
          await store.deferCall(call, what, NOON + 60);
          const decided = await store.decideCall(call, SETTLED);
          expect(decided).toMatchObject({ state: 'decided', deferred: what });
          expect(await all(store.expiredCalls(NOON + 61))).toEqual([decided]);
          await store.closeCall(call);
          expect(await all(store.expiredCalls(NOON + 61))).toEqual([]);
          expect(await store.getCall(call)).toMatchObject({ state: 'closed', deferred: what });
        },
      );

      it('that is decided is not put off any more', async () => {
        const call = entry(1);
        await store.putCall(call);
        const decided = await store.decideCall(call, SETTLED);
        expect(await store.deferCall(call, RESPONSE, NOON + 2 * LEASE)).toEqual(decided);
        await store.closeCall(call);
        expect(await store.deferCall(call, RESPONSE, NOON + 3 * LEASE)).toEqual({
          ...decided,
          state: 'closed',
        });
        expect(await all(store.expiredCalls(NOON + 4 * LEASE))).toEqual([]);
      });

      it('that does not exist is neither decided nor closed', async () => {
        expect(await store.decideCall(entry(1), SETTLED)).toBeUndefined();
        expect(await store.deferCall(entry(1), RESPONSE, NOON)).toBeUndefined();
        await store.closeCall(entry(1));
        expect(await store.getCall(entry(1))).toBeUndefined();
      });

      it('that was written decided keeps its open one out', async () => {
        const call = entry(1);
        await store.putCall({ ...call, state: 'decided', outcome: SETTLED });
        expect(await store.putCall(call)).toBe('exists');
        expect(await store.getCall(call)).toMatchObject({ state: 'decided' });
      });

      it('that is open cannot be closed', async () => {
        await store.putCall(entry(1));
        await store.closeCall(entry(1));
        expect(await store.getCall(entry(1))).toMatchObject({ state: 'open' });
      });
    });

    describe('lists', () => {
      it('expired calls until they are closed, the oldest first', async () => {
        const order = [5, 3, 9, 1, 7, 12, 10, 2];
        for (const n of order) await store.putCall(entry(n, { expiresAt: NOON + n }));
        await store.decideCall(entry(3), SETTLED);
        await store.decideCall(entry(5), SETTLED);
        await store.closeCall(entry(5));
        const expired = await all(store.expiredCalls(NOON + 10));
        expect(expired.map((call) => call.id)).toEqual([1, 2, 3, 7, 9].map((n) => id(n)));
        expect(expired[2]).toMatchObject({ state: 'decided', outcome: { cost: SETTLED.cost } });
        expect(await all(store.expiredCalls(NOON))).toEqual([]);
      });

      it('more expired calls than fit on one page', async () => {
        const calls = Array.from({ length: 230 }, (_, n) => entry(n, { id: id(n * 8) }));
        await Promise.all(calls.map((call) => store.putCall(call)));
        const expired = await all(store.expiredCalls(NOON + LEASE + 1));
        expect(expired.map((call) => call.id)).toEqual(calls.map((call) => call.id));
      });

      it("the calls of a project's day, the newest first", async () => {
        const tomorrow = Date.parse('2026-11-22T00:00:00.000Z');
        const today = [1, 3, 2].map((n) => entry(n, { id: id(n, tomorrow - n) }));
        const others = [
          entry(4, { id: id(4, tomorrow) }),
          entry(5, { id: id(5, NOON), project: 'other' }),
          entry(6, { id: id(6, Date.parse('2026-11-20T23:59:59.999Z')) }),
        ];
        for (const call of [...today, ...others]) await store.putCall(call);
        const found = await all(store.calls('demo', DAY));
        expect(found.map((call) => call.id)).toEqual([1, 2, 3].map((n) => id(n, tomorrow - n)));
        expect(await all(store.calls('dem', DAY))).toEqual([]);
      });

      it("the books of a project's day", async () => {
        const same = [
          BOOKS,
          { ...BOOKS, user: 'user/bob' },
          { ...BOOKS, model: 'o3' },
          ...[0, 1, BOOKS_SHARDS - 1].map((shard) => ({ ...BOOKS, shard })),
        ];
        const others = [
          { ...BOOKS, day: '2026-11-20' },
          { ...BOOKS, project: 'other' },
        ];
        for (const account of [...same, ...others]) await store.reserve(account, id(1), holdOf(1n));
        const found = await all(store.books('demo', DAY));
        expect(found.map((account) => account.id)).toHaveLength(same.length);
        expect(found.map((account) => account.id)).toEqual(expect.arrayContaining(same));
      });
    });
  });
}
