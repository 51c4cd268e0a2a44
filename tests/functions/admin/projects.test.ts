import { beforeEach, expect, it } from 'vitest';
import { type AdminStage, onEveryStore } from '../../support/admin-stage.ts';

const DEMO = {
  project: 'demo',
  principals: ['user/*'],
  models: ['gpt-4o', 'o3*'],
  on_disconnect: 'cancel',
  created_at: '2026-11-21T12:00:00.000Z',
};

onEveryStore('the projects of a stage', (open) => {
  let stage: AdminStage;
  beforeEach(async () => {
    stage = await open();
  });

  it('are created open to everyone and every model unless told otherwise', async () => {
    expect(await stage.admin({ command: 'create-project', project: 'open' })).toEqual({
      project: 'open',
      principals: [],
      models: [],
      on_disconnect: 'drain',
      created_at: '2026-11-21T12:00:00.000Z',
    });
    const { created_at, ...settings } = DEMO;
    expect(await stage.admin({ command: 'create-project', ...settings })).toEqual(DEMO);
    expect(await stage.admin({ command: 'list-projects' })).toMatchObject({
      projects: [DEMO, { project: 'open' }],
    });
  });

  it('are created once, by whichever of two admins comes first', async () => {
    const both = await Promise.all([
      stage.admin({ command: 'create-project', project: 'demo', principals: ['user/a'] }),
      stage.admin({ command: 'create-project', project: 'demo', principals: ['user/b'] }),
    ]);
    const [refused] = both.filter((reply) => 'error' in reply);
    const [created] = both.filter((reply) => !('error' in reply));
    expect(refused).toMatchObject({
      error: { code: 'project_exists', param: 'project', message: expect.stringContaining('change-project') },
    });
    expect(await stage.admin({ command: 'list-projects' })).toMatchObject({ projects: [created] });
  });

  it('change in what is named only', async () => {
    const { created_at, ...settings } = DEMO;
    await stage.admin({ command: 'create-project', ...settings });
    const change = { command: 'change-project', project: 'demo', principals: [], on_disconnect: 'drain' };
    expect(await stage.admin(change)).toEqual({ ...DEMO, principals: [], on_disconnect: 'drain' });
  });

  it('are cached as an admin says, and as the stage does where none has', async () => {
    const cached = { project: 'demo', caching: 'temperature_0', cache_seconds: 3_600 };
    expect(await stage.admin({ command: 'create-project', ...cached })).toMatchObject(cached);
    const off = { command: 'change-project', project: 'demo', caching: 'off' };
    expect(await stage.admin(off)).toMatchObject({ caching: 'off', cache_seconds: 3_600 });
    const asStage = { command: 'change-project', project: 'demo', caching: 'on', cache_seconds: 0 };
    const changed = await stage.admin(asStage);
    expect(changed).toMatchObject({ caching: 'on' });
    expect(changed).not.toHaveProperty('cache_seconds');
    expect(
      await stage.admin({ command: 'create-project', project: 'other', cache_seconds: 0 }),
    ).not.toHaveProperty('cache_seconds');
  });

  it('keep both changes of two admins who change different things at once', async () => {
    await stage.admin({ command: 'create-project', project: 'demo' });
    await Promise.all([
      stage.admin({ command: 'change-project', project: 'demo', principals: ['user/*'] }),
      stage.admin({ command: 'change-project', project: 'demo', models: ['gpt-4o', 'o3*'] }),
      stage.admin({ command: 'change-project', project: 'demo', on_disconnect: 'cancel' }),
    ]);
    expect(await stage.admin({ command: 'list-projects' })).toMatchObject({ projects: [DEMO] });
  });

  it('admit callers by the names that calls are booked on, also where an ARN is given', async () => {
    const principals = ['arn:aws:iam::111122223333:user/*', 'user/*', 'role/deploy'];
    expect(await stage.admin({ command: 'create-project', project: 'demo', principals })).toMatchObject({
      principals: ['user/*', 'role/deploy'],
    });
  });

  it('warn of principals that no caller is named, but leave them, and patterns, as they are', async () => {
    const principals = ['user/*', 'bob', 'tenants/*', 'alice@example.com'];
    const warning = expect.stringMatching(/named "bob", "alice@example.com": .*user\/NAME.*"user\/bob"\?$/);
    const created = await stage.admin({ command: 'create-project', project: 'demo', principals });
    expect(created).toMatchObject({ principals, warning });
    const change = { command: 'change-project', project: 'demo' };
    expect(await stage.admin({ ...change, principals })).toMatchObject({ principals, warning });
    expect(await stage.admin({ ...change, models: ['gpt-4o'] })).not.toHaveProperty('warning');
  });

  it('warn of principals that name one session of a role whose sessions are not told apart', async () => {
    const session = 'arn:aws:sts::111122223333:assumed-role/batch-jobs/alice';
    const create = { command: 'create-project', project: 'demo', principals: [session, 'role/deploy/*'] };
    expect(await stage.admin(create)).toMatchObject({
      principals: ['role/batch-jobs', 'role/deploy/*'],
      warning: expect.stringMatching(/is one session, but "role\/batch-jobs" .* on "role\/deploy"/),
    });
    const principals = ['arn:aws:sts::111122223333:assumed-role/batch-jobs/*', 'role/CI-main/*', 'role/*'];
    const change = { command: 'change-project', project: 'demo', principals };
    expect(await stage.admin(change)).not.toHaveProperty('warning');
  });

  it.each([
    ['create-project', {}, 'invalid_field', 'project', /"project" is missing/],
    ['create-project', { project: '' }, 'invalid_field', 'project', /project's name/],
    [
      'create-project',
      { project: 'd', principals: 'user/*' },
      'invalid_field',
      'principals',
      /expected array/,
    ],
    ['create-project', { project: 'd', principals: [''] }, 'invalid_field', 'principals', /printable ASCII/],
    [
      'create-project',
      { project: 'd', principals: ['arn:x'] },
      'unknown_principal',
      'principals',
      /has the ARN/,
    ],
    [
      'create-project',
      { project: 'd', models: ['gtp-4o'] },
      'unknown_model',
      'models',
      /No model .* "gtp-4o"/,
    ],
    [
      'create-project',
      { project: 'd', on_disconnect: 'stop' },
      'invalid_field',
      'on_disconnect',
      /"drain" or/,
    ],
    ['create-project', { project: 'd', colour: 'red' }, 'invalid_field', 'colour', /unknown field "colour"/],
    ['change-project', { project: 'd', models: [] }, 'unknown_project', 'project', /no project "d"/],
    [
      'create-project',
      { project: 'd', caching: 'maybe' },
      'invalid_field',
      'caching',
      /on, temperature_0, off/,
    ],
    ['create-project', { project: 'd', cache_seconds: -1 }, 'invalid_field', 'cache_seconds', /./],
    ['create-project', { project: 'd', cache_seconds: 2_592_001 }, 'invalid_field', 'cache_seconds', /./],
    ['change-project', { project: 'd' }, 'nothing_to_change', null, /principals, models, on_disconnect/],
  ])('refuse %s with %j', async (command, fields, code, param, message) => {
    expect(await stage.admin({ command, ...fields })).toEqual({
      error: { message: expect.stringMatching(message), type: 'invalid_request_error', param, code },
    });
    expect(await stage.admin({ command: 'list-projects' })).toEqual({ projects: [], next: null });
  });

  it('are listed page by page, each once and by name', async () => {
    const names = Array.from({ length: 23 }, (_, index) => `team ${String(index).padStart(2, '0')}`);
    for (const name of names) await stage.directory.createProject({ ...stage.project, name });
    const seen: string[] = [];
    let after: unknown;
    do {
      const page = await stage.admin({
        command: 'list-projects',
        page_size: 10,
        ...(after ? { after } : {}),
      });
      const projects = page['projects'];
      if (!Array.isArray(projects)) throw new Error(JSON.stringify(page));
      expect(projects.length).toBeLessThanOrEqual(10);
      seen.push(...projects.map(({ project }) => project));
      after = page['next'];
    } while (after !== null);
    expect(seen).toEqual(names);
  });

  it('have their cached answers flushed, each for itself or with the whole stage', async () => {
    await stage.admin({ command: 'create-project', project: 'demo' });
    expect(await stage.admin({ command: 'flush-cache', project: 'demo' })).toEqual({
      flushed: 'project',
      project: 'demo',
    });
    expect(await stage.admin({ command: 'flush-cache' })).toEqual({ flushed: 'stage', project: null });
    const rules = await stage.directory.rules({ user: 'u', project: 'demo', model: 'm' });
    expect(rules).toMatchObject({ cacheGeneration: 1, project: { cacheGeneration: 1 } });
    expect(await stage.admin({ command: 'flush-cache', project: 'nobody' })).toMatchObject({
      error: { code: 'unknown_project' },
    });
  });
});
