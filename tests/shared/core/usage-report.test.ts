import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Account } from '../../../shared/core/ledger.ts';
import { GROUPS, sumUsage } from '../../../shared/core/usage-report.ts';

const books: fc.Arbitrary<Account> = fc
  .record({
    project: fc.constantFrom('a', 'b', 'a","b'),
    user: fc.constantFrom('u', 'v'),
    model: fc.constantFrom('m', 'n'),
    day: fc.constantFrom('2026-10-31', '2026-11-01', '2026-11-30'),
    spent: fc.bigInt(0n, 10n ** 24n),
    saved: fc.bigInt(0n, 10n ** 24n),
    tally: fc.record({ calls: fc.nat(), hits: fc.nat(), input: fc.nat() }, { requiredKeys: [] }),
  })
  .map(({ spent, saved, tally, ...subject }) => ({
    id: { kind: 'books', ...subject, shard: 0 },
    carried: 0n,
    spent,
    saved,
    tally,
    holds: new Map(),
  }));

it('the rows of a report add up to its total, and the total to the books, however they are grouped', () => {
  fc.assert(
    fc.property(fc.array(books), fc.uniqueArray(fc.constantFrom(...GROUPS)), (accounts, groupBy) => {
      const { rows, total } = sumUsage(accounts, groupBy);
      const cost = accounts.reduce((sum, { spent }) => sum + spent, 0n);
      const input = accounts.reduce((sum, { tally }) => sum + (tally.input ?? 0), 0);
      expect([total.cost, rows.reduce((sum, row) => sum + row.cost, 0n)]).toEqual([cost, cost]);
      expect([total.tally.input ?? 0, rows.reduce((sum, row) => sum + (row.tally.input ?? 0), 0)]).toEqual([
        input,
        input,
      ]);
      const groups = rows.map(({ group }) => JSON.stringify(groupBy.map((part) => group[part])));
      expect(new Set(groups).size).toBe(rows.length);
    }),
  );
});

it('books on which nothing is booked yet make no row', () => {
  const id = { kind: 'books' as const, project: 'p', user: 'u', model: 'm', day: '2026-11-21', shard: 3 };
  const empty: Account = { id, carried: 0n, spent: 0n, saved: 0n, tally: {}, holds: new Map() };
  expect(sumUsage([empty], ['project']).rows).toEqual([]);
  const free: Account = { ...empty, tally: { calls: 1 } };
  expect(sumUsage([empty, free], ['project']).rows).toHaveLength(1);
});

it('limit accounts are no books, and are left out', () => {
  const limit: Account = {
    id: { kind: 'limit', scope: {}, period: 'month', periodKey: '2026-11' },
    carried: 0n,
    spent: 5n,
    saved: 0n,
    tally: {},
    holds: new Map(),
  };
  expect(sumUsage([limit], [])).toEqual({ rows: [], total: { group: {}, tally: {}, cost: 0n, saved: 0n } });
});
