import { beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../functions/admin/commands/index.ts';
import { callId } from '../../../shared/core/call-id.ts';
import type { AccountId } from '../../../shared/core/ledger.ts';
import { ONE_USD } from '../../../shared/core/money.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import { type AdminStage, onEveryStore, openMemoryStage } from '../../support/admin-stage.ts';

describe('the admin function', () => {
  it.each([undefined, null, 'help', 7, [], true])('asks for an object when it gets %j', async (payload) => {
    const { admin } = await openMemoryStage();
    expect(await admin(payload)).toEqual({
      error: {
        message: expect.stringContaining('{"command":"help"}'),
        type: 'invalid_request_error',
        param: null,
        code: 'invalid_payload',
      },
    });
  });

  it.each([{}, { command: 'set-limits' }, { command: 7 }, { command: 'constructor' }, { project: 'demo' }])(
    'points to help for %j',
    async (payload) => {
      const { admin } = await openMemoryStage();
      expect(await admin(payload)).toMatchObject({
        error: {
          code: 'unknown_command',
          param: 'command',
          message: expect.stringMatching(/set-limit,.*\{"command":"help"\}/),
        },
      });
    },
  );

  it('helps with every command, and with an example that works', async () => {
    const stage = await openMemoryStage();
    const help = await stage.admin({ command: 'help' });
    expect(help['commands']).toHaveLength(COMMANDS.length);
    expect(help['commands']).toContainEqual(
      expect.objectContaining({
        name: 'calls',
        fields: ['project', 'day', 'limit', 'include_void'],
        parameters: expect.objectContaining({
          required: ['project'],
          properties: expect.objectContaining({
            limit: { type: 'integer', default: 20, minimum: 1, maximum: 1000 },
          }),
        }),
      }),
    );
    // The call that the example of correct-call is about.
    await stage.book({ user: 'user/alice', project: 'demo', model: 'gpt-4o', cost: '0.5' });
    for (const { example } of COMMANDS) expect(await stage.admin(example)).not.toHaveProperty('error');
  });

  it('names everything that is wrong at once, and shows an example', async () => {
    const { admin } = await openMemoryStage();
    const reply = await admin({ command: 'set-limit', projekt: 'x', period: 'year', limit: -1 });
    expect(reply).toMatchObject({
      error: {
        message: expect.stringMatching(
          /^set-limit: (?=.*"period": must be one of)(?=.*"limit": must not be negative)(?=.*unknown field "projekt").*Example: \{"command":"set-limit"/,
        ),
      },
    });
  });

  it.each([
    { command: 'list-projects' },
    { command: 'usage' },
    { command: 'audit' },
    { command: 'flush-cache' },
  ])('says that the ledger cannot be reached for %j', async (payload) => {
    const { admin } = await openMemoryStage({ fault: () => new Unavailable('no answer in 4000 ms') });
    expect(await admin(payload)).toMatchObject({
      error: { type: 'ledger_unavailable', code: 'ledger_unavailable', param: null },
    });
  });

  it('throws on a fault of its own, so that Lambda reports it', async () => {
    const { admin } = await openMemoryStage({ fault: () => new TypeError('a bug') });
    await expect(admin({ command: 'list-projects' })).rejects.toThrow('a bug');
  });
});

onEveryStore('the audit of a stage', (open) => {
  let stage: AdminStage;
  beforeEach(async () => {
    stage = await open();
    await stage.admin({ command: 'create-project', project: 'demo' });
    await stage.admin({ command: 'set-limit', project: 'demo', limit: 10 });
    await stage.book({
      project: 'demo',
      user: 'user/alice',
      model: 'gpt-4o',
      cost: '1.25',
      tally: { input: 9 },
    });
    await stage.hold({ project: 'demo', user: 'user/alice', model: 'gpt-4o', amount: '0.5' });
  });

  it('finds nothing when every counter is the sum of its entries', async () => {
    expect(await stage.admin({ command: 'audit', total: true })).toEqual({
      from: '2026-11-01',
      to: '2026-11-30',
      accounts: 3,
      entries: 2,
      moving: 0,
      differences: [],
      more_differences: 0,
    });
  });

  it('finds money that was booked without an entry, in the limit and in the books', async () => {
    const subject = { user: 'user/alice', project: 'demo', model: 'gpt-4o' };
    const accounts: AccountId[] = [];
    for await (const call of stage.store.calls('demo', '2026-11-21'))
      if (call.state === 'closed') accounts.push(...call.accounts);
    const shard = accounts.find(({ kind }) => kind === 'books')?.shard;
    const stray = callId(stage.clock.now(), 'f'.repeat(16));
    const planted = { cost: ONE_USD / 4n, saved: 0n, tally: {} };
    for (const id of accounts) {
      await stage.store.reserve(id, stray, { amount: ONE_USD, at: 0, project: 'demo' });
      await stage.store.release(id, stray, { held: ONE_USD, ...planted });
    }
    const difference = { field: 'spent', counter: '1.5', entries: '1.25' };
    expect(await stage.admin({ command: 'audit', month: '2026-11', project: 'demo' })).toMatchObject({
      differences: expect.arrayContaining([
        {
          account: {
            kind: 'limit',
            project: 'demo',
            user: null,
            model: null,
            period: 'month',
            period_key: '2026-11',
          },
          ...difference,
        },
        { account: { kind: 'books', day: '2026-11-21', ...subject, shard }, ...difference },
      ]),
    });
    stage.clock.set('2026-11-21T12:00:01.000Z');
    expect(await stage.admin({ command: 'audit', month: '2026-10' })).toMatchObject({ differences: [] });
  });

  it.each([
    [{ project: 'nobody' }, 'unknown_project'],
    [{ month: 'November' }, 'invalid_field'],
    [{ from: '2026-10-21' }, 'invalid_range'],
    [{ total: 'yes' }, 'invalid_field'],
    [{ deep: true }, 'invalid_field'],
  ])('is refused for %j', async (fields, code) => {
    expect(await stage.admin({ command: 'audit', ...fields })).toMatchObject({ error: { code } });
  });
});

onEveryStore('payloads of openai-wrapi', (open) => {
  let stage: AdminStage;
  beforeEach(async () => {
    stage = await open();
  });

  it('set a monthly limit, and create the project that it needs', async () => {
    const payload = { project: 'hello', user: '*', model: '*', limit: 10.0 };
    expect(await stage.admin(payload)).toMatchObject({
      status_code: 200,
      project: 'hello',
      user: null,
      model: null,
      period: 'month',
      limit: '10',
    });
    expect(await stage.admin({ command: 'list-projects' })).toMatchObject({
      projects: [{ project: 'hello', principals: [], models: [], on_disconnect: 'drain' }],
    });
    expect(await stage.admin({ ...payload, limit: 12.5 })).toMatchObject({ status_code: 200, limit: '12.5' });
  });

  it.each([
    [
      { project: 'N/A', limit: 1 },
      { project: 'N/A', user: null, model: null },
    ],
    [
      { project: 'p', user: null, model: null, limit: 1 },
      { user: null, model: null },
    ],
    [
      { project: 'p', user: 'user/me', model: 'gpt-4o', limit: 1 },
      { user: 'user/me', model: 'gpt-4o' },
    ],
    [
      { project: 'p', user: 'arn:aws:iam::111122223333:user/me', limit: 1 },
      { user: 'user/me', warning: undefined },
    ],
    [
      { project: 'p', user: 'me', limit: 1 },
      { user: 'me', warning: expect.stringContaining('Did you mean "user/me"?') },
    ],
  ])('may be %j', async (payload, limit) => {
    const { warning, ...reply } = await stage.admin(payload);
    expect({ ...reply, warning }).toMatchObject({ status_code: 200, ...limit });
    expect(reply).not.toHaveProperty('errorMessage');
  });

  it.each([
    [100 / 12, '8.333333333333'],
    ['8.333333333333334', '8.333333333333'],
    [0.1 + 0.2, '0.3'],
    [2 / 3, '0.666666666666'],
    [1e-13, '0'],
  ])('have the limit %j, as a program works it out, rounded down', async (limit, shown) => {
    const payload = { project: 'hello', user: '*', model: '*', limit };
    expect(await stage.admin(payload)).toMatchObject({ status_code: 200, limit: shown });
  });

  it('leave a project as it is that exists already', async () => {
    const project = await stage.admin({ command: 'create-project', project: 'p', principals: ['user/*'] });
    await stage.admin({ project: 'p', limit: 1 });
    expect(await stage.admin({ command: 'list-projects' })).toMatchObject({ projects: [project] });
  });

  it.each([
    [{ project: 'p', limit: -1 }, 'limit'],
    [{ project: 'p', limit: -1e-13 }, 'limit'],
    [{ project: 'p', limit: 1e22 }, 'limit'],
    [{ project: 'p', limit: 'NaN' }, 'limit'],
    [{ project: 'p', limit: null }, 'limit'],
    [{ project: null, limit: 1 }, 'project'],
    [{ project: '*', limit: 1 }, 'project'],
    [{ limit: 1 }, 'project'],
    [{ project: 'p', model: 'gpt-9-nonsense', limit: 1 }, 'model'],
    [{ project: 'p', limit: 1, staging: 'prod' }, 'staging'],
    [{ flush_cache: false }, 'flush_cache'],
    [{ flush_cache: true, project: 'p' }, 'project'],
  ])('are refused for %j, in the words that openai-wrapi looks for', async (payload, param) => {
    const reply = await stage.admin(payload);
    expect(reply).toMatchObject({ error: { param, type: 'invalid_request_error' } });
    expect(reply).toHaveProperty('errorMessage', expect.any(String));
    expect(await stage.admin({ command: 'list-projects' })).toMatchObject({ projects: [] });
    expect((await stage.directory.rules({ user: 'u', project: 'p', model: 'm' })).cacheGeneration).toBe(0);
  });

  it('flush the cache of the stage', async () => {
    expect(await stage.admin({ flush_cache: true })).toMatchObject({ status_code: 200, flushed: 'stage' });
    expect((await stage.directory.rules({ user: 'u', project: 'p', model: 'm' })).cacheGeneration).toBe(1);
  });
});
