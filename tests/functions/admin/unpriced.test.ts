import { beforeEach, expect, it } from 'vitest';
import { type AdminStage, onEveryStore } from '../../support/admin-stage.ts';

onEveryStore('the calls that were refused for want of a price', (open) => {
  let stage: AdminStage;
  const ask = (month?: string) => stage.admin({ command: 'unpriced', month });
  beforeEach(async () => {
    stage = await open();
  });

  it('are shown for a month, the most wanted model first', async () => {
    const now = stage.clock.now();
    expect(await ask()).toEqual({ month: '2026-11', models: [] });
    for (const model of ['gpt-7', 'gpt-8', 'gpt-8', 'other', 'gpt-6-cyber'])
      await stage.unpricedCalls.count(model, now);
    const last_at = '2026-11-21T12:00:00.000Z';
    expect(await ask()).toEqual({
      month: '2026-11',
      models: [
        { model: 'gpt-8', calls: 2, last_at, priced: false },
        {
          model: 'gpt-6-cyber',
          calls: 1,
          last_at,
          priced: false,
          refused: expect.stringMatching(/set-price/),
        },
        { model: 'gpt-7', calls: 1, last_at, priced: false },
        { model: 'other', calls: 1, last_at, priced: false },
      ],
    });
    expect(await ask('2026-10')).toEqual({ month: '2026-10', models: [] });
  });

  it('stay shown when the model has got its price, as one that has', async () => {
    await stage.unpricedCalls.count('gpt-7', stage.clock.now());
    const rates = { default: { input: '1', output: '2' } };
    const price = {
      command: 'set-price',
      model: 'gpt-7',
      like: 'gpt-4o',
      source: 'https://x.test',
      by: 'alice',
    };
    expect(await stage.admin({ ...price, rates, allow_missing: true })).toMatchObject({ model: 'gpt-7' });
    expect(await ask()).toMatchObject({ models: [{ model: 'gpt-7', calls: 1, priced: true }] });
  });

  it('are refused for what is no month', async () => {
    expect(await ask('2026-13')).toMatchObject({ error: { message: expect.stringMatching(/"month"/) } });
  });
});
