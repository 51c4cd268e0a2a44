import { describe, expect, it } from 'vitest';
import {
  accountName,
  accountsOf,
  BOOKS_SHARDS,
  bookingIn,
  limitAccount,
  shardOf,
} from '../../../shared/core/accounts.ts';
import { callId } from '../../../shared/core/call-id.ts';
import type { Outcome } from '../../../shared/core/ledger.ts';
import { inScope, type Limit } from '../../../shared/core/scope.ts';

const ALICE = { user: 'user/alice', project: 'demo', model: 'gpt-4o' };
const NEW_YEAR = Date.parse('2027-01-01T00:00:00.000Z');
const OUTCOME: Outcome = {
  state: 'settled',
  cost: 5n,
  saved: 2n,
  tally: { input: 3 },
  flags: [],
  decidedAt: NEW_YEAR,
};

describe('the accounts of a call', () => {
  const limits: Limit[] = (['day', 'week', 'month', 'total'] as const).map((period) => ({
    scope: { project: 'demo' },
    period,
    amount: 1n,
    version: 1,
  }));

  it('are those of the instant in which it began, to the millisecond', () => {
    const keys = (at: number) =>
      accountsOf(callId(at, '0123456789abcdef'), ALICE, limits).map((id) =>
        id.kind === 'limit' ? id.periodKey : id.kind === 'books' ? id.day : id.kind,
      );
    expect(keys(NEW_YEAR - 1)).toEqual(['2026-12-31', '2026-W53', '2026-12', 'total', '2026-12-31']);
    expect(keys(NEW_YEAR)).toEqual(['2027-01-01', '2026-W53', '2027-01', 'total', '2027-01-01']);
  });

  it('are its books alone where no limit binds', () => {
    expect(accountsOf(callId(NEW_YEAR, '0123456789abcdef'), ALICE, [])).toEqual([
      { kind: 'books', ...ALICE, day: '2027-01-01', shard: 0x89abcdef % BOOKS_SHARDS },
    ]);
  });
});

describe('the name of an account', () => {
  it('tells any two apart', () => {
    const ids = [
      ...[{}, { user: 'a' }, { project: 'a' }, { model: 'a' }, { user: '*' }, { user: '=a' }].flatMap(
        (scope) => [limitAccount(scope, 'day', NEW_YEAR), limitAccount(scope, 'month', NEW_YEAR)],
      ),
      { kind: 'books' as const, ...ALICE, day: '2027-01-01', shard: 0 },
      { kind: 'books' as const, ...ALICE, day: '2027-01-01', shard: 1 },
      { kind: 'books' as const, ...ALICE, day: '2027-01-02', shard: 0 },
      ...[0, 1, 11].map((shard) => shardOf(limitAccount({}, 'day', NEW_YEAR), shard)),
    ];
    expect(new Set(ids.map(accountName)).size).toBe(ids.length);
  });
});

describe('a booking', () => {
  const limit = limitAccount({}, 'day', NEW_YEAR);
  const books = { kind: 'books' as const, ...ALICE, day: '2027-01-01', shard: 0 };

  it('is money and one call in a limit, and all of the usage in the books', () => {
    expect(bookingIn(limit, OUTCOME)).toEqual({ cost: 5n, saved: 0n, tally: { calls: 1 } });
    expect(bookingIn(books, OUTCOME)).toEqual({ cost: 5n, saved: 2n, tally: { calls: 1, input: 3 } });
  });

  it('of a void is nothing anywhere', () => {
    for (const id of [limit, books])
      expect(bookingIn(id, { ...OUTCOME, state: 'void' })).toEqual({ cost: 0n, saved: 0n, tally: {} });
  });
});

it.each([
  [{}, true],
  [{ user: 'user/alice' }, true],
  [{ user: 'user/alice', project: 'demo', model: 'gpt-4o' }, true],
  [{ user: 'user/bob' }, false],
  [{ user: 'user/alice', project: 'lab' }, false],
])('a scope %j binds its own subjects: %s', (scope, binds) => {
  expect(inScope(ALICE, scope)).toBe(binds);
});
