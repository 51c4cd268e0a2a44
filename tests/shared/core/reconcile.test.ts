import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bundledPrices } from '../../../prices/load.ts';
import type { Account, CallEntry, Tally } from '../../../shared/core/ledger.ts';
import { openedAccount } from '../../../shared/core/ledger-rules.ts';
import { ONE_USD } from '../../../shared/core/money.ts';
import { type Evidence, passes, percentOf, reconcile } from '../../../shared/core/reconcile.ts';
import { picodollars } from '../../support/admin-stage.ts';

const prices = bundledPrices();
const DAY = '2026-11-20';
const NEXT = '2026-11-21';

function books(
  model: string,
  cost: string,
  tally: Tally = {},
  more: Partial<{ day: string; user: string }> = {},
) {
  const { day = DAY, user = 'user/alice' } = more;
  const id = { kind: 'books', project: 'demo', user, model, day, shard: 0 } as const;
  return { ...openedAccount(id, 0n), spent: picodollars(cost), tally } satisfies Account;
}
const cost = (lineItem: string, usd: string, day = DAY) => ({ day, lineItem, amount: picodollars(usd) });
const compare = (evidence: Partial<Evidence>) =>
  reconcile({ days: [DAY, NEXT], books: [], costs: [], ...evidence }, prices);

describe('books and invoice', () => {
  it('are compared per model and day, whoever made the calls and whatever the lines are called', () => {
    const { rows, days, total } = compare({
      books: [
        books('gpt-4o', '1'),
        books('gpt-4o', '0.5', {}, { user: 'user/bob' }),
        books('gpt-4o', '2', {}, { day: NEXT }),
      ],
      costs: [
        cost('gpt-4o-2024-08-06, input', '1.2'),
        cost('gpt-4o-2024-11-20, output', '0.3'),
        cost('priority | gpt-4o, output', '2.5', NEXT),
      ],
    });
    const item = { kind: 'model', name: 'gpt-4o' };
    const same = picodollars('1.5');
    expect(rows).toEqual([
      { day: DAY, item, booked: same, billed: same, measured: {}, flagged: {} },
      { day: NEXT, item, booked: 2n * ONE_USD, billed: picodollars('2.5'), measured: {}, flagged: {} },
    ]);
    expect(days.map(({ day, booked, billed }) => [day, billed - booked])).toEqual([
      [DAY, 0n],
      [NEXT, picodollars('0.5')],
    ]);
    expect(total).toEqual({ booked: picodollars('3.5'), billed: 4n * ONE_USD });
  });

  it('keep what only one of them has, and days without anything', () => {
    const { rows, days } = compare({
      books: [books('gpt-4o', '1')],
      costs: [cost('Vector storage', '0.1'), cost('gpt-9-unheard-of, input', '0.2')],
    });
    expect(rows.map(({ item, booked, billed }) => [item.kind, item.name, booked, billed])).toEqual([
      ['model', 'gpt-4o', ONE_USD, 0n],
      ['line_item', 'Vector storage', 0n, picodollars('0.1')],
      ['line_item', 'gpt-9-unheard-of, input', 0n, picodollars('0.2')],
    ]);
    expect(days).toContainEqual({ day: NEXT, booked: 0n, billed: 0n });
  });

  it('agree about hosted tools, which are booked on the model that used them and billed by themselves', () => {
    const { rows } = compare({
      books: [books('gpt-4o', '0.0375', { web_search: 3, file_search: 1, output: 500 })],
      costs: [
        cost('web search tool calls', '0.03'),
        cost('file search tool calls', '0.0025'),
        cost('gpt-4o-2024-08-06, output', '0.005'),
      ],
    });
    expect(rows.map(({ item, booked, billed }) => [item.name, billed - booked])).toEqual([
      ['gpt-4o', 0n],
      ['file_search', 0n],
      ['web_search', 0n],
    ]);
  });

  it('never come to less than what was booked when a tool costs more than its call', () => {
    const { total, rows } = compare({ books: [books('gpt-4o', '0.001', { web_search: 1 })] });
    expect(rows).toHaveLength(1);
    expect(total.booked).toBe(picodollars('0.001'));
  });

  it('tell what was counted differently, where money differs', () => {
    const tally = { calls: 2, input: 100, cached_input: 20, output: 50 };
    const measured = { requests: 3, input: 140, cached_input: 20, output: 50 };
    const usage = [{ day: DAY, of: { model: 'gpt-4o-2024-08-06' }, measured }];
    const evidence = { books: [books('gpt-4o', '1', tally)], usage };
    const [differing] = compare({ ...evidence, costs: [cost('gpt-4o, input', '1.1')] }).rows;
    expect(differing?.measured).toEqual({
      requests: { booked: 2, billed: 3 },
      input: { booked: 120, billed: 140 },
    });
    const [equal] = compare({ ...evidence, costs: [cost('gpt-4o, input', '1')] }).rows;
    expect(equal?.measured).toEqual({});
    const [untold] = compare({ ...evidence, usage: undefined, costs: [cost('gpt-4o, input', '1.1')] }).rows;
    expect(untold?.measured).toEqual({});
  });

  it('compare characters and seconds only where the books are billed by them', () => {
    const measured = { requests: 1, seconds: 60 };
    const usage = ['whisper-1', 'gpt-4o-transcribe'].map((model) => ({ day: DAY, of: { model }, measured }));
    const { rows } = compare({
      books: [
        books('whisper-1', '0.003', { calls: 1, audio_seconds: 30 }),
        books('gpt-4o-transcribe', '0.003', { calls: 1, audio_input: 30 }),
      ],
      costs: [cost('whisper-1, audio', '0.006'), cost('gpt-4o-transcribe audio, input', '0.006')],
      usage,
    });
    expect(rows.map((row) => [row.item.name, row.measured])).toEqual([
      ['gpt-4o-transcribe', { input: { booked: 30, billed: 0 } }],
      ['whisper-1', { seconds: { booked: 30, billed: 60 } }],
    ]);
  });

  it('tell how much of what was booked is no exact cost', () => {
    const call = (model: string, usd: string, flags: string[]) =>
      ({ model, outcome: { cost: picodollars(usd), flags } }) as unknown as CallEntry;
    const { rows } = compare({
      books: [books('gpt-4o', '1'), books('gpt-4o-mini', '1')],
      flagged: [
        { day: DAY, call: call('gpt-4o', '0.2', ['unsettled']) },
        { day: DAY, call: call('gpt-4o', '0.3', ['unsettled', 'unpriced']) },
      ],
    });
    const flagged = { unsettled: picodollars('0.5'), unpriced: picodollars('0.3') };
    expect(rows.map((row) => row.flagged)).toEqual([flagged, {}]);
  });

  it('lose nothing: the total is the sum of both sides, whatever the names', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 16n });
    const model = fc.constantFrom('gpt-4o', 'gpt-4o-mini', 'gone-from-the-table');
    const lineItem = fc.oneof(
      fc.constantFrom('gpt-4o-2024-08-06, input', 'web search tool calls', 'Vector storage'),
      fc.string(),
    );
    const day = fc.constantFrom(DAY, NEXT);
    fc.assert(
      fc.property(
        fc.array(fc.record({ model, day, spent: amount, searches: fc.nat(50) })),
        fc.array(fc.record({ lineItem, day, amount })),
        (booked, costs) => {
          const accounts = booked.map((one) => ({
            ...books(one.model, '0', { web_search: one.searches }, one),
            spent: one.spent,
          }));
          const { total, days, rows } = compare({ books: accounts, costs });
          const sum = (values: bigint[]) => values.reduce((all, value) => all + value, 0n);
          const expected = [sum(booked.map(({ spent }) => spent)), sum(costs.map((each) => each.amount))];
          for (const parts of [[total], days, rows])
            expect([sum(parts.map((each) => each.booked)), sum(parts.map((each) => each.billed))]).toEqual(
              expected,
            );
        },
      ),
    );
  });
});

describe('a difference', () => {
  it.each([
    ['1', '1', '0'],
    ['0', '0', '0'],
    ['0', '2', '100'],
    ['2', '0', undefined],
    ['0.99', '1', '1'],
    ['1.005', '1', '-0.5'],
    ['2', '3', '33.33'],
    ['1', '3', '66.67'],
    ['0.999949', '1', '0.01'],
    ['1.00005', '1', '-0.01'],
    ['1.00004', '1', '0'],
  ])('of %s booked and %s billed is %s percent', (booked, billed, percent) => {
    expect(percentOf({ booked: picodollars(booked), billed: picodollars(billed) })).toBe(percent);
  });

  it.each([
    ['100', '102', true],
    ['102', '100', true],
    ['100', '101', false],
    ['1000', '1009', false],
    ['0.1', '1.1', false],
    ['0', '1.000000000001', true],
    ['1.000000000001', '0', true],
  ])('of %s booked and %s billed passes $1 and 1 percent: %s', (booked, billed, expected) => {
    const tolerance = { usd: ONE_USD, percent: ONE_USD };
    expect(passes({ booked: picodollars(booked), billed: picodollars(billed) }, tolerance)).toBe(expected);
  });
});
