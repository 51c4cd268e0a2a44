import { expect, test } from 'vitest';
import { callId } from '../../../shared/core/call-id.ts';
import type { CallEntry } from '../../../shared/core/ledger.ts';
import type { Price, PriceTable } from '../../../shared/core/price.ts';
import { toldOutcome } from '../../../shared/core/told-outcome.ts';

const BEFORE = Date.parse('2026-11-21T23:59:59.000Z');
const AFTER = Date.parse('2026-11-22T00:10:00.000Z');

function priceAt(at: number): Price {
  const input = at < Date.parse('2026-11-22') ? 4n : 5n;
  return {
    model: 'm',
    family: 'm',
    source: 'a test',
    rates: { default: { input, output: input } },
    contextWindow: 1_000,
    maxOutputTokens: 1_000,
    maxImageTokens: 0,
  };
}
const PRICES: PriceTable = {
  find: (model, at) => (model === 'm' ? { kind: 'priced', price: priceAt(at) } : { kind: 'unknown' }),
};

function entry(at: number, requestedModel = 'm'): CallEntry {
  return {
    id: callId(at, '0123456789abcdef'),
    user: 'u',
    project: 'p',
    model: 'm',
    endpoint: 'responses',
    requestedModel,
    stream: false,
    held: 1_000n,
    accounts: [],
    expiresAt: at,
    state: 'open',
  };
}

test('A call is priced as on the day on which it was made, however late its cost is told', () => {
  const served = { model: 'm', counts: { input: 10, output: 10 } };
  expect(toldOutcome(entry(BEFORE), served, PRICES, AFTER)).toMatchObject({ cost: 80n, decidedAt: AFTER });
  expect(toldOutcome(entry(AFTER), served, PRICES, AFTER)).toMatchObject({ cost: 100n });
});

test('A call whose model has lost its price meanwhile is booked at its hold, flagged', () => {
  const told = toldOutcome(entry(BEFORE, 'lost'), { counts: { input: 10 } }, PRICES, AFTER);
  expect(told).toMatchObject({ state: 'settled', cost: 1_000n, flags: ['unpriced'] });
});

test('A call that cost more than it held is booked at its cost, flagged', () => {
  const told = toldOutcome(entry(BEFORE), { counts: { input: 1_000 } }, PRICES, AFTER);
  expect(told).toMatchObject({ cost: 4_000n, flags: ['over_hold'] });
});
