import { describe, expect, it } from 'vitest';
import { bundledPrices } from '../../prices/load.ts';
import { parseTable } from '../../prices/schema.ts';
import bundled from '../../prices/table.json' with { type: 'json' };
import { chatCompletions } from '../../shared/core/endpoints/chat-completions.ts';
import { embeddings } from '../../shared/core/endpoints/embeddings.ts';
import { responses } from '../../shared/core/endpoints/responses.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import { formatUsd } from '../../shared/core/money.ts';
import { type PriceTable, TIERS } from '../../shared/core/price.ts';
import { costOf } from '../../shared/core/pricing.ts';
import { tierOf } from '../../shared/core/rates.ts';
import { BILLED_CLASSES, type Served } from '../../shared/core/usage.ts';
import { ANSWERS } from './matrix/answers.ts';
import { CLASSES, DATED, REGIONAL } from './matrix/classes.ts';
import { FAMILIES } from './matrix/families.ts';
import { BOUNDARIES, TIERS_SERVED } from './matrix/tiers.ts';

const prices = bundledPrices();
const regional = bundledPrices('regional');
const ENDPOINTS = { chat: chatCompletions, responses, embeddings };
const TODAY = '2026-11-25';

function priceOf(model: string, day: string, table: PriceTable) {
  const found = table.find(model, Date.parse(`${day}T12:00:00Z`));
  if (found.kind !== 'priced') throw new Error(`${model} has no price`);
  return found.price;
}

function usd(model: string, served: Served, day = TODAY, table = prices) {
  const { cost, flags, bounded } = costOf(priceOf(model, day, table), served);
  return { usd: formatUsd(cost), flags, bounded };
}

const exactly = (expected: string) => ({ usd: expected, flags: [], bounded: true });

describe('what a use costs, against costs worked out by hand', () => {
  it.each([...FAMILIES, ...TIERS_SERVED, ...BOUNDARIES, ...CLASSES])(
    '%s with %o: $%s %s',
    (model, counts, expected, serviceTier) => {
      expect(usd(model, { counts, serviceTier })).toEqual(exactly(expected));
    },
  );

  it.each(REGIONAL)('%s with %o at a regional endpoint: $%s %s', (model, counts, expected, serviceTier) => {
    expect(usd(model, { counts, serviceTier }, TODAY, regional)).toEqual(exactly(expected));
  });

  it.each(DATED)('%s with %o: $%s on %s', (model, counts, expected, day) => {
    expect(usd(model, { counts }, day)).toEqual(exactly(expected));
  });
});

describe('what an answer costs, as OpenAI words its usage', () => {
  it.each(ANSWERS)('$title: $$usd', ({ endpoint, model, answer, usd: expected }) => {
    const served = ENDPOINTS[endpoint].served({ model, ...answer } as JsonObject, {});
    if (served === undefined) throw new Error('no usage was read');
    expect(usd(model, served)).toEqual(exactly(expected));
  });
});

describe('the matrix', () => {
  const all = [...FAMILIES, ...TIERS_SERVED, ...BOUNDARIES, ...CLASSES, ...REGIONAL, ...DATED];
  const tiered = [...TIERS_SERVED, ...BOUNDARIES, ...CLASSES];

  it('has 150 uses and more, each of them once', () => {
    expect(all.length + ANSWERS.length).toBeGreaterThanOrEqual(150);
    for (const list of [FAMILIES, TIERS_SERVED, BOUNDARIES, CLASSES, REGIONAL, DATED])
      expect(new Set(list.map((row) => JSON.stringify(row))).size).toBe(list.length);
  });

  it('has every class', () => {
    const used = new Set(all.flatMap(([, counts]) => Object.keys(counts)));
    expect(BILLED_CLASSES.filter((unit) => !used.has(unit))).toEqual([]);
  });

  it('has every tier', () => {
    const used = new Set(tiered.flatMap(([, , , tier]) => tierOf(tier) ?? []));
    expect(TIERS.filter((tier) => !used.has(tier))).toEqual([]);
  });

  it('has every family of the table', () => {
    const used = new Set(all.map(([model]) => priceOf(model, TODAY, prices).family));
    const families = new Set(parseTable(bundled).prices.map(({ family }) => family));
    expect([...families].filter((family) => !used.has(family))).toEqual([]);
  });

  it('has both sides of the long-context boundary of every family that has one', () => {
    for (const { family, longContext } of parseTable(bundled).prices) {
      if (longContext === undefined) continue;
      const inputs = BOUNDARIES.filter(([model]) => priceOf(model, TODAY, prices).family === family).map(
        ([, counts]) => counts.input,
      );
      expect(inputs, family).toEqual(expect.arrayContaining([longContext.over, longContext.over + 1]));
    }
  });
});
