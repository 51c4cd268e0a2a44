import { beforeEach, describe, expect, it } from 'vitest';
import { type AdminStage, onEveryStore } from '../../support/admin-stage.ts';

onEveryStore('the usage of a stage', (open) => {
  let stage: AdminStage;

  /** Worked out by hand: 4 calls, 1 of them a hit; 1.25 + 0.10 + 0 + 0.000000000001 = 1.350000000001 USD. */
  beforeEach(async () => {
    stage = await open();
    stage.clock.set('2026-10-31T20:00:00.000Z');
    for (const project of ['demo', 'search']) await stage.admin({ command: 'create-project', project });
    stage.clock.set('2026-10-31T23:59:59.999Z');
    await stage.book({
      project: 'demo',
      user: 'user/alice',
      model: 'gpt-4o',
      cost: '1.25',
      tally: { input: 1000, cached_input: 200, output: 300, reasoning: 50, web_search: 2 },
    });
    stage.clock.set('2026-11-01T00:00:00.000Z');
    await stage.book({
      project: 'demo',
      user: 'user/bob',
      model: 'gpt-4o',
      cost: '0.1',
      tally: { input: 40, output: 2 },
    });
    stage.clock.set('2026-11-02T08:00:00.000Z');
    await stage.book({
      project: 'demo',
      user: 'user/alice',
      model: 'gpt-4o',
      cost: '0',
      saved: '0.1',
      tally: { hits: 1 },
    });
    await stage.book({
      project: 'search',
      user: 'user/alice',
      model: 'text-embedding-3-small',
      cost: '0.000000000001',
      tally: { input: 7 },
    });
    stage.clock.set('2026-11-21T12:00:00.000Z');
  });

  const NOVEMBER = {
    calls: 3,
    hits: 1,
    tokens: { input: 47, output: 2 },
    tools: {},
    saved: '0.1',
    cost: '0.100000000001',
  };

  it('is that of the running month by project when nothing else is asked for', async () => {
    expect(await stage.admin({ command: 'usage' })).toEqual({
      from: '2026-11-01',
      to: '2026-11-30',
      rows: [
        {
          project: 'demo',
          calls: 2,
          hits: 1,
          tokens: { input: 40, output: 2 },
          tools: {},
          saved: '0.1',
          cost: '0.1',
        },
        {
          project: 'search',
          calls: 1,
          hits: 0,
          tokens: { input: 7 },
          tools: {},
          saved: '0',
          cost: '0.000000000001',
        },
      ],
      total: NOVEMBER,
    });
  });

  it('is booked on the UTC day and month in which a call began', async () => {
    expect(await stage.admin({ command: 'usage', month: '2026-10', group_by: ['day', 'user'] })).toEqual({
      from: '2026-10-01',
      to: '2026-10-31',
      rows: [
        {
          day: '2026-10-31',
          user: 'user/alice',
          calls: 1,
          hits: 0,
          tokens: { input: 1000, cached_input: 200, output: 300, reasoning: 50 },
          tools: { web_search: 2 },
          saved: '0',
          cost: '1.25',
        },
      ],
      total: expect.objectContaining({ calls: 1, cost: '1.25' }),
    });
  });

  it.each([
    [
      ['month', 'user'],
      [
        ['2026-10', 'user/alice', '1.25'],
        ['2026-11', 'user/alice', '0.000000000001'],
        ['2026-11', 'user/bob', '0.1'],
      ],
    ],
    [
      ['model'],
      [
        ['gpt-4o', '1.35'],
        ['text-embedding-3-small', '0.000000000001'],
      ],
    ],
    [
      ['day', 'project'],
      [
        ['2026-10-31', 'demo', '1.25'],
        ['2026-11-01', 'demo', '0.1'],
        ['2026-11-02', 'demo', '0'],
        ['2026-11-02', 'search', '0.000000000001'],
      ],
    ],
    [[], [['1.350000000001']]],
  ])('by %j adds up to the same total', async (groupBy, expected) => {
    const reply = await stage.admin({ command: 'usage', from: '2026-10-01', group_by: groupBy });
    const rows = reply['rows'];
    if (!Array.isArray(rows)) throw new Error(JSON.stringify(reply));
    expect(rows.map((row) => [...groupBy.map((group) => row[group]), row.cost])).toEqual(expected);
    expect(reply).toMatchObject({ to: '2026-11-21', total: { calls: 4, hits: 1, cost: '1.350000000001' } });
  });

  it.each([
    [{ project: 'search' }, '0.000000000001'],
    [{ user: 'user/bob' }, '0.1'],
    [{ user: 'arn:aws:iam::111122223333:user/bob' }, '0.1'],
    [{ model: 'gpt-4o-2024-08-06' }, '0.1'],
    [{ day: '2026-11-02' }, '0.000000000001'],
    [{ from: '2026-10-31', to: '2026-11-01' }, '1.35'],
    [{ project: 'demo', user: 'user/alice', model: 'gpt-4o', from: '2026-10-31' }, '1.25'],
    [{ day: '2026-12-24' }, '0'],
  ])('of %j is what its calls cost', async (fields, cost) => {
    expect(await stage.admin({ command: 'usage', ...fields })).toMatchObject({ total: { cost } });
  });

  it.each([
    [{ project: 'nobody' }, 'unknown_project', /no project "nobody"/],
    [{ month: '2026-13' }, 'invalid_field', /a month in UTC/],
    [{ day: '2026-02-30' }, 'invalid_field', /a day in UTC/],
    [{ day: 20_261_121 }, 'invalid_field', /expected string/],
    [{ day: '2026-11-01', month: '2026-11' }, 'invalid_range', /name one of day, month/],
    [{ to: '2026-11-01' }, 'invalid_range', /needs a "from"/],
    [{ from: '2026-11-02', to: '2026-11-01' }, 'invalid_range', /is after/],
    [{ from: '2025-10-17' }, 'invalid_range', /at most 400 days/],
    [{ group_by: ['colour'] }, 'invalid_field', /some of project, user, model, day, month/],
    [{ group_by: 'project' }, 'invalid_field', /expected array/],
    [{ groupBy: ['project'] }, 'invalid_field', /unknown field "groupBy"/],
  ])('is refused for %j', async (fields, code, message) => {
    expect(await stage.admin({ command: 'usage', ...fields })).toMatchObject({
      error: { code, message: expect.stringMatching(message), type: 'invalid_request_error' },
    });
  });

  it('of 400 days is not refused', async () => {
    const reply = await stage.admin({ command: 'usage', project: 'demo', from: '2025-10-18' });
    expect(reply).toMatchObject({ total: { cost: '1.35' } });
  });

  describe('call by call', () => {
    it('shows the latest first, with all that is known of them', async () => {
      const reply = await stage.admin({ command: 'calls', project: 'demo' });
      expect(reply).toMatchObject({
        calls: [
          { at: '2026-11-02T08:00:00.000Z', user: 'user/alice', cost: '0', saved: '0.1', hit: true },
          { at: '2026-11-01T00:00:00.000Z', user: 'user/bob', cost: '0.1', hit: false },
          { at: '2026-10-31T23:59:59.999Z', cost: '1.25', tokens: { input: 1000 }, tools: { web_search: 2 } },
        ],
      });
    });

    it('shows as many as asked for, of one day where one is named', async () => {
      const two = await stage.admin({ command: 'calls', project: 'demo', limit: 2 });
      expect(two).toMatchObject({ calls: [{ cost: '0' }, { cost: '0.1' }] });
      const one = await stage.admin({ command: 'calls', project: 'demo', day: '2026-10-31' });
      expect(one).toMatchObject({ calls: [{ cost: '1.25' }] });
    });

    it('shows open calls with what they hold, and void ones only when asked for', async () => {
      await stage.hold({ project: 'search', user: 'user/bob', model: 'gpt-4o', amount: '0.5' });
      await stage.book({ project: 'search', user: 'user/bob', model: 'gpt-4o', cost: '0', state: 'void' });
      expect(await stage.admin({ command: 'calls', project: 'search' })).toMatchObject({
        calls: [
          { state: 'open', held: '0.5', cost: null },
          { state: 'settled', cost: '0.000000000001' },
        ],
      });
      const all = await stage.admin({ command: 'calls', project: 'search', include_void: true });
      expect(all).toMatchObject({ calls: [{ state: 'void' }, { state: 'open' }, { state: 'settled' }] });
    });

    it.each([
      [{ project: 'nobody' }, 'unknown_project'],
      [{}, 'invalid_field'],
      [{ project: 'demo', limit: 0 }, 'invalid_field'],
      [{ project: 'demo', limit: 1.5 }, 'invalid_field'],
      [{ project: 'demo', limit: 1001 }, 'invalid_field'],
      [{ project: 'demo', user: 'bob' }, 'invalid_field'],
    ])('is refused for %j', async (fields, code) => {
      expect(await stage.admin({ command: 'calls', ...fields })).toMatchObject({ error: { code } });
    });
  });
});
