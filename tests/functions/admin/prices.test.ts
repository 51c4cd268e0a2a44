import { beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../shared/core/json.ts';
import { type AdminStage, onEveryStore } from '../../support/admin-stage.ts';

const TERRA = {
  command: 'set-price',
  model: 'gpt-4o-2024-05-13',
  source: 'https://example.com/pricing',
  by: 'alice',
  rates: {
    default: { input: '6', output: '18' },
    priority: { input: '9', output: '27' },
    batch: { input: '3', output: '9' },
  },
};
const NEW = {
  command: 'set-price',
  model: 'gpt-7',
  source: 'https://example.com/pricing',
  by: 'alice',
  like: 'gpt-4o',
  rates: {
    default: { input: '0.1', cached_input: '0.01', output: 1 },
    priority: { input: '0.2', cached_input: '0.02', output: '2' },
    batch: { input: '0.05', output: '0.5' },
  },
};

onEveryStore('the prices that admins set', (open) => {
  let stage: AdminStage;
  const ask = (payload: JsonObject) => stage.admin(payload);
  const inForce = async (model: string) => (await ask({ command: 'prices', model }))['in_force'];
  beforeEach(async () => {
    stage = await open();
  });

  it('correct a price of the release, from today on', async () => {
    expect(await ask(TERRA)).toMatchObject({
      model: 'gpt-4o-2024-05-13',
      family: 'gpt-4o',
      from: '2026-11-21',
      source: 'https://example.com/pricing (2026-11-21)',
      set_by: 'alice',
      set_at: '2026-11-21T12:00:00.000Z',
      rates: TERRA.rates,
      calls: { web_search: '0.01', web_search_preview: '0.025', container_1g: '0.0015' },
      context_window: 128_000,
      in_force_within_seconds: 60,
    });
    expect(await inForce('gpt-4o-2024-05-13')).toMatchObject({ rates: { default: { input: '6' } } });
    expect(await inForce('gpt-4o')).toMatchObject({ rates: { default: { input: '2.5' } } });
  });

  it('add a model, with the rest from one that it is like', async () => {
    expect(await inForce('gpt-7')).toBeNull();
    expect(await ask(NEW)).toMatchObject({ model: 'gpt-7', family: 'gpt-7', max_output_tokens: 16_384 });
    expect(await inForce('gpt-7')).toMatchObject({ rates: { default: { output: '1' } }, regional: false });
    expect(await ask({ command: 'set-limit', model: 'gpt-7', limit: 1 })).toMatchObject({ model: 'gpt-7' });
  });

  it('hold from a day to come', async () => {
    await ask({ ...TERRA, from: '2026-12-01' });
    expect(await inForce('gpt-4o-2024-05-13')).toMatchObject({ rates: { default: { input: '5' } } });
    stage.clock.set('2026-12-01T00:00:00.000Z');
    expect(await inForce('gpt-4o-2024-05-13')).toMatchObject({ rates: { default: { input: '6' } } });
  });

  it('are listed, and removed by their day', async () => {
    await ask(NEW);
    await ask(TERRA);
    const all = await ask({ command: 'prices' });
    expect(all).toMatchObject({ set: [{ model: 'gpt-4o-2024-05-13' }, { model: 'gpt-7' }] });
    const remove = { command: 'remove-price', model: 'gpt-7', from: '2026-11-21', by: 'bob' };
    expect(await ask(remove)).toMatchObject({ removed: { model: 'gpt-7', set_by: 'alice' } });
    expect(await ask(remove)).toMatchObject({ error: { code: 'unknown_price' } });
    expect(await inForce('gpt-7')).toBeNull();
  });

  describe('are refused', () => {
    const TILES = { rules: [{ rule: 'tiles', base: 100, tile: 50 }], inflation: 100 };
    const { like, ...alone } = NEW;
    it.each<[string, JsonObject, string | RegExp]>([
      ['without a source', { ...NEW, source: '' }, /"source": must not be empty/],
      ['without who sets them', { ...NEW, by: null }, /"by"/],
      [
        'with a rate of 0',
        { ...NEW, rates: { default: { input: 0, output: 1 } } },
        /default\.input would be free/,
      ],
      ['with a negative rate', { ...NEW, rates: { default: { input: -1, output: 1 } } }, /negative/],
      [
        'finer than a picodollar',
        { ...NEW, rates: { default: { input: '0.0000001', output: 1 } } },
        /finer than a picodollar/,
      ],
      [
        'with no rate for what is read',
        { ...NEW, rates: { default: { output: 1 } } },
        /has no rate for input/,
      ],
      [
        'with no rate for what is written',
        { ...NEW, rates: { default: { input: 1 } } },
        /has no output rate/,
      ],
      ['without the default tier', { ...NEW, rates: { flex: { input: 1, output: 1 } } }, /default tier/],
      [
        'without a tier that the model has',
        { ...NEW, rates: { default: NEW.rates.default } },
        /no price for priority, batch\. Name them/,
      ],
      [
        'without a class that the model has',
        { ...NEW, rates: { ...NEW.rates, default: { input: 1, output: 2 } } },
        /no price for default\.cached_input/,
      ],
      [
        'without a long context that the model has',
        { ...NEW, like: 'gpt-5.5', allow_missing: false },
        /long_context\.default/,
      ],
      ['like a model that is unknown', { ...NEW, like: 'gpt-99' }, /no model "gpt-99" has a price/],
      ['for a new model without its window', alone, /contextWindow/],
      [
        'for a new model without fees of tools',
        { ...alone, context_window: 9, max_output_tokens: 9, max_image_tokens: 9 },
        /no price for calls\.web_search, /,
      ],
      ['with a class that is none', { ...NEW, rates: { default: { input: 1, smell: 1 } } }, /"rates"/],
      ['with images that are none', { ...NEW, image_output: { units: {} } }, /"image_output"/],
      ['with images of no tokens', { ...NEW, image_output: { units: { low: 0 } } }, /"image_output"/],
      [
        'with images of two kinds',
        { ...NEW, image_output: { units: { low: 16 }, sizes: { low: { '88x88': 1 } } } },
        /"image_output": must be /,
      ],
      [
        'with a size that is none',
        { ...NEW, image_output: { sizes: { low: { big: 1 } } } },
        /"image_output"/,
      ],
      ['with pictures that are none', { ...NEW, vision: { rules: [], inflation: 100 } }, /"vision"/],
      [
        'with pictures that fill more than they are billed as',
        { ...NEW, vision: { ...TILES, inflation: 99 } },
        /"vision"/,
      ],
      [
        'with pictures that come to more than it says',
        { ...NEW, vision: TILES, max_image_tokens: 499 },
        /bills pictures as more/,
      ],
      ['with thoughts that are neither here nor there', { ...NEW, reasons: 'maybe' }, /"reasons"/],
      [
        'with a search in every call, and no fee for it',
        { ...NEW, like: 'davinci-002', search_per_call: true, allow_missing: true },
        /searches in every call, and has no rate for it/,
      ],
      ['on a day that is none', { ...NEW, from: '2026-02-30' }, /"from": must be a day/],
    ])('%s', async (_, payload, message) => {
      expect(like).toBe('gpt-4o');
      expect(await ask(payload)).toMatchObject({ error: { message: expect.stringMatching(message) } });
      expect(await ask({ command: 'prices' })).toEqual({ set: [] });
    });
  });

  it('may be free, or miss a tier, where the admin says that this is meant', async () => {
    const free = {
      ...NEW,
      rates: { default: { input: 0, output: 1 } },
      allow_free: true,
      allow_missing: true,
    };
    expect(await ask(free)).toMatchObject({ rates: { default: { input: '0', output: '1' } } });
  });

  it('take the rules for pictures of the model that they are like, unless the most tokens of one are named', async () => {
    expect(await ask(NEW)).toMatchObject({ vision: { inflation: 100 }, max_image_tokens: 1_445 });
    const most = await ask({ ...NEW, max_image_tokens: 9_000 });
    expect(most).toMatchObject({ max_image_tokens: 9_000 });
    expect(most).not.toHaveProperty('vision');
    expect(await ask({ ...NEW, vision: null })).not.toHaveProperty('vision');
  });

  it('carry what else is to be known of a model, and are believed about it, whatever its name', async () => {
    const facts = {
      search_per_call: true,
      reasons: false,
      image_output: { units: { low: 16, max: 96 } },
      image_tool_default: true,
      vision: { rules: [{ rule: 'tiles', base: 100, tile: 50 }], inflation: 110 },
    };
    expect(await ask({ ...NEW, ...facts })).toMatchObject(facts);
    expect(await inForce('gpt-7')).toMatchObject(facts);
    expect(await inForce('gpt-7')).toMatchObject({ max_image_tokens: 500 });
    const sizes = { sizes: { low: { '1024x1024': 272 } } };
    expect(await ask({ ...NEW, image_output: sizes })).toMatchObject({ image_output: sizes });
  });

  it('say what holds most for what is not known of a model, and what the other model does for what is', async () => {
    const facts = ['search_per_call', 'reasons', 'image_output', 'image_tool_default'];
    const said = (reply: JsonObject) => facts.map((fact) => reply[fact] ?? null);
    const calls = { web_search: '0.01', web_search_preview: '0.025', file_search: '0.0025' };
    const containers = { container_1g: 1, container_4g: 1, container_16g: 1, container_64g: 1 };
    const { like: _, ...own } = { ...NEW, calls: { ...calls, ...containers } };
    const sizes = { context_window: 9, max_output_tokens: 9, max_image_tokens: 9 };
    expect(said(await ask({ ...own, ...sizes }))).toEqual([null, true, null, null]);
    expect(said(await ask({ ...NEW, model: 'gpt-8' }))).toEqual([null, false, null, null]);
    const search = { ...NEW, model: 'gpt-9', like: 'gpt-4o-search-preview', allow_missing: true };
    expect(said(await ask(search))).toEqual([true, false, null, null]);
    const rates = { default: { input: 1, image_output: 2, output: 2 } };
    const drawn = { ...NEW, model: 'draw-9', like: 'gpt-image-2', rates, allow_missing: true };
    // Only one model is what OpenAI chooses: one that is like it is not.
    expect(said(await ask(drawn))).toEqual([null, true, { units: expect.anything() }, null]);
    expect(said(await ask({ ...drawn, image_output: null }))).toEqual([null, true, null, null]);
    const corrected = { ...drawn, model: 'gpt-image-2.6-sunburst', like: undefined };
    expect(said(await ask(corrected))).toEqual([null, true, { units: expect.anything() }, true]);
  });

  it('are taken by the character and the second', async () => {
    const speech = { ...NEW, like: 'tts-1', rates: { default: { characters: '16' } } };
    expect(await ask(speech)).toMatchObject({ rates: { default: { characters: '16' } }, calls: {} });
    const heard = { ...NEW, model: 'hear-1', like: 'whisper-1', rates: { default: { audio_seconds: '90' } } };
    expect(await ask(heard)).toMatchObject({ rates: { default: { audio_seconds: '90' } } });
  });
});

onEveryStore('the trail', (open) => {
  let stage: AdminStage;
  const changes = async (payload: JsonObject = {}) =>
    (await stage.admin({ command: 'trail', ...payload }))['changes'];
  beforeEach(async () => {
    stage = await open();
  });

  it('has every change, the newest first, with who, what and how it ended', async () => {
    await stage.admin({ command: 'create-project', project: 'demo', by: 'alice' }, 'request-1');
    stage.clock.set('2026-11-21T12:00:01.000Z');
    await stage.admin({ command: 'create-project', project: 'demo' }, 'request-2');
    stage.clock.set('2026-11-21T12:00:02.000Z');
    await stage.admin(TERRA);
    expect(await changes()).toEqual([
      {
        at: '2026-11-21T12:00:02.000Z',
        by: 'alice',
        request: null,
        command: 'set-price',
        fields: { ...TERRA, command: undefined },
        outcome: 'done',
      },
      {
        at: '2026-11-21T12:00:01.000Z',
        by: null,
        request: 'request-2',
        command: 'create-project',
        fields: { project: 'demo' },
        outcome: 'project_exists',
      },
      {
        at: '2026-11-21T12:00:00.000Z',
        by: 'alice',
        request: 'request-1',
        command: 'create-project',
        fields: { project: 'demo' },
        outcome: 'done',
      },
    ]);
  });

  it('is read back in parts', async () => {
    for (const second of ['01', '02', '03']) {
      stage.clock.set(`2026-11-21T12:00:${second}.000Z`);
      await stage.admin({ command: 'create-project', project: second });
    }
    expect(await changes({ limit: 1 })).toMatchObject([{ fields: { project: '03' } }]);
    const before = '2026-11-21T12:00:03.000Z';
    expect(await changes({ limit: 1, before })).toMatchObject([{ fields: { project: '02' } }]);
  });

  it('has what openai-wrapi asks for, and nothing that only reads', async () => {
    await stage.admin({ project: 'hello', user: '*', model: '*', limit: 10 });
    stage.clock.set('2026-11-21T12:00:01.000Z');
    await stage.admin({ flush_cache: true });
    await stage.admin({ command: 'list-projects' });
    await stage.admin({ command: 'prices' });
    expect(await changes()).toMatchObject([
      { command: 'flush-cache', fields: { flush_cache: true }, outcome: 'done' },
      { command: 'set-limit', fields: { project: 'hello', limit: 10 }, outcome: 'done' },
    ]);
  });

  it('is written before the change, so that none is made without it', async () => {
    stage.trail.begin = async () => {
      throw new Error('the table is gone');
    };
    await expect(stage.admin({ command: 'create-project', project: 'demo' })).rejects.toThrow(
      'the table is gone',
    );
    expect(await stage.admin({ command: 'list-projects' })).toMatchObject({ projects: [] });
  });

  it('takes no name that is none', async () => {
    const reply = await stage.admin({ command: 'create-project', project: 'demo', by: '\n' });
    expect(reply).toMatchObject({ error: { code: 'invalid_field', param: 'by' } });
    expect(await changes()).toEqual([]);
  });
});
