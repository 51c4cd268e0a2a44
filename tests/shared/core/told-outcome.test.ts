import { expect, test } from 'vitest';
import { bundledPrices } from '../../../prices/load.ts';
import { callId } from '../../../shared/core/call-id.ts';
import type { CallEntry } from '../../../shared/core/ledger.ts';
import { ONE_USD } from '../../../shared/core/money.ts';
import type { Price, PriceTable } from '../../../shared/core/price.ts';
import { servedOutcome, toldOutcome } from '../../../shared/core/told-outcome.ts';

const BEFORE = Date.parse('2026-11-21T23:59:59.000Z');
const AFTER = Date.parse('2026-11-22T00:10:00.000Z');

/** The model `n` costs twice as much as `m`; both get dearer. */
function priceAt(model: string, at: number): Price {
  const input = (at < Date.parse('2026-11-22') ? 4n : 5n) * (model === 'n' ? 2n : 1n);
  return {
    model,
    family: model,
    source: 'a test',
    rates: { default: { input, output: input } },
    contextWindow: 1_000,
    maxOutputTokens: 1_000,
    maxImageTokens: 0,
  };
}
const PRICES: PriceTable = {
  find: (model, at) =>
    /^[mn]$/.test(model) ? { kind: 'priced', price: priceAt(model, at) } : { kind: 'unknown' },
  defaultImageModel: () => undefined,
  containerRates: () => ({}),
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

test('A call that another model served is priced as on that day, too', () => {
  const served = { model: 'n', counts: { input: 10, output: 10 } };
  expect(toldOutcome(entry(BEFORE), served, PRICES, AFTER)).toMatchObject({ cost: 160n, flags: [] });
  expect(toldOutcome(entry(AFTER), served, PRICES, AFTER)).toMatchObject({ cost: 200n, flags: [] });
});

test('A call whose model has lost its price meanwhile is booked at its hold, flagged', () => {
  const told = toldOutcome(entry(BEFORE, 'lost'), { counts: { input: 10 } }, PRICES, AFTER);
  expect(told).toMatchObject({ state: 'settled', cost: 1_000n, flags: ['unpriced'] });
});

test('A call that cost more than it held is booked at its cost, flagged', () => {
  const told = toldOutcome(entry(BEFORE), { counts: { input: 1_000 } }, PRICES, AFTER);
  expect(told).toMatchObject({ cost: 4_000n, flags: ['over_hold'] });
});

const LIST = bundledPrices();
const asked = (model: string, held: bigint) => {
  const found = LIST.find(model, AFTER);
  if (found.kind !== 'priced') throw new Error(`${model} has no price`);
  return { price: found.price, at: AFTER, held };
};

test('An answer that another priced model served costs that model’s rates, cheaper or dearer', () => {
  const counts = { input: 1_000, output: 100 };
  // $2.50 and $10 a million tokens, and $0.15 and $0.60.
  const costs = [
    ['gpt-4o-mini', 'gpt-4o', 3_500_000_000n],
    ['gpt-4o', 'gpt-4o-mini', 210_000_000n],
  ] as const;
  for (const [model, servedModel, cost] of costs)
    expect(servedOutcome(asked(model, ONE_USD), { model: servedModel, counts }, LIST)).toMatchObject({
      cost,
      flags: [],
      servedModel,
    });
});

test('What another model did for an answer is billed at its own price, and counted with the rest', () => {
  const served = {
    model: 'gpt-6-sol',
    counts: { input: 1_000, output: 100 },
    also: [
      { model: 'gpt-image-2', counts: { input: 50, image_output: 4_160 } },
      { model: 'gpt-image-2', counts: { image_output: 100 } },
    ],
  };
  // 1,000 x $2 + 100 x $10, 50 x $5 + 4,260 x $30, for a million each.
  expect(servedOutcome(asked('gpt-6-sol', ONE_USD), served, LIST)).toMatchObject({
    cost: 131_050_000_000n,
    tally: { calls: 1, input: 1_050, output: 100, image_output: 4_260 },
    flags: [],
    servedModel: 'gpt-6-sol',
  });
});

test('What a model without a price did for an answer costs no less than was held, flagged', () => {
  for (const part of [
    { model: 'gpt-image-99', counts: { image_output: 10 } },
    { counts: { image_output: 10 } },
  ]) {
    const served = { model: 'gpt-6-sol', counts: { input: 1_000 }, also: [part] };
    expect(servedOutcome(asked('gpt-6-sol', ONE_USD), served, LIST)).toMatchObject({
      cost: ONE_USD,
      flags: ['unpriced'],
    });
  }
});

test('What a price has nothing of the kind for costs no less than was held, flagged', () => {
  const served = { model: 'tts-1', counts: { characters: 10, audio_seconds: 3_600 } };
  expect(servedOutcome(asked('tts-1', ONE_USD), served, LIST)).toMatchObject({
    cost: ONE_USD,
    flags: ['unpriced'],
  });
});
