import { beforeEach, describe, expect, it } from 'vitest';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import { type AdminStage, onEveryStore, openMemoryStage, picodollars } from '../../support/admin-stage.ts';

const cost = (day: string, lineItem: string, usd: string) => ({ day, lineItem, amount: picodollars(usd) });

onEveryStore('reconcile', (open) => {
  let stage: AdminStage;

  /** The 20th: $2 of gpt-4o booked and billed. Today, the 21st: $1 booked, nothing billed yet. */
  beforeEach(async () => {
    stage = await open();
    stage.clock.set('2026-11-19T08:00:00.000Z');
    for (const project of ['demo', 'search']) await stage.admin({ command: 'create-project', project });
    const call = { user: 'user/alice', model: 'gpt-4o' };
    stage.clock.set('2026-11-20T08:00:00.000Z');
    await stage.book({ ...call, project: 'demo', cost: '1.5', tally: { input: 100, output: 50 } });
    await stage.book({ ...call, project: 'search', cost: '0.5', flags: ['estimated'] });
    stage.clock.set('2026-11-21T08:00:00.000Z');
    await stage.book({ ...call, project: 'demo', cost: '1' });
    stage.invoice.costs = [cost('2026-11-20', 'gpt-4o-2024-08-06, input', '2')];
  });

  it('compares yesterday, over all projects, when no day is named', async () => {
    const sums = { booked: '2', billed: '2', difference: '0', percent: '0' };
    expect(await stage.admin({ command: 'reconcile' })).toEqual({
      from: '2026-11-20',
      to: '2026-11-20',
      openai_project: 'proj_demo',
      days: [{ day: '2026-11-20', ...sums, within_tolerance: true }],
      rows: [{ day: '2026-11-20', model: 'gpt-4o', ...sums }],
      total: sums,
    });
  });

  it('shows what differs, in dollars, percent and tokens', async () => {
    stage.invoice.costs = [cost('2026-11-20', 'gpt-4o-2024-08-06, input', '2.5')];
    const measured = { input: 300, output: 50 };
    stage.invoice.usage = [{ day: '2026-11-20', of: { model: 'gpt-4o-2024-08-06' }, measured }];
    const { rows } = await stage.admin({ command: 'reconcile', day: '2026-11-20', explain: true });
    expect(rows).toEqual([
      {
        day: '2026-11-20',
        model: 'gpt-4o',
        booked: '2',
        billed: '2.5',
        difference: '0.5',
        percent: '20',
        usage: { requests: { booked: 2, billed: 0 }, input: { booked: 100, billed: 300 } },
        flagged: { estimated: '0.5' },
      },
    ]);
  });

  it('compares a range, today included when it has no end', async () => {
    const { days, total } = await stage.admin({ command: 'reconcile', from: '2026-11-19' });
    expect(days).toMatchObject([
      { day: '2026-11-19', booked: '0', billed: '0', within_tolerance: true },
      { day: '2026-11-20', booked: '2', billed: '2', within_tolerance: true },
      { day: '2026-11-21', booked: '1', billed: '0', difference: '-1', percent: null },
    ]);
    expect(total).toEqual({ booked: '3', billed: '2', difference: '-1', percent: '-50' });
  });

  it('logs each day and raises an alarm for one that is over and out of tolerance, when the schedule asks', async () => {
    stage.invoice.costs = [cost('2026-11-20', 'gpt-4o-2024-08-06, input', '3.5')];
    const scheduled = { command: 'reconcile', from: '2026-11-20', tolerance_usd: '0.9', alarm: true };
    await stage.admin(scheduled);
    const difference = {
      day: '2026-11-20',
      bookedUsd: '2',
      billedUsd: '3.5',
      differenceUsd: '1.5',
      percent: '42.86',
    };
    const today = { day: '2026-11-21', bookedUsd: '1', billedUsd: '0', differenceUsd: '-1' };
    expect(stage.logs.map((line) => JSON.parse(line))).toEqual([
      { level: 'info', event: 'reconcile', ...difference, withinTolerance: false },
      { alarm: 'reconcile_difference', ...difference },
      { level: 'info', event: 'reconcile', ...today, withinTolerance: false },
    ]);
  });

  it('raises none within the tolerance, and logs nothing when an admin asks', async () => {
    stage.invoice.costs = [cost('2026-11-20', 'gpt-4o-2024-08-06, input', '3.5')];
    await stage.admin({ command: 'reconcile' });
    expect(stage.logs).toEqual([]);
    await stage.admin({ command: 'reconcile', alarm: true, tolerance_percent: '42.9' });
    await stage.admin({ command: 'reconcile', alarm: true, tolerance_usd: 1.5 });
    expect(stage.logs.filter((line) => line.includes('alarm'))).toEqual([]);
  });

  it('compares costs alone when OpenAI does not tell its usage', async () => {
    stage.invoice.usage = { kind: 'refused', detail: '403 Missing scopes' };
    const reply = await stage.admin({ command: 'reconcile' });
    expect(reply).toMatchObject({ total: { difference: '0' }, usage_error: '403 Missing scopes' });
  });

  it.each([
    ['refused', 'openai_refused', 'OpenAI refused to tell its costs (why). The secret that OPENAI_ADMIN_'],
    ['unreachable', 'openai_unreachable', 'OpenAI did not tell its costs (why). Try again.'],
    ['unreadable', 'openai_unreadable', "OpenAI's costs cannot be read: why."],
  ] as const)(
    'says what to do when OpenAI is %s, and raises an alarm on the schedule',
    async (kind, code, message) => {
      stage.invoice.costs = { kind, detail: 'why' };
      const { error } = await stage.admin({ command: 'reconcile', alarm: true });
      expect(error).toMatchObject({ type: 'openai_error', code, message: expect.stringContaining(message) });
      expect(stage.logs).toEqual([JSON.stringify({ alarm: 'reconcile_failed', code })]);
    },
  );

  it.each([
    [{ from: '2026-10-01', to: '2026-11-01' }, 'at most 31 days'],
    [{ day: '2026-11-22' }, 'in the future'],
    [{ from: '2026-11-20', to: '2026-11-19' }, 'is after'],
    [{ tolerance_percent: 'much' }, 'must be a percentage'],
    [{ tolerance_percent: -1 }, 'must be a percentage'],
    [{ tolerance_usd: -1 }, 'must not be negative'],
    [{ model: 'gpt-4o' }, 'unknown field \\"model\\"'],
  ])('refuses %j', async (fields, problem) => {
    const { error } = await stage.admin({ command: 'reconcile', ...fields });
    expect(JSON.stringify(error)).toContain(problem);
  });
});

describe('reconcile', () => {
  it('says what to configure where there is no admin key', async () => {
    const stage = await openMemoryStage({ adminKey: false });
    const { error } = await stage.admin({ command: 'reconcile' });
    expect(error).toMatchObject({
      code: 'no_admin_key',
      message: expect.stringMatching(/OPENAI_ADMIN_SECRET_ARN .*OPENAI_PROJECT_ID/),
    });
  });

  it('raises an alarm when the ledger cannot be reached on the schedule', async () => {
    const stage = await openMemoryStage({ fault: () => new Unavailable('down') });
    expect(await stage.admin({ command: 'reconcile', alarm: true })).toMatchObject({
      error: { code: 'ledger_unavailable' },
    });
    expect(stage.logs).toEqual([JSON.stringify({ alarm: 'reconcile_failed', fault: 'Unavailable' })]);
  });
});
