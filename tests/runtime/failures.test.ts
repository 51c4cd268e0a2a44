import { afterEach, describe, expect, inject, it } from 'vitest';
import { sandboxFunctions } from '../../local/stage-functions.ts';
import { ask, CHAT, CHUNKS, of, post, refusalOf } from '../functions/proxy/cases/fixtures.ts';
import { event, json, type Script } from '../support/scripted-upstream.ts';
import { type RealStage, type RealStageOptions, startRealStage } from './real-stage.ts';

const CHAT_PATH = '/v1/chat/completions';
/** So long a call may be on its way to OpenAI on a busy machine; nothing waits for it elsewhere. */
const TIMEOUT_MS = 8_000;
/** A lease that outlasts the function's timeout by little, so that the sweep need not be waited for long. */
const SHORT_LEASE = {
  settings: { upstreamTimeoutMs: 12_000 },
  env: { LEASE_SECONDS: '13', LEDGER_DEADLINE_MS: '12000' },
};

const closing: RealStage[] = [];
afterEach(async () => {
  for (const stage of closing.splice(0)) await stage.close();
});

async function start(options: RealStageOptions = {}): Promise<RealStage> {
  const stage = await startRealStage(options);
  closing.push(stage);
  return stage;
}

function call(stage: RealStage, project: string, body: object = {}): Promise<Response> {
  return post(stage.target, CHAT_PATH, { ...ask(project), ...body }, of(project));
}

const silence: Script = () => undefined;
const oneEventAndSilence: Script = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(event(CHUNKS[1]));
};

/** Sweeps until the project's calls are all settled, and proves that each is, at its hold. */
async function sweepUntilSettled(stage: RealStage, project: string, calls: number): Promise<void> {
  const { world } = stage;
  const open = async () => {
    await stage.invoke('sweep', { deep: true });
    const entries = [];
    for await (const entry of world.store.calls(project, new Date().toISOString().slice(0, 10)))
      entries.push(entry);
    return entries.map(({ state }) => state);
  };
  await expect
    .poll(open, { timeout: 60_000, interval: 1_000 })
    .toEqual(Array.from({ length: calls }, () => 'closed'));
  for (const entry of await world.entries(project)) {
    expect(entry.outcome).toMatchObject({ state: 'unsettled', cost: entry.held, flags: ['unsettled'] });
    const alarms = () =>
      world.logs.filter((line) => line.includes('"message":"unsettled"') && line.includes(entry.id));
    await expect.poll(alarms).toHaveLength(1);
  }
}

describe('a function that runs into its timeout', () => {
  it('is killed: a 502 before the head, a cut answer after it, and the sweep books both', async () => {
    const stage = await start({ ...SHORT_LEASE, timeoutMs: TIMEOUT_MS, maxSandboxes: 2 });
    const { world } = stage;
    const project = await world.project('1');
    world.upstream.on('/chat/completions', silence);
    const waiting = call(stage, project, { seed: 1 });
    await expect.poll(() => world.upstream.received.length, { timeout: 60_000 }).toBe(1);
    world.upstream.on('/chat/completions', oneEventAndSilence);
    const cut = await call(stage, project, { seed: 2, stream: true });
    expect(cut.status).toBe(200);
    await expect(cut.text()).rejects.toThrow();
    expect([(await waiting).status, await (await waiting).text()]).toEqual([502, 'Internal Server Error']);
    expect(world.logs.filter((line) => /^\S+ Task timed out after 8\.00 seconds$/.test(line))).toHaveLength(
      2,
    );

    world.upstream.on('/chat/completions', json(CHAT));
    const other = await world.project('1');
    expect((await call(stage, other)).status).toBe(200);
    await sweepUntilSettled(stage, project, 2);
  });
});

describe('a function that is killed', () => {
  it('in mid-answer: the caller sees it cut, the next call is served, and the sweep books the lost one', async () => {
    const stage = await start(SHORT_LEASE);
    const { world } = stage;
    const project = await world.project('1');
    world.upstream.on('/chat/completions', oneEventAndSilence);
    const cut = await call(stage, project, { stream: true });
    for (const pid of stage.functions.each.proxy.pids()) process.kill(pid, 'SIGKILL');
    await expect(cut.text()).rejects.toThrow();
    world.upstream.on('/chat/completions', json(CHAT));
    const other = await world.project('1');
    const next = await call(stage, other);
    expect(await next.json()).toEqual(CHAT);
    await sweepUntilSettled(stage, project, 1);
    expect(await world.entries(other)).toMatchObject([{ outcome: { flags: [], cost: 3_000_000_000n } }]);
  });
});

describe('a function that cannot reach its table', () => {
  it('refuses with 503, and forwards nothing', async () => {
    const stage = await start({
      env: { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1', LEDGER_DEADLINE_MS: '2000' },
    });
    const project = await stage.world.project('1');
    const refusal = await refusalOf(await call(stage, project));
    expect(refusal).toMatchObject({ status: 503, code: 'ledger_unreachable' });
    expect(stage.world.upstream.received).toEqual([]);
  });
});

describe('a function that cannot be used as it is configured', () => {
  it('does not start, and says everything that is wrong at once', async () => {
    const lines: string[] = [];
    const functions = sandboxFunctions('dev', inject('tasks'), {
      client: inject('client'),
      env: { STAGE: 'Not A Stage', CACHE_NODES: 'nowhere', UPSTREAM_TIMEOUT_SECONDS: 'soon' },
      onLine: (line) => lines.push(line),
    });
    const problems = [
      'STAGE must be',
      'TABLE_NAME is not set',
      'AWS_REGION is not set',
      'OPENAI_SECRET_ARN is not set',
      'UPSTREAM_TIMEOUT_SECONDS must be',
      'CACHE_NODES must be',
    ];
    try {
      const sink = { start() {}, write() {}, end() {}, onGone() {} };
      const failed = await functions.stream({}, sink, 'r-1').catch((error: unknown) => String(error));
      const admin = await functions.invoke('admin', '{}');
      for (const problem of problems) expect(failed).toContain(problem);
      for (const problem of problems.slice(0, 3)) expect(JSON.stringify(admin)).toContain(problem);
      expect(lines.join('\n')).toContain('TABLE_NAME is not set');
    } finally {
      await functions.stop();
    }
  });

  it('answers its callers with 502', async () => {
    const stage = await start({ env: { TABLE_NAME: '' } });
    const response = await call(stage, 'any');
    expect([response.status, await response.text()]).toEqual([502, 'Internal Server Error']);
  });
});

describe('the admin function and the sweep', () => {
  it('do their work from their zips', async () => {
    const stage = await start();
    const { world, invoke } = stage;
    const arn = 'arn:aws:iam::123456789012:user/alice';
    await invoke('admin', { command: 'create-project', project: 'made', principals: [arn] });
    expect(await invoke('admin', { project: 'made', model: 'gpt-4o', limit: 1 })).toMatchObject({
      status_code: 200,
    });
    world.upstream.on('/chat/completions', json(CHAT));
    const refused = await refusalOf(await call(stage, 'made'));
    expect(refused).toMatchObject({ status: 403, code: 'project_not_yours' });
    const answer = await stage.target.fetchAs('alice')(`${stage.target.baseURL}${CHAT_PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...of('made') },
      body: JSON.stringify(ask('made')),
    });
    expect(await answer.json()).toEqual(CHAT);
    await world.entries('made');
    const usage = await invoke('admin', { command: 'usage', project: 'made' });
    expect(JSON.stringify(usage)).toContain('"0.003"');
    expect(await invoke('admin', { command: 'nonsense' })).toMatchObject({
      error: { code: 'unknown_command' },
    });
    expect(Object.values(await invoke('sweep', {})).every((count) => count === 0)).toBe(true);
  });
});
