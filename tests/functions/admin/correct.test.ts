import { beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../../shared/core/json.ts';
import { type AdminStage, onEveryStore } from '../../support/admin-stage.ts';

const ALICE = { project: 'demo', user: 'user/alice', model: 'gpt-4o' };
const REASON = 'the invoice says less';

onEveryStore('correct-call', (open) => {
  let stage: AdminStage;
  let id: string;
  beforeEach(async () => {
    stage = await open();
    await stage.admin({ command: 'create-project', project: 'demo' });
    await stage.admin({ command: 'set-limit', project: 'demo', limit: 10 });
    await stage.book({ ...ALICE, cost: '2.5', flags: ['broken'], tally: { input: 1_000 } });
    id = await latest();
  });
  const latest = async () => String((await calls())[0]?.['id']);
  const calls = async () =>
    (await stage.admin({ command: 'calls', project: 'demo' }))['calls'] as JsonObject[];
  const correct = (fields: JsonObject) =>
    stage.admin({ command: 'correct-call', project: 'demo', call: id, reason: REASON, ...fields });

  it('changes what the call, its limit and its usage say, and an audit finds nothing', async () => {
    const correction = { booked: '2.5', reason: REASON, by: 'alice', at: '2026-11-21T12:00:00.000Z' };
    const reply = await correct({ cost: '0.25', by: 'alice' });
    expect(reply).toMatchObject({ id, cost: '0.25', held: '2.5', flags: ['broken'], correction });
    expect(await calls()).toEqual([reply]);
    const limits = await stage.admin({ command: 'list-limits', project: 'demo' });
    expect(limits['limits']).toMatchObject([{ spent: '0.25', held: '0', remaining: '9.75' }]);
    const usage = await stage.admin({ command: 'usage', project: 'demo', group_by: ['day', 'user'] });
    const row = { calls: 1, cost: '0.25', tokens: { input: 1_000 } };
    expect(usage).toMatchObject({ rows: [{ day: '2026-11-21', user: 'user/alice', ...row }], total: row });
    expect(await stage.admin({ command: 'audit', total: true })).toMatchObject({ differences: [] });
    expect(await stage.admin({ command: 'trail', limit: 1 })).toMatchObject({
      changes: [
        {
          by: 'alice',
          command: 'correct-call',
          fields: { project: 'demo', call: id, cost: '0.25', reason: REASON },
          outcome: 'done',
        },
      ],
    });
  });

  it('of a day and a month that are over counts in these', async () => {
    stage.clock.set('2027-01-05T12:00:00.000Z');
    await correct({ cost: 1 });
    for (const range of [{ day: '2026-11-21' }, { month: '2026-11' }]) {
      expect(await stage.admin({ command: 'usage', ...range })).toMatchObject({ total: { cost: '1' } });
      expect(await stage.admin({ command: 'audit', ...range })).toMatchObject({ differences: [] });
    }
    expect(await stage.admin({ command: 'usage' })).toMatchObject({ total: { cost: '0', calls: 0 } });
  });

  it('sent again says the same, and changes nothing', async () => {
    const first = await correct({ cost: '0.25' });
    expect(await correct({ cost: '0.25' })).toEqual(first);
    expect(await correct({ cost: '0.5' })).toMatchObject({
      error: { code: 'already_corrected', param: 'call' },
    });
    expect(await stage.admin({ command: 'usage' })).toMatchObject({ total: { cost: '0.25' } });
  });

  it.each([
    [{ cost: '2.500000000001' }, 'beyond_hold', /held 2.5 USD/],
    [{ cost: '2.5' }, 'same_cost', /booked at that cost/],
    [{ cost: '-1' }, 'invalid_field', /must not be negative/],
    [{}, 'invalid_field', /an amount in USD is missing/],
    [{ cost: 1, reason: ' ' }, 'invalid_field', /must say why/],
    [{ cost: 1, call: 'call_1' }, 'invalid_field', /the id of a call/],
    [{ cost: 1, call: `call_${'0'.repeat(28)}` }, 'unknown_call', /no call call_0/],
    [{ cost: 1, project: 'nobody' }, 'unknown_project', /no project "nobody"/],
  ])('is refused for %j', async (fields, code, message) => {
    expect(await correct(fields)).toMatchObject({
      error: { code, message: expect.stringMatching(message), type: 'invalid_request_error' },
    });
    expect(await stage.admin({ command: 'usage' })).toMatchObject({ total: { cost: '2.5' } });
  });

  it('is refused for a call that has not ended, and one that was not sent', async () => {
    const { call } = await stage.hold({ ...ALICE, amount: '1' });
    expect(await correct({ call: call.id, cost: 0 })).toMatchObject({ error: { code: 'call_not_closed' } });
    await stage.book({ ...ALICE, cost: '0', held: '2', state: 'void' });
    const all = await stage.admin({ command: 'calls', project: 'demo', include_void: true });
    const unsent = (all['calls'] as JsonObject[]).find(({ state }) => state === 'void');
    expect(await correct({ call: unsent?.['id'] ?? null, cost: 1 })).toMatchObject({
      error: { code: 'call_void' },
    });
  });

  it('up to the hold is refused where it would pass a limit, which it names', async () => {
    await correct({ cost: '0' });
    await stage.book({ ...ALICE, cost: '1' });
    stage.clock.set('2026-11-21T12:00:01.000Z');
    await stage.book({ ...ALICE, cost: '1', held: '3', flags: ['estimated'] });
    id = await latest();
    await stage.hold({ ...ALICE, amount: '7' });
    expect(await correct({ cost: 3 })).toMatchObject({
      error: {
        code: 'limit_exceeded',
        message: expect.stringMatching(/project demo per month, of which 1 USD remain/),
      },
    });
    expect(await correct({ cost: 2 })).toMatchObject({ cost: '2', correction: { booked: '1' } });
    expect(await stage.admin({ command: 'audit', total: true })).toMatchObject({ differences: [] });
  });
});
