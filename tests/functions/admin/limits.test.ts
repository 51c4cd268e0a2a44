import { beforeEach, describe, expect, it } from 'vitest';
import { type AdminStage, onEveryStore } from '../../support/admin-stage.ts';

onEveryStore('the limits of a stage', (open) => {
  let stage: AdminStage;
  beforeEach(async () => {
    stage = await open();
    await stage.admin({ command: 'create-project', project: 'demo' });
  });

  it('are set per month when no period is named, and shown with what is left and when they start again', async () => {
    expect(await stage.admin({ command: 'set-limit', project: 'demo', limit: '12.5' })).toEqual({
      project: 'demo',
      user: null,
      model: null,
      period: 'month',
      limit: '12.5',
      spent: '0',
      held: '0',
      remaining: '12.5',
      resets_at: '2026-12-01T00:00:00.000Z',
    });
  });

  it('are spread over as many shards as are named, and shown so', async () => {
    const set = (more: object) => stage.admin({ command: 'set-limit', project: 'demo', limit: 5, ...more });
    expect(await set({ shards: 16 })).toMatchObject({ limit: '5', shards: 16, remaining: '5' });
    const subject = { project: 'demo', user: 'user/alice', model: 'gpt-4o' };
    await stage.book({ ...subject, cost: '1.25', tally: {} });
    await stage.hold({ ...subject, amount: '0.5' });
    const shown = { limit: '6', shards: 16, spent: '1.25', held: '0.5', remaining: '4.25' };
    expect(await set({ limit: 6 })).toMatchObject(shown);
    expect(await stage.admin({ command: 'list-limits' })).toMatchObject({ limits: [shown] });
    expect(await stage.admin({ command: 'audit' })).toMatchObject({ entries: 2, differences: [] });
    for (const shards of [0, 65, 1.5, '2']) expect(await set({ shards })).toMatchObject({ error: {} });
  });

  it('are of a user whose name is written in any case, as IAM does not tell it apart', async () => {
    const set = { command: 'set-limit', user: 'sso/Carol@Example.com', limit: 10 };
    await stage.book({ user: 'sso/carol@example.com', project: 'demo', model: 'gpt-4o', cost: '1' });
    await stage.book({ user: 'sso/Carol@example.com', project: 'demo', model: 'gpt-4o', cost: '2' });
    const limit = { user: 'sso/carol@example.com', limit: '10', spent: '3', remaining: '7' };
    expect(await stage.admin(set)).toMatchObject(limit);
    for (const user of ['SSO/CAROL@example.com', 'sso/carol@example.com'])
      expect(await stage.admin({ command: 'list-limits', user })).toMatchObject({ limits: [limit] });
    expect(await stage.admin({ ...set, user: 'sso/carol@EXAMPLE.com', limit: 11 })).toMatchObject({
      spent: '3',
    });
    expect(await stage.admin({ command: 'list-limits' })).toMatchObject({ limits: [{ limit: '11' }] });
    await stage.admin({ command: 'remove-limit', user: 'sso/Carol@Example.com' });
    expect(await stage.admin({ command: 'list-limits' })).toEqual({ limits: [], next: null });
  });

  it('that were set for a name with capitals are listed, replaced and removed by that name', async () => {
    const amount = 5_000_000_000_000n;
    const user = 'user/Alice';
    for (const period of ['month', 'day'] as const) await stage.directory.putLimit({ user }, period, amount);
    const list = { command: 'list-limits', user: 'user/alice' };
    expect(await stage.admin(list)).toMatchObject({ limits: [{ user }, { user }] });
    await stage.admin({ command: 'set-limit', user, period: 'month', limit: 7 });
    await stage.admin({ command: 'remove-limit', user, period: 'day' });
    expect(await stage.admin(list)).toMatchObject({ limits: [{ user: 'user/alice', limit: '7' }] });
    expect(await stage.admin({ command: 'remove-limit', user, period: 'day' })).toMatchObject({
      error: { code: 'unknown_limit' },
    });
  });

  it.each([
    ['day', '2026-11-22T00:00:00.000Z'],
    ['week', '2026-11-23T00:00:00.000Z'],
    ['month', '2026-12-01T00:00:00.000Z'],
    ['total', null],
  ])('per %s start again at %s', async (period, resetsAt) => {
    const reply = await stage.admin({ command: 'set-limit', period, limit: 1 });
    expect(reply).toMatchObject({ project: null, period, resets_at: resetsAt });
  });

  it.each([
    ['0', '0'],
    [0, '0'],
    ['0.000000000001', '0.000000000001'],
    [0.01, '0.01'],
    [1e-7, '0.0000001'],
    ['1000000000', '1000000000'],
    ['999999999.999999999999', '999999999.999999999999'],
  ])('may be %j USD', async (limit, shown) => {
    expect(await stage.admin({ command: 'set-limit', limit })).toMatchObject({
      limit: shown,
      remaining: shown,
    });
  });

  it.each([
    [-1, /must not be negative/],
    ['-0.01', /must not be negative/],
    [Number.NaN, /decimal amount in USD/],
    ['NaN', /decimal amount in USD/],
    ['', /decimal amount in USD/],
    ['10 USD', /decimal amount in USD/],
    ['0.0000000000001', /no finer than 0.000000000001/],
    [0.1 + 0.2, /more digits than a JSON number carries/],
    ['1000000000.01', /at most 1000000000 USD/],
    [Number.POSITIVE_INFINITY, /decimal amount in USD/],
    [true, /must be an amount in USD/],
    [null, /must be an amount in USD/],
    [[10], /must be an amount in USD/],
    [undefined, /an amount in USD is missing/],
  ])('may not be %j', async (limit, message) => {
    const reply = await stage.admin({ command: 'set-limit', project: 'demo', limit });
    expect(reply).toEqual({
      error: {
        message: expect.stringMatching(message),
        type: 'invalid_request_error',
        param: 'limit',
        code: 'invalid_field',
      },
    });
    expect(await stage.admin({ command: 'list-limits' })).toEqual({ limits: [], next: null });
  });

  it('bind the family of the model that was named', async () => {
    const reply = await stage.admin({ command: 'set-limit', model: 'gpt-4o-2024-08-06', limit: 1 });
    expect(reply).toMatchObject({ model: 'gpt-4o' });
    const removed = await stage.admin({ command: 'remove-limit', model: 'gpt-4o-2024-08-06' });
    expect(removed).toEqual({ removed: { project: null, user: null, model: 'gpt-4o', period: 'month' } });
  });

  it('bind the user that an ARN stands for', async () => {
    const user = 'arn:aws:iam::111122223333:user/team/alice';
    expect(await stage.admin({ command: 'set-limit', user, limit: 1 })).toMatchObject({ user: 'user/alice' });
  });

  it.each(['user/bob', '210987654321:user/bob', 'sso/b@example.com', 'role/deploy', 'role/ci/b', 'root'])(
    'bind %s without a word, as calls can be booked on it',
    async (user) => {
      const reply = await stage.admin({ command: 'set-limit', user, limit: 1 });
      expect(reply).toMatchObject({ user, limit: '1' });
      expect(reply).not.toHaveProperty('warning');
    },
  );

  it.each([
    ['bob', 'Did you mean "user/bob"?'],
    ['b@example.com', 'Did you mean "user/b@example.com"?'],
    ['user/team-a/bob', 'No IAM caller is named "user/team-a/bob"'],
    ['users/bob', 'TRUSTED_CALLERS'],
  ])('bind %s, whom only trusted callers can name, with a warning', async (user, warning) => {
    expect(await stage.admin({ command: 'set-limit', user, limit: 1 })).toMatchObject({
      user,
      limit: '1',
      warning: expect.stringContaining(warning),
    });
    expect(await stage.admin({ command: 'list-limits' })).toMatchObject({ limits: [{ user }] });
  });

  it.each([
    'arn:aws:sts::111122223333:assumed-role/batch-jobs/alice',
    'arn:aws-us-gov:sts::111122223333:assumed-role/batch-jobs/bob',
  ])('for %s bind every session of its role, with a warning that names SESSION_ROLES', async (user) => {
    const warning = expect.stringMatching(/ is one session, but "role\/batch-jobs" .* SESSION_ROLES/);
    const set = { command: 'set-limit', user, limit: 1 };
    expect(await stage.admin(set)).toMatchObject({ user: 'role/batch-jobs', warning });
    const removed = { user: 'role/batch-jobs' };
    expect(await stage.admin({ command: 'remove-limit', user })).toMatchObject({ removed, warning });
  });

  it.each([
    ['role/batch-jobs/alice', 'role/batch-jobs'],
    ['210987654321:role/batch-jobs/alice', '210987654321:role/batch-jobs'],
  ])('bind %s, which no call is booked on, with a warning that names %s', async (user, role) => {
    const warning = `No call is booked on "${user}": all sessions of the role are booked on "${role}".`;
    expect(await stage.admin({ command: 'set-limit', user, limit: 1 })).toMatchObject({
      user,
      warning: expect.stringContaining(warning),
    });
  });

  it.each([
    ['arn:aws:sts::111122223333:assumed-role/ci-main/alice', 'role/ci-main'],
    ['arn:aws:sts::111122223333:assumed-role/CI-main/alice', 'role/ci-main/alice'],
    ['arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0/alice', 'sso/alice'],
  ])('for %s bind %s, as the stage tells its sessions apart or does not', async (user, name) => {
    const reply = await stage.admin({ command: 'set-limit', user, limit: 1 });
    expect([reply['user'], 'warning' in reply]).toEqual([name, name === 'role/ci-main']);
  });

  it.each([
    'arn:aws:iam::111122223333:user/*',
    'arn:aws:iam::111122223333:user/team/*',
    'arn:aws:sts::111122223333:assumed-role/deploy*/x',
    'arn:aws:iam::111122223333:user/zoë',
    'arn:aws:iam::111122223333:user/alice ',
    `arn:aws:iam::111122223333:user/${'a'.repeat(160)}`,
  ])('are refused for %s, which stands for a name that no user can have', async (user) => {
    const error = { code: 'invalid_field', param: 'user', message: expect.stringContaining("a user's name") };
    for (const command of [{ command: 'set-limit' }, { project: 'demo' }])
      expect(await stage.admin({ ...command, user, limit: 1 })).toMatchObject({ error });
    expect(await stage.admin({ command: 'list-limits' })).toMatchObject({ limits: [] });
  });

  it.each([
    [{ project: 'nobody' }, 'unknown_project', 'project', /"command":"create-project","project":"nobody"/],
    [{ model: 'gpt-9-nonsense' }, 'unknown_model', 'model', /has no price/],
    [{ model: 'gpt-realtime' }, 'unknown_model', 'model', /is not served: .+/],
    [{ model: 'gpt-*' }, 'invalid_field', 'model', /the id of one model/],
    [{ user: 'user/*' }, 'invalid_field', 'user', /no "\*" among them/],
    [{ user: 'arn:aws:s3:::bucket' }, 'unknown_user', 'user', /No caller has the ARN/],
    [{ user: 'arn:aws:iam::*:user/alice' }, 'unknown_user', 'user', /No caller has the ARN/],
    [{ project: 7 }, 'invalid_field', 'project', /expected string/],
    [{ project: 'a,b' }, 'invalid_field', 'project', /project's name is/],
    [{ period: 'year' }, 'invalid_field', 'period', /day, week, month, total/],
    [
      { proyect: 'demo' },
      'invalid_field',
      'proyect',
      /unknown field "proyect" \(its fields are project, user/,
    ],
  ])('are refused for %j', async (fields, code, param, message) => {
    const reply = await stage.admin({ command: 'set-limit', limit: 1, ...fields });
    expect(reply).toEqual({
      error: { message: expect.stringMatching(message), type: 'invalid_request_error', param, code },
    });
    expect(await stage.admin({ command: 'list-limits' })).toMatchObject({ limits: [] });
  });

  it('are removed by their exact scope and period, once', async () => {
    await stage.admin({ command: 'set-limit', project: 'demo', period: 'day', limit: 1 });
    await stage.admin({ command: 'set-limit', project: 'demo', user: 'user/alice', period: 'day', limit: 1 });
    const other = await stage.admin({ command: 'remove-limit', project: 'demo' });
    expect(other).toMatchObject({
      error: { code: 'unknown_limit', message: expect.stringContaining('per month') },
    });
    const removal = { command: 'remove-limit', project: 'demo', period: 'day' };
    expect(await stage.admin(removal)).toEqual({
      removed: { project: 'demo', user: null, model: null, period: 'day' },
    });
    expect(await stage.admin(removal)).toMatchObject({ error: { code: 'unknown_limit' } });
    expect(await stage.admin({ command: 'list-limits' })).toMatchObject({ limits: [{ user: 'user/alice' }] });
  });

  it('show what is spent, and what calls in flight hold', async () => {
    await stage.admin({ command: 'set-limit', project: 'demo', limit: '10' });
    await stage.admin({ command: 'set-limit', model: 'gpt-4o', period: 'total', limit: '3' });
    await stage.book({ project: 'demo', user: 'user/alice', model: 'gpt-4o', cost: '1.25' });
    await stage.hold({ project: 'demo', user: 'user/bob', model: 'gpt-4o', amount: '0.5' });
    expect(await stage.admin({ command: 'list-limits', project: 'demo' })).toMatchObject({
      limits: [{ project: 'demo', limit: '10', spent: '1.25', held: '0.5', remaining: '8.25' }],
    });
    expect(await stage.admin({ command: 'list-limits', model: 'gpt-4o-2024-08-06' })).toMatchObject({
      limits: [{ model: 'gpt-4o', limit: '3', spent: '1.25', held: '0.5', remaining: '1.25' }],
    });
  });

  it('that are set when money was spent already count it, and a change moves what is left', async () => {
    await stage.book({ project: 'demo', user: 'user/alice', model: 'gpt-4o', cost: '1.25' });
    const set = (limit: string) => stage.admin({ command: 'set-limit', project: 'demo', limit });
    expect(await set('10')).toMatchObject({ spent: '1.25', remaining: '8.75' });
    expect(await set('1')).toMatchObject({ spent: '1.25', remaining: '-0.25' });
    expect(await set('2')).toMatchObject({ spent: '1.25', remaining: '0.75' });
  });

  it('start again in the next period', async () => {
    await stage.admin({ command: 'set-limit', project: 'demo', period: 'day', limit: '10' });
    await stage.book({ project: 'demo', user: 'user/alice', model: 'gpt-4o', cost: '4' });
    stage.clock.set('2026-11-22T00:00:00.000Z');
    expect(await stage.admin({ command: 'list-limits' })).toMatchObject({
      limits: [{ spent: '0', remaining: '10', resets_at: '2026-11-23T00:00:00.000Z' }],
    });
  });

  describe('in a list', () => {
    const names = Array.from({ length: 12 }, (_, index) => `p${String(index).padStart(2, '0')}`);
    beforeEach(async () => {
      for (const project of names) {
        await stage.directory.createProject({ ...stage.project, name: project });
        await stage.admin({ command: 'set-limit', project, limit: 1 });
        await stage.admin({ command: 'set-limit', project, period: 'day', limit: 1 });
      }
    });

    it('come page by page, each once and in order', async () => {
      const seen: string[] = [];
      let after: unknown;
      do {
        const page = await stage.admin({ command: 'list-limits', page_size: 5, ...(after ? { after } : {}) });
        const limits = page['limits'];
        if (!Array.isArray(limits)) throw new Error(JSON.stringify(page));
        seen.push(...limits.map(({ project, period }) => `${project} ${period}`));
        after = page['next'];
      } while (after !== null);
      expect(seen).toEqual(names.flatMap((name) => [`${name} day`, `${name} month`]));
    });

    it('can be narrowed by project and by period', async () => {
      const narrowed = await stage.admin({ command: 'list-limits', project: 'p03', period: 'day' });
      expect(narrowed).toMatchObject({ limits: [{ project: 'p03', period: 'day' }], next: null });
    });
  });

  it('set by ten admins at once end as one of theirs, with the account in step', async () => {
    await stage.book({ project: 'demo', user: 'user/alice', model: 'gpt-4o', cost: '0.5' });
    const amounts = Array.from({ length: 10 }, (_, index) => index + 1);
    const replies = await Promise.all(
      amounts.map((limit) => stage.admin({ command: 'set-limit', project: 'demo', limit })),
    );
    for (const reply of replies) expect(reply).not.toHaveProperty('error');
    const listed = await stage.admin({ command: 'list-limits' });
    const standing = await stage.directory.limit({ project: 'demo' }, 'month');
    const account = await stage.store.getAccount({
      kind: 'limit',
      scope: { project: 'demo' },
      period: 'month',
      periodKey: '2026-11',
    });
    expect(standing?.version).toBe(10);
    expect(account?.limit).toMatchObject({ amount: standing?.amount, version: 10 });
    expect(listed).toMatchObject({ limits: [{ spent: '0.5' }] });
    expect(await stage.admin({ command: 'audit' })).toMatchObject({ differences: [] });
  });
});
