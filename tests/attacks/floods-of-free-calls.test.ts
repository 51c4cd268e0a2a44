import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CHAT, eventually } from '../functions/proxy/cases/fixtures.ts';
import { json } from '../support/scripted-upstream.ts';
import { account } from './support/account.ts';
import { type AttackStage, refusalOf, type Side, side, startAttackStage } from './support/stage.ts';

/*
 * What costs nothing is held by no limit of money. One project asks for it as fast as it can, and takes from all others
 * what OpenAI lets the stage's one account ask.
 */

const MOST = 5;

let stage: AttackStage;
let mine: Side;
beforeAll(async () => {
  stage = await startAttackStage({ settings: { freeCallsPerMinute: MOST } });
  stage.upstream.on('/models', json({ object: 'list', data: [] }));
  stage.upstream.on('/chat/completions', json(CHAT));
});
afterAll(() => stage.close());

/** In the middle of a minute, which does not pass. */
const NOON = Date.parse('2026-11-21T12:00:20Z');
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOON });
  mine = await side(stage.world, '5');
  stage.forwarded();
});
afterEach(() => {
  vi.useRealTimers();
});

const message = { role: 'user', content: 'Hello.' };
const form = () => {
  const body = new FormData();
  body.set('purpose', 'user_data');
  body.set('file', new File(['x'], 'x.txt'));
  return { method: 'POST', body };
};

/** Every way to ask for what costs nothing. */
const FREE: readonly (readonly [string, (from: Side) => Promise<Response>])[] = [
  ['reading what there is', (from) => from.get('/models')],
  ['looking at one model', (from) => from.get('/models/gpt-4o')],
  ['counting tokens', (from) => from.post('/responses/input_tokens', { model: 'gpt-4o', input: 'Hello.' })],
  ['moderating', (from) => from.post('/moderations', { input: `Hello ${Math.random()}` })],
  ['uploading', (from) => from.send('/files', form())],
  ['making conversations', (from) => from.post('/conversations', {})],
  ['listing files', (from) => from.get('/files')],
  ['listing batches', (from) => from.get('/batches')],
];

describe('A project that asks for what is free as fast as it can is stopped', () => {
  it.each(FREE)('%s', async (_, ask) => {
    for (let call = 0; call < MOST; call += 1) expect((await ask(mine)).status).not.toBe(429);
    stage.forwarded();
    const refused = await ask(mine);
    const { headers } = refused;
    expect(await refusalOf(refused)).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect([headers.get('retry-after'), headers.get('retry-after-ms')]).toEqual(['40', '40000']);
    expect(stage.forwarded()).toEqual([]);
  });

  it('at as many calls at once as it may make in a minute, of whatever kind', async () => {
    const calls = Array.from({ length: 40 }, (_, at) =>
      at % 2 === 0 ? mine.get('/models') : mine.get('/models/x'),
    );
    const answers = await Promise.all(calls);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(40 - MOST);
    expect(stage.forwarded()).toHaveLength(MOST);
  });

  it('where it has files read to make batches of them, which no limit affords', async () => {
    const poor = await side(stage.world, '0.000001');
    const line = (n: number) =>
      JSON.stringify({
        custom_id: String(n),
        method: 'POST',
        url: '/v1/chat/completions',
        body: { model: 'gpt-4o', messages: [message], max_tokens: 16 },
      });
    const file = `file-${poor.project}`;
    await stage.world.deps.objects.own([
      { id: file, kind: 'file', project: poor.project, user: 'user/developer' },
    ]);
    stage.upstream.on(`/files/${file}/content`, (_request, response) => void response.end(line(1)));
    const make = () =>
      poor.post('/batches', {
        input_file_id: file,
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      });
    for (let call = 0; call < MOST; call += 1)
      expect((await refusalOf(await make())).code).toBe('insufficient_quota');
    expect(stage.forwarded()).toHaveLength(MOST);
    expect((await refusalOf(await make())).code).toBe('rate_limit_exceeded');
    expect(stage.forwarded()).toEqual([]);
  });

  it('in mid-list, where a list takes more requests than it has left', async () => {
    const keeper = account();
    stage.upstream.on('/batches', keeper.list);
    stage.upstream.on('/batches/*', keeper.one);
    const at = Math.floor(NOON / 1_000) - 100_000;
    const own = Array.from({ length: 10 }, (_, n) => ({
      id: `batch-${mine.project}-${n}`,
      created_at: at + n,
    }));
    const others = Array.from({ length: 200 }, (_, n) => ({
      id: `x-${mine.project}-${n}`,
      created_at: at + 100 + n,
    }));
    keeper.kept.push(...own, ...others);
    await stage.world.deps.objects.own(
      own.map(({ id, created_at }) => ({
        id,
        kind: 'batch' as const,
        project: mine.project,
        user: 'user/developer',
        createdAt: created_at,
      })),
    );
    const refused = await mine.get('/batches');
    expect(refused.headers.get('retry-after')).toBe('40');
    expect((await refusalOf(refused)).code).toBe('rate_limit_exceeded');
    expect(stage.forwarded().length).toBeLessThanOrEqual(MOST);
    expect((await mine.get('/batches?limit=3')).status).toBe(200);
  });
});

describe('Whoever else uses the stage', () => {
  it('is not stopped by it, nor is what the project pays for', async () => {
    for (let call = 0; call <= MOST; call += 1) await mine.get('/models');
    const other = await side(stage.world, '5');
    expect((await other.get('/models')).status).toBe(200);
    const paid = await mine.post('/chat/completions', {
      model: 'gpt-4o',
      messages: [message],
      max_tokens: 16,
    });
    expect(paid.status).toBe(200);
  });

  it('finds the project served again when the minute is over, and its refusals on no books', async () => {
    for (let call = 0; call <= MOST; call += 1) await mine.get('/models');
    vi.setSystemTime(NOON + 40_000);
    expect((await mine.get('/models')).status).toBe(200);
    await eventually(async () => {
      const entries = await stage.world.entries(mine.project);
      expect(entries).toHaveLength(MOST + 1);
    });
  });
});
