import { beforeEach, describe, expect, it } from 'vitest';
import { accountsOf, limitAccount, shardOf } from '../../shared/core/accounts.ts';
import { callId } from '../../shared/core/call-id.ts';
import type { AccountId, CallEntry, Outcome } from '../../shared/core/ledger.ts';
import type { LedgerStore } from '../../shared/ports/ledger-store.ts';

const NOON = Date.parse('2026-11-21T12:00:00.000Z');
const DAY = '2026-11-21';
const ALICE = { user: 'user/alice', project: 'demo', model: 'gpt-4o' };
const ACCOUNT = limitAccount({ project: 'demo' }, 'month', NOON);
const ID = callId(NOON, '1'.padStart(16, '0'));
const OTHER = callId(NOON, '2'.padStart(16, '0'));
const CALL: CallEntry = {
  id: ID,
  ...ALICE,
  endpoint: 'responses',
  requestedModel: 'gpt-4o',
  stream: false,
  held: 50n,
  accounts: accountsOf(ID, ALICE, []),
  expiresAt: NOON + 900_000,
  state: 'open',
};
const SETTLED: Outcome = {
  state: 'settled',
  cost: 50n,
  saved: 0n,
  tally: { calls: 1 },
  flags: ['broken'],
  decidedAt: NOON,
};
const CORRECTION = {
  cost: 20n,
  reason: 'the invoice says less — „much“',
  by: 'alice',
  at: NOON + 7,
  entry: OTHER,
};
const CORRECTING: CallEntry = {
  ...CALL,
  id: OTHER,
  held: 0n,
  corrects: { cost: 20n, reason: CORRECTION.reason, at: NOON + 7, call: ID, difference: -30n },
};

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of list) found.push(value);
  return found;
}

/** What every ledger store must do for corrections; `create` makes an empty one. */
export function ledgerCorrectionsContract(name: string, create: () => Promise<LedgerStore>): void {
  describe(`a ledger store with corrections in ${name}`, () => {
    let store: LedgerStore;
    beforeEach(async () => {
      store = await create();
    });
    const close = async (call: CallEntry, outcome: Outcome) => {
      await store.putCall(call);
      await store.decideCall(call, outcome);
      await store.closeCall(call);
    };

    it('keeps the correction of a closed call, the first one, beside what it was', async () => {
      await close(CALL, SETTLED);
      const corrected = { ...CALL, state: 'closed', outcome: SETTLED, correction: CORRECTION };
      expect(await store.correctCall(CALL, CORRECTION)).toEqual(corrected);
      expect(await store.correctCall(CALL, { ...CORRECTION, cost: 1n, entry: ID })).toEqual(corrected);
      expect(await store.getCall(CALL)).toEqual(corrected);
    });

    it('names one of many corrections that come at once', async () => {
      await close(CALL, SETTLED);
      const costs = [1n, 2n, 3n, 4n];
      const standing = await Promise.all(
        costs.map((cost) => store.correctCall(CALL, { ...CORRECTION, cost })),
      );
      expect(new Set(standing.map((call) => call?.correction?.cost)).size).toBe(1);
    });

    it('corrects no call that is not closed, or is not there', async () => {
      expect(await store.correctCall(CALL, CORRECTION)).toBeUndefined();
      await store.putCall(CALL);
      expect(await store.correctCall(CALL, CORRECTION)).toEqual(CALL);
      const decided = await store.decideCall(CALL, SETTLED);
      expect(await store.correctCall(CALL, CORRECTION)).toEqual(decided);
    });

    it('keeps the entry of a correction, and lists it where it is asked for', async () => {
      const outcome: Outcome = { ...SETTLED, state: 'correction', cost: -30n, tally: {}, flags: [] };
      await close(CALL, SETTLED);
      await close(CORRECTING, outcome);
      const entry = { ...CORRECTING, state: 'closed', outcome };
      expect(await store.getCall(CORRECTING)).toEqual(entry);
      expect((await all(store.calls('demo', DAY))).map(({ id }) => id)).toEqual([ID]);
      expect(await all(store.calls('demo', DAY, 'corrections'))).toEqual([
        entry,
        { ...CALL, state: 'closed', outcome: SETTLED },
      ]);
    });

    it('lists the entry of a correction that is not completed with the open calls', async () => {
      await store.putCall(CORRECTING);
      expect(await all(store.expiredCalls(NOON + 900_001))).toEqual([CORRECTING]);
    });

    it.each<[string, AccountId]>([
      ['a limit', ACCOUNT],
      ['a shard', shardOf(ACCOUNT, 1)],
    ])('holds nothing, and gives money back, in the account of %s that is overspent', async (_, id) => {
      await store.openAccount({ id: ACCOUNT, limit: { amount: 100n, version: 3 }, carried: 0n });
      if (id !== ACCOUNT) await store.openAccount({ id, limit: { amount: 0n, version: 3 }, carried: 0n });
      const hold = { amount: 0n, at: NOON, project: 'demo' };
      const booking = { held: 0n, cost: 150n, saved: 0n, tally: {} };
      expect(await store.reserve(id, ID, hold)).toMatchObject({ kind: 'held' });
      await store.release(id, ID, booking);
      expect(await store.reserve(id, OTHER, hold)).toMatchObject({ kind: 'exhausted' });
      const before = await store.getAccount(id);
      expect(await store.reserve(id, OTHER, hold, { anyway: true })).toMatchObject({ kind: 'held' });
      expect(await store.reserve(id, OTHER, hold, { anyway: true })).toMatchObject({ kind: 'duplicate' });
      expect(await store.release(id, OTHER, { ...booking, cost: -30n })).toBe('released');
      const after = await store.getAccount(id);
      expect([before?.spent, after?.spent]).toEqual([150n, 120n]);
      // What a shard gets back only its account may spend again.
      const free = (account: typeof after) =>
        (account?.limit?.remaining ?? 0n) + (account?.flow?.returned ?? 0n);
      expect(free(after) - free(before)).toBe(30n);
    });
  });
}
