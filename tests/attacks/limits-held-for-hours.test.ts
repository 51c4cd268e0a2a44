import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limitAccount } from '../../shared/core/accounts.ts';
import { formatUsd } from '../../shared/core/money.ts';
import { CHAT, eventually } from '../functions/proxy/cases/fixtures.ts';
import { json, type Script } from '../support/scripted-upstream.ts';
import { type AttackStage, refusalOf, type Side, side, startAttackStage } from './support/stage.ts';

/*
 * What a call may cost is set aside in every limit that binds it, those that others share as well. One project lets
 * OpenAI work for hours, at a low price, and takes the whole stage's limit, or its speed, from everybody.
 */

const QUESTION = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say 1.' }], max_tokens: 16 };
const BACKGROUND = { model: 'gpt-4o-mini', input: 'Say 1.', background: true, max_output_tokens: 16 };
const USAGE = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };

let names = 0;
function newId(prefix: string): string {
  names += 1;
  return `${prefix}${names}`;
}

/** OpenAI begins a response that it will be at for hours. */
const begins: Script = (request, response) =>
  json({ id: newId('resp_'), object: 'response', status: 'queued', model: 'gpt-4o-mini' })(request, response);
const ends: Script = (request, response) => {
  const id = request.url.split('/').at(-1);
  return json({ id, object: 'response', status: 'completed', model: 'gpt-4o-mini', usage: USAGE })(
    request,
    response,
  );
};

async function stageWith(bounds?: { openCalls?: number; deferredCalls?: number }): Promise<AttackStage> {
  const stage = await startAttackStage({ parts: { ...(bounds && { bounds }) }, limitUsd: '1000' });
  stage.upstream.on('/responses', begins);
  stage.upstream.on('/responses/*', ends);
  stage.upstream.on('/chat/completions', json(CHAT));
  await stage.world.limit({}, '100');
  return stage;
}

const heldInStage = async ({ world }: AttackStage) => {
  const account = await world.store.getAccount(limitAccount({}, 'month', Date.now()));
  return account?.holds.size ?? 0;
};
const statuses = (answers: readonly Response[]) => answers.map(({ status }) => status);
const count = (answers: readonly Response[], status: number) =>
  statuses(answers).filter((each) => each === status).length;

describe('1,200 background calls of one project', () => {
  let stage: AttackStage;
  let answers: Response[];
  let most = 0;
  beforeAll(async () => {
    stage = await stageWith();
    const ask = async () => {
      const answer = await stage.attacker.post('/responses', BACKGROUND);
      most = Math.max(most, await heldInStage(stage));
      return answer;
    };
    answers = await Promise.all(Array.from({ length: 1_200 }, ask));
  });
  afterAll(() => stage.close());

  it('leave two hundred of them in the stage’s account, at no time more', () => {
    expect([count(answers, 200), count(answers, 429)]).toEqual([200, 1_000]);
    expect(most).toBe(200);
  });

  it('are refused in a way that clients wait for, and that says what to do', async () => {
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get('retry-after')).toBe('20');
    expect(refused?.headers.get('x-should-retry')).toBeNull();
    expect(await refusalOf(refused ?? new Response())).toMatchObject({
      code: 'rate_limit_exceeded',
      message: expect.stringMatching(
        /has 200 background responses and batches that have not ended.*DEFERRED_CALLS_PER_PROJECT/,
      ),
    });
  });

  it('do not keep others from calling, nor their project from what it is answered at once', async () => {
    expect((await stage.victim.post('/responses', BACKGROUND)).status).toBe(200);
    for (const each of [stage.victim, stage.attacker])
      expect((await each.post('/chat/completions', QUESTION)).status).toBe(200);
  });

  it('make room one by one, as they end', async () => {
    const begun = answers.filter(({ status }) => status === 200).slice(0, 3);
    for (const answer of begun) {
      const { id } = (await answer.json()) as { id: string };
      expect((await stage.attacker.get(`/responses/${id}`)).status).toBe(200);
    }
    await eventually(async () => expect(await heldInStage(stage)).toBe(198));
    const next = await Promise.all(
      Array.from({ length: 5 }, () => stage.attacker.post('/responses', BACKGROUND)),
    );
    expect([count(next, 200), count(next, 429)]).toEqual([3, 2]);
  });
});

describe('Calls that one project keeps open', () => {
  let stage: AttackStage;
  beforeAll(async () => {
    stage = await stageWith({ openCalls: 3, deferredCalls: 1 });
  });
  afterAll(() => stage.close());

  it('are as many as it may have, at whatever they wait', async () => {
    const gate = Promise.withResolvers<void>();
    stage.upstream.on('/chat/completions', async (request, response) => {
      await gate.promise;
      await json(CHAT)(request, response);
    });
    const ask = (from: Side) =>
      from.post('/chat/completions', { ...QUESTION, metadata: { at: newId('at-') } });
    const open = Array.from({ length: 3 }, () => ask(stage.attacker));
    await eventually(async () => expect(await heldInStage(stage)).toBe(3));
    const refused = await ask(stage.attacker);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refusalOf(refused)).toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      message: expect.stringContaining('has 3 calls in flight'),
    });
    const others = Array.from({ length: 3 }, () => ask(stage.victim));
    await eventually(async () => expect(await heldInStage(stage)).toBe(6));
    gate.resolve();
    expect(statuses(await Promise.all([...open, ...others]))).toEqual([200, 200, 200, 200, 200, 200]);
    await eventually(async () => expect(await heldInStage(stage)).toBe(0));
    expect((await ask(stage.attacker)).status).toBe(200);
  });

  it('are batches as well as background responses', async () => {
    const owner = await side(stage.world, '1000');
    const make = await batchOf(stage, owner, [QUESTION]);
    stage.upstream.on('/batches', (request, response) =>
      json({ id: newId('batch_'), object: 'batch', status: 'validating' })(request, response),
    );
    expect((await make()).status).toBe(200);
    for (const answer of [await make(), await owner.post('/responses', BACKGROUND)])
      expect((await refusalOf(answer)).code).toBe('rate_limit_exceeded');
  });
});

/** Makes a batch of these requests, whose file the project has uploaded. */
async function batchOf(stage: AttackStage, from: Side, requests: readonly object[]) {
  const file = newId('file-');
  const lines = requests.map((body, at) =>
    JSON.stringify({ custom_id: String(at), method: 'POST', url: '/v1/chat/completions', body }),
  );
  await stage.world.deps.objects.own([
    { id: file, kind: 'file', project: from.project, user: 'user/developer' },
  ]);
  stage.upstream.on(`/files/${file}/content`, (_request, response) => void response.end(lines.join('\n')));
  return () =>
    from.post('/batches', {
      input_file_id: file,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
}

describe('A batch whose requests name no maximum', () => {
  let stage: AttackStage;
  const { max_tokens: _, ...unnamed } = QUESTION;
  beforeAll(async () => {
    stage = await stageWith();
    stage.upstream.on('/batches', (request, response) =>
      json({ id: newId('batch_'), object: 'batch', status: 'validating' })(request, response),
    );
  });
  afterAll(() => stage.close());

  it('does not hold a stage’s limit for a day: it is told what maximum to name', async () => {
    const requests = Array.from({ length: 15_000 }, () => unnamed);
    const refused = await (await batchOf(stage, stage.attacker, requests))();
    expect(refused.headers.get('x-should-retry')).toBe('false');
    const { status, code, message, param } = await refusalOf(refused);
    expect([status, code, param]).toEqual([429, 'insufficient_quota', 'input_file_id']);
    expect(message).toMatch(
      /^15000 requests of this batch name no max_completion_tokens, .* would hold 7\d\.\d+ USD/,
    );
    expect(await heldInStage(stage)).toBe(0);

    const [, told] = /up to (\d+) if this batch is to leave room/.exec(message) ?? [];
    expect(Number(told)).toBeGreaterThan(1_000);
    const named = requests.map((body) => ({ ...body, max_completion_tokens: Number(told) }));
    expect((await (await batchOf(stage, stage.attacker, named))()).status).toBe(200);
    const account = await stage.world.store.getAccount(limitAccount({}, 'month', Date.now()));
    const [held] = [...(account?.holds.values() ?? [])];
    expect(Number(formatUsd(held?.amount ?? 0n))).toBeLessThanOrEqual(100 / 8);
    expect(Number(formatUsd(held?.amount ?? 0n))).toBeGreaterThan((100 / 8) * 0.99);
  });

  it('is taken where that is little of what is left', async () => {
    const few = Array.from({ length: 100 }, () => unnamed);
    expect((await (await batchOf(stage, stage.victim, few))()).status).toBe(200);
  });

  it('counts those alone that name none', async () => {
    const mixed = [
      ...Array.from({ length: 5_000 }, () => unnamed),
      ...Array.from({ length: 5_000 }, () => QUESTION),
    ];
    const { message } = await refusalOf(await (await batchOf(stage, stage.victim, mixed))());
    expect(message).toMatch(/^5000 requests of this batch name no max_completion_tokens/);
  });

  it('is told to be smaller where no maximum would help', async () => {
    const poor = await side(stage.world, '0.0001');
    const { message } = await refusalOf(
      await (
        await batchOf(
          stage,
          poor,
          Array.from({ length: 500 }, () => unnamed),
        )
      )(),
    );
    expect(message).toContain('Make smaller batches, or ask an admin to raise the limit.');
  });
});
