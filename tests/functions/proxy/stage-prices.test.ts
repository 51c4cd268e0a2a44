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
    async doublePrices(models = MODELS, facts: object = {}) {
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
          ...facts,
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

describe('what a price says of its model holds, whatever the model is called', () => {
  /** Asks the same twice; tells what the cache says. */
  async function twice(stage: Awaited<ReturnType<typeof open>>, model: string) {
    stage.world.upstream.on('/chat/completions', json({ ...CHAT, model }));
    const seen: (string | null)[] = [];
    for (const _ of [1, 2]) {
      const response = await stage.call({ model, temperature: 0 });
      await response.text();
      seen.push(response.headers.get('openai-proxy-cache'));
      await stage.costs();
    }
    return seen;
  }

  it('an answer of a model that searches the web in every call is never given again, and owes its search', async () => {
    const stage = await open();
    await stage.doublePrices(['gpt-7'], { searchPerCall: true, calls: { web_search: 10_000_000_000 } });
    stage.minutePasses();
    expect(await twice(stage, 'gpt-7')).toEqual(['bypass', 'bypass']);
    expect(await stage.costs()).toEqual(['0.016', '0.016']);
  });

  it('an answer of any other model is, also of one with "-search-" in its name', async () => {
    const stage = await open();
    await stage.doublePrices(['gpt-7-search-preview']);
    stage.minutePasses();
    expect(await twice(stage, 'gpt-7-search-preview')).toEqual(['miss', 'hit']);
  });

  it.each([
    ['does not reason', { reasons: false }, true],
    ['may reason, of the family of one that does not', {}, false],
  ])(
    'a call that its caller leaves is booked by what was seen only if the model %s',
    async (_, facts, seen) => {
      const stage = await open();
      await stage.doublePrices(['gpt-7'], facts);
      stage.minutePasses();
      const chunk = { model: 'gpt-7', choices: [{ index: 0, delta: { content: 'Hello' } }] };
      stage.world.upstream.on('/chat/completions', async (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`data: ${JSON.stringify(chunk)}\n\n`);
      });
      const project = await stage.world.project('1', { onDisconnect: 'cancel' });
      const body = { ...ask(project), model: 'gpt-7', stream: true, max_tokens: 5_000 };
      const response = await post(inProcess(stage.world), '/v1/chat/completions', body, of(project));
      const reader = response.body?.getReader();
      await reader?.read();
      await reader?.cancel();
      const [entry] = await stage.world.entries(project);
      expect(entry?.outcome?.flags).toEqual(['estimated']);
      // 5,000 tokens of output at $20 a million are held; 5 bytes were seen.
      expect((entry?.outcome?.cost ?? 0n) < 50_000_000_000n).toBe(seen);
    },
  );

  it('speech by a model that bills characters is not asked for in events, and costs its characters', async () => {
    const stage = await open();
    await stage.doublePrices(['speak-9'], {
      rates: { default: { characters: 15_000_000 } },
      maxOutputTokens: 0,
    });
    stage.minutePasses();
    stage.world.upstream.on('/audio/speech', async (_request, response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' });
      response.end('sound');
    });
    const body = { model: 'speak-9', input: 'Hello', voice: 'ash' };
    const response = await post(inProcess(stage.world), '/v1/audio/speech', body, of(stage.project));
    expect([response.status, await response.text()]).toEqual([200, 'sound']);
    expect(JSON.parse(String(stage.world.upstream.received.at(-1)?.body))).toEqual(body);
    expect(await stage.costs()).toEqual(['0.000075']);
  });

  it('images are made by the model that a price marks, where the request names none', async () => {
    const stage = await open();
    const facts = { imageToolDefault: true, imageOutput: { units: { low: 16 } } };
    const rates = { default: { input: 1_000_000, output: 30_000_000, image_output: 30_000_000 } };
    await stage.doublePrices(['draw-9'], { ...facts, rates, maxImageTokens: 0 });
    stage.minutePasses();
    const image_gen = { input_tokens: 0, output_tokens: 196, total_tokens: 196 };
    const usage = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
    const tools = [{ type: 'image_generation', model: 'draw-9' }];
    const answer = { id: 'resp_1', status: 'completed', model: 'gpt-4o', output: [], tools, usage };
    stage.world.upstream.on('/responses', json({ ...answer, tool_usage: { image_gen } }));
    const ask = {
      model: 'gpt-4o',
      input: 'Draw.',
      tools: [{ type: 'image_generation' }],
      max_tool_calls: 1,
      max_output_tokens: 16,
    };
    const response = await post(inProcess(stage.world), '/v1/responses', ask, of(stage.project));
    expect(response.status).toBe(200);
    await response.text();
    expect(JSON.parse(String(stage.world.upstream.received.at(-1)?.body))).toMatchObject({ tools });
    expect(await stage.costs()).toEqual([formatUsd(196n * 30_000_000n)]);
  });

  it('inline moderation is only served with a model that is free', async () => {
    const stage = await open();
    stage.world.upstream.on('/chat/completions', json(CHAT));
    const moderate = (model: string) => stage.call({ moderation: { model } });
    await stage.doublePrices(['omni-moderation-9']);
    const free = { rates: { default: { input: 0, output: 0 } } };
    await stage.doublePrices(['check-9'], free);
    stage.minutePasses();
    for (const model of ['omni-moderation-9', 'omni-moderation-unheard-of', 'gpt-4o']) {
      const refusal = await refusalOf(await moderate(model));
      expect(refusal, model).toMatchObject({ code: 'unmetered_option', param: 'moderation.model' });
    }
    for (const model of ['omni-moderation-latest', 'check-9']) {
      const response = await moderate(model);
      expect(response.status, model).toBe(200);
      await response.text();
    }
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
