import { afterEach, describe, expect, it } from 'vitest';
import { bundledPrices } from '../../../prices/load.ts';
import { formatUsd } from '../../../shared/core/money.ts';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { createMemoryStagePrices } from '../../../shared/memory/memory-stage-prices.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import type { StagePrices } from '../../../shared/ports/stage-prices.ts';
import { createPriceSource } from '../../../shared/pricing/price-source.ts';
import { json } from '../../support/scripted-upstream.ts';
import { inProcess } from '../../support/targets.ts';
import { makeWorld } from '../../support/world.ts';
import { ask, CHAT, of, post, refusalOf, USAGE_COST } from './cases/fixtures.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const MODELS = ['gpt-4o', 'gpt-4o-2024-08-06'];
/** 600 x $5 + 400 x $2.50 + 100 x $20: twice what it cost before. */
const DOUBLE_COST = '0.006';

/** A stage whose clock for prices is moved by hand. */
async function open(stagePrices: StagePrices = createMemoryStagePrices()) {
  let later = 0;
  const clock = { now: () => Date.now() + later };
  const log = { event: () => {}, alarm: () => {} };
  const bundled = bundledPrices();
  const world = await makeWorld({
    store: createMemoryLedgerStore(),
    directory: createMemoryDirectory(),
    cache: createMemoryCache({ clock: { now: () => Date.now() } }),
    prices: createPriceSource({ bundled, stagePrices, endpoint: 'global', clock, log }),
  });
  closing.push(() => world.close());
  const project = await world.project('1');
  const target = inProcess(world);
  return {
    world,
    project,
    call: (more: object = {}) =>
      post(target, '/v1/chat/completions', { ...ask(project), ...more }, of(project)),
    costs: async () =>
      (await world.entries(project)).map(({ outcome }) => outcome && formatUsd(outcome.cost)),
    minutePasses: () => {
      later += 60_000;
    },
    async doublePrices(models = MODELS) {
      for (const model of models) {
        const row = {
          model,
          family: 'gpt-4o',
          from: '2026-01-01',
          source: 'https://example.com',
          sourceDate: '2026-11-21',
          contextWindow: 128_000,
          maxOutputTokens: 16_384,
          maxImageTokens: 1_445,
          rates: { default: { input: 5_000_000, cached_input: 2_500_000, output: 20_000_000 } },
        };
        await stagePrices.put({ model, from: row.from, row, setBy: 'alice', setAt: Date.now() });
      }
      // The clock must have moved on before the next call, which the price then counts for.
      await new Promise((resolve) => setTimeout(resolve, 2));
    },
  };
}

describe('a price that an admin sets', () => {
  it('is charged within a minute, without a deployment', async () => {
    const stage = await open();
    stage.world.upstream.on('/chat/completions', json(CHAT));
    await (await stage.call()).text();
    await stage.doublePrices();
    stage.minutePasses();
    await (await stage.call({ user: 'another' })).text();
    expect(await stage.costs()).toEqual([USAGE_COST, DOUBLE_COST]);
  });

  it('leaves a call alone that was held with the price before', async () => {
    const stage = await open();
    let first = true;
    stage.world.upstream.on('/chat/completions', async (request, response) => {
      if (first) {
        first = false;
        await stage.doublePrices();
        stage.minutePasses();
        await (await stage.call({ user: 'another' })).text();
      }
      await json(CHAT)(request, response);
    });
    await (await stage.call()).text();
    expect([...(await stage.costs())].sort()).toEqual([USAGE_COST, DOUBLE_COST]);
  });

  it('serves a model that the release does not know', async () => {
    const stage = await open();
    stage.world.upstream.on('/chat/completions', json({ ...CHAT, model: 'gpt-7' }));
    expect(await refusalOf(await stage.call({ model: 'gpt-7' }))).toMatchObject({ code: 'unpriced_model' });
    await stage.doublePrices(['gpt-7']);
    stage.minutePasses();
    await (await stage.call({ model: 'gpt-7' })).text();
    expect(await stage.costs()).toEqual([DOUBLE_COST]);
  });
});

it.each(['whisper-1', 'tts-1'])('forwards no chat with %s, whose price has nothing for it', async (model) => {
  const stage = await open();
  expect(await refusalOf(await stage.call({ model }))).toMatchObject({ code: 'unpriced_model' });
  expect(stage.world.upstream.received).toHaveLength(0);
});

it('forwards nothing while the prices of the stage were never read', async () => {
  const all = async () => {
    throw new Unavailable('the table is out of reach');
  };
  const stage = await open({ ...createMemoryStagePrices(), all });
  expect(await refusalOf(await stage.call())).toMatchObject({ status: 503, code: 'ledger_unreachable' });
  expect(stage.world.upstream.received).toHaveLength(0);
});
