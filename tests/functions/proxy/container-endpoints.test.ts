import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseUsd } from '../../../shared/core/money.ts';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { json, type Script } from '../../support/scripted-upstream.ts';
import { inProcess } from '../../support/targets.ts';
import { makeWorld, type Target, type World } from '../../support/world.ts';
import { of, post, refusalOf } from './cases/fixtures.ts';

/*
 * "Any container operation, like retrieving the container, or adding or deleting files, will automatically refresh the
 * container's last_active_at time" ("Code interpreter" guide), and it is billed until it expires.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const SESSION_4G = parseUsd('0.12') ?? 0n;
const MINUTE_4G = parseUsd('0.006') ?? 0n;

let world: World;
let target: Target;
let now = Date.now();
let project = '';
beforeAll(async () => {
  const clock = { now: () => now };
  world = await makeWorld({
    store: createMemoryLedgerStore(),
    directory: createMemoryDirectory(),
    cache: createMemoryCache({ clock }),
    clock,
  });
  target = await inProcess(world);
});
beforeEach(async () => {
  now += 1;
  project = await world.project('100');
});
afterAll(async () => {
  await target.close();
  await world.close();
});

const CONTAINER = { object: 'container', name: 'n', status: 'running', memory_limit: '4g' };
const bytes: Script = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  response.end(Buffer.alloc(100_000, 7));
};

const create = (body: object) => post(target, '/v1/containers', { name: 'n', ...body }, of(project));

async function made(id: string, memory_limit = '4g') {
  world.upstream.on('/containers', json({ ...CONTAINER, id, memory_limit }));
  const response = await create({ memory_limit });
  expect(response.status).toBe(200);
  await response.text();
  await world.idle();
}

async function call(method: string, path: string, init: RequestInit = {}) {
  now += 1;
  const response = await target.fetchAs('developer')(`${target.baseURL}/v1/containers/${path}`, {
    ...init,
    method,
    headers: { ...of(project), ...(init.headers as Record<string, string> | undefined) },
  });
  await response.arrayBuffer();
  await world.idle();
  return (await world.entries(project)).at(-1);
}

describe('a container that is made by itself', () => {
  it('is held and booked at its size, and its project’s own', async () => {
    await made('cntr_4');
    const [entry] = await world.entries(project);
    expect(entry).toMatchObject({ endpoint: 'containers.create', model: 'none', held: 35n * MINUTE_4G });
    expect(entry?.outcome).toMatchObject({ cost: SESSION_4G, tally: { container_4g: 20 }, flags: [] });
    expect((await world.deps.objects.owners(['cntr_4'])).get('cntr_4')).toMatchObject({
      kind: 'container',
      project,
      size: '4g',
    });
  });

  it('is used by a tool without another session', async () => {
    await made('cntr_tool');
    now += 3 * MINUTE - SECOND;
    const tools = [{ type: 'code_interpreter', container: 'cntr_tool' }];
    const output = [{ id: 'ci_1', type: 'code_interpreter_call', container_id: 'cntr_tool' }];
    const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
    world.upstream.on(
      '/responses',
      json({ id: 'resp_tool', status: 'completed', model: 'gpt-4.1', tools, output, usage }),
    );
    const ask = { model: 'gpt-4.1', input: 'x', tools, max_tool_calls: 1, max_output_tokens: 100 };
    await (await post(target, '/v1/responses', ask, of(project))).text();
    await world.idle();
    const [, entry] = await world.entries(project);
    expect(entry?.outcome?.tally).toMatchObject({ container_4g: 3 });
  });

  it('is refused where a limit has too little left, or none binds it', async () => {
    world.upstream.on('/containers', json({ ...CONTAINER, id: 'cntr_never' }));
    const before = world.upstream.received.length;
    project = await world.project('0.2');
    expect(await refusalOf(await create({ memory_limit: '4g' }))).toMatchObject({
      code: 'insufficient_quota',
    });
    project = await world.project();
    expect(await refusalOf(await create({}))).toMatchObject({ status: 403, code: 'no_limit_set' });
    expect(world.upstream.received).toHaveLength(before);
  });

  it.each([
    ['memory_limit', { memory_limit: '2t' }],
    ['expires_after.minutes', { expires_after: { anchor: 'last_active_at', minutes: 600 } }],
    ['gpu', { gpu: true }],
  ])('is refused with a %s that nobody can bound', async (param, body) => {
    expect(await refusalOf(await create(body))).toMatchObject({ status: 400, param });
  });

  it('costs nothing where OpenAI makes none', async () => {
    world.upstream.on('/containers', json({ error: { message: 'm' } }, 400));
    await (await create({})).text();
    expect((await world.entries(project)).map(({ outcome }) => outcome?.cost)).toEqual([0n]);
  });
});

describe('an operation that keeps a container alive', () => {
  const form = () => {
    const body = new FormData();
    body.append('file', new Blob(['a,b']), 'a.csv');
    return { body };
  };
  const named = {
    body: JSON.stringify({ file_id: 'file-mine' }),
    headers: { 'content-type': 'application/json' },
  };
  it.each<[string, string, string, () => RequestInit]>([
    ['retrieving it', 'GET', '', () => ({})],
    ['listing its files', 'GET', '/files', () => ({})],
    ['looking at a file', 'GET', '/files/cfile_1', () => ({})],
    ['reading a file', 'GET', '/files/cfile_1/content', () => ({})],
    ['deleting a file', 'DELETE', '/files/cfile_1', () => ({})],
    ['adding a file', 'POST', '/files', form],
    ['adding a file by its id', 'POST', '/files', () => named],
  ])('is booked for the minutes by which it lives longer: %s', async (what, method, path, init) => {
    await world.deps.objects.own([{ id: 'file-mine', kind: 'file', project, user: 'u' }]);
    const id = `cntr_${what.replaceAll(/[^a-z]/g, '_')}`;
    await made(id);
    const answer = path.endsWith('/content') ? bytes : json({ ...CONTAINER, id });
    world.upstream.on(`/containers/${id}${path}`, answer);
    now += 19 * MINUTE + 30 * SECOND;
    const first = await call(method, `${id}${path}`, init());
    expect(first?.held).toBe(35n * MINUTE_4G);
    expect(first?.outcome).toMatchObject({ tally: { container_4g: 20 }, cost: SESSION_4G, flags: [] });
    const again = await call(method, `${id}${path}`, init());
    expect(again?.outcome?.cost).toBe(0n);
    await world.deps.objects.disown('file-mine');
  });

  it('is none of one that has expired, is gone, or is deleted', async () => {
    await made('cntr_old');
    now += 60 * MINUTE;
    world.upstream.on('/containers/cntr_old', json({ ...CONTAINER, id: 'cntr_old', status: 'expired' }));
    expect((await call('GET', 'cntr_old'))?.outcome?.cost).toBe(0n);
    world.upstream.on('/containers/cntr_old/files', json({ error: { message: 'expired' } }, 404));
    expect((await call('GET', 'cntr_old/files'))?.outcome?.cost).toBe(0n);
    world.upstream.on('/containers/cntr_old', json({ id: 'cntr_old', deleted: true }));
    expect((await call('DELETE', 'cntr_old'))?.outcome?.cost).toBe(0n);
  });

  it('is of the project’s own alone, and with files of its own', async () => {
    await made('cntr_own');
    const own = project;
    const before = world.upstream.received.length;
    const foreign = await call('POST', 'cntr_own/files', {
      body: JSON.stringify({ file_id: 'file-theirs' }),
      headers: { 'content-type': 'application/json' },
    });
    expect(foreign?.endpoint).toBe('containers.create');
    project = await world.project('100');
    await call('GET', 'cntr_own');
    expect(await world.entries(project)).toEqual([]);
    expect(world.upstream.received).toHaveLength(before);
    project = own;
  });

  it('takes no field in a form that could name another file', async () => {
    await made('cntr_form');
    const before = world.upstream.received.length;
    const body = new FormData();
    body.append('file_id', 'file-theirs');
    await call('POST', 'cntr_form/files', { body });
    expect(world.upstream.received).toHaveLength(before);
  });
});
