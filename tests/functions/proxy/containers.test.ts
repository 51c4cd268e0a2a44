import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerSize } from '../../../shared/core/containers.ts';
import { parseUsd } from '../../../shared/core/money.ts';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { createMemoryObjects } from '../../../shared/memory/memory-objects.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import { event, json, sse } from '../../support/scripted-upstream.ts';
import { inProcess } from '../../support/targets.ts';
import { makeWorld, type Target, type World } from '../../support/world.ts';
import { of, post, refusalOf } from './cases/fixtures.ts';

/*
 * OpenAI goes on using a container that is still active in what a response leans on, at the size that it was made with,
 * whatever size the next request asks for ("Code interpreter" guide).
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const MODEL = 'gpt-4.1';
const USAGE = { input_tokens: 1_000, output_tokens: 100, total_tokens: 1_100 };
/** gpt-4.1: $2 and $8 per million tokens. */
const TOKENS = parseUsd('0.0028') ?? 0n;

const code = (memory_limit?: ContainerSize) => ({
  type: 'code_interpreter',
  container: { type: 'auto', ...(memory_limit === undefined ? {} : { memory_limit }) },
});
const shell = (memory_limit?: ContainerSize) => ({
  type: 'shell',
  environment: { type: 'container_auto', ...(memory_limit === undefined ? {} : { memory_limit }) },
});
type Tool = ReturnType<typeof code> | ReturnType<typeof shell> | { type: string; [member: string]: unknown };

let world: World;
let target: Target;
let now = Date.now();
let responses = 0;
const objects = createMemoryObjects();
let objectsFail = false;
beforeAll(async () => {
  const clock = { now: () => now };
  world = await makeWorld({
    store: createMemoryLedgerStore(),
    directory: createMemoryDirectory(),
    cache: createMemoryCache({ clock }),
    clock,
    objects: {
      ...objects,
      async bookContainer(...booking) {
        if (objectsFail) throw new Unavailable('the books of containers');
        return objects.bookContainer(...booking);
      },
    },
  });
  target = await inProcess(world);
});
afterAll(async () => {
  await target.close();
  await world.close();
});

let project = '';
beforeEach(async () => {
  project = await world.project('1000');
});

/** What OpenAI answers that ran code in these containers. */
function answerIn(containers: readonly string[], tools: readonly Tool[], more: object = {}) {
  responses += 1;
  const isShell = tools.some(({ type }) => type === 'shell');
  const output = containers.map((id, at) =>
    isShell
      ? {
          id: `sh_${responses}_${at}`,
          type: 'shell_call',
          environment: { type: 'container_reference', container_id: id },
        }
      : { id: `ci_${responses}_${at}`, type: 'code_interpreter_call', container_id: id, status: 'completed' },
  );
  return {
    id: `resp_${responses}`,
    object: 'response',
    status: 'completed',
    model: MODEL,
    service_tier: 'default',
    tools,
    output,
    usage: USAGE,
    ...more,
  };
}

interface Turn {
  readonly tools?: readonly Tool[];
  readonly in?: readonly string[];
  readonly stream?: boolean;
  readonly body?: object;
  /** How long OpenAI takes, in milliseconds. */
  readonly takes?: number;
}

/** Asks for a response that runs in these containers; says what its call came to, and the response's id. */
async function turn({ tools = [code()], in: containers = [], stream = false, body = {}, takes = 0 }: Turn) {
  const answer = answerIn(containers, tools);
  world.upstream.on('/responses', async (request, response) => {
    now += takes;
    const events = [
      event({
        type: 'response.created',
        response: { ...answer, status: 'in_progress', output: [], usage: null },
      }),
      ...answer.output.map((item) => event({ type: 'response.output_item.done', item })),
      event({ type: 'response.completed', response: answer }),
    ];
    await (stream ? sse(events) : json(answer))(request, response);
  });
  // No two calls at once, so that the last entry is this call's.
  now += 1;
  const before = (await world.entries(project)).length;
  const ask = { model: MODEL, input: 'x', tools, max_tool_calls: 1, max_output_tokens: 100, stream, ...body };
  const response = await post(target, '/v1/responses', ask, of(project));
  if (!response.ok) return { id: '', refusal: await refusalOf(response) };
  await response.text();
  await world.idle();
  const entries = await world.entries(project);
  expect(entries).toHaveLength(before + 1);
  const entry = entries.at(-1);
  return { id: answer.id, entry, outcome: entry?.outcome, tally: entry?.outcome?.tally };
}

/** In cents: a request is some bytes longer than another. */
const roughly = (amount: bigint) => Math.round(Number(amount / 1_000_000n) / 10_000);

/** What all turns cost beside their tokens. */
async function containerCost(): Promise<bigint> {
  const entries = await world.entries(project);
  return entries.reduce((sum, { outcome }) => sum + (outcome?.cost ?? 0n) - TOKENS, 0n);
}

describe.each([
  ['as JSON', false],
  ['in a stream', true],
])('a container that is used again, %s', (_how, stream) => {
  it('costs what its own size costs, for the minutes that it lasts longer', async () => {
    const first = await turn({ tools: [code('64g')], in: [`cntr_big_${stream}`], stream });
    expect(first.outcome).toMatchObject({ cost: TOKENS + 1_920_000_000_000n, flags: [] });
    now += 2 * MINUTE + 10 * SECOND;
    const next = { stream, in: [`cntr_big_${stream}`], body: { previous_response_id: first.id } };
    const second = await turn(next);
    expect(second.tally).toMatchObject({ container_64g: 3 });
    expect(second.tally).not.toHaveProperty('container_1g');
    // The same again in the same minute costs nothing more, whatever size it asks for.
    now += 20 * SECOND;
    const third = await turn({ ...next, tools: [code('64g')], body: { previous_response_id: second.id } });
    expect(third.outcome?.cost).toBe(TOKENS);
  });

  it('is one session for ten turns in five minutes', async () => {
    let id: string | undefined;
    for (let at = 0; at < 10; at++) {
      const body = id === undefined ? {} : { previous_response_id: id };
      ({ id } = await turn({ in: [`cntr_ten_${stream}`], stream, body }));
      now += 30 * SECOND;
    }
    // 20 minutes, and five more, at $0.03 for 20.
    expect(await containerCost()).toBe(parseUsd('0.0375'));
  });

  it('is told from one that another turn has made', async () => {
    const first = await turn({ in: [`cntr_a1_${stream}`], stream });
    const second = await turn({
      in: [`cntr_a1_${stream}`, `cntr_a2_${stream}`],
      stream,
      body: { previous_response_id: first.id },
    });
    expect(second.tally).toMatchObject({ container_1g: 1 + 20 });
  });
});

describe('the hold of a call', () => {
  it('is that of the largest container in what it leans on, as far back as that goes', async () => {
    const small = await turn({ in: ['cntr_1'] });
    const big = await turn({ tools: [code('16g')], in: ['cntr_16'] });
    const plain = await turn({ tools: [], body: { previous_response_id: big.id } });
    const heldAfter = async ({ id }: { id: string }) =>
      (await turn({ body: { previous_response_id: id } })).entry?.held ?? 0n;
    const more = 35n * ((parseUsd('0.024') ?? 0n) - (parseUsd('0.0015') ?? 0n));
    const least = await heldAfter(small);
    expect(roughly((await heldAfter(big)) - least)).toBe(roughly(more));
    expect(roughly((await heldAfter(plain)) - least)).toBe(roughly(more));
  });

  it('is that of any container where nobody here saw what was said before', async () => {
    await objects.own([{ id: 'resp_given', kind: 'response', project, user: 'admin' }]);
    const { entry, tally } = await turn({
      in: ['cntr_unseen'],
      body: { previous_response_id: 'resp_given' },
    });
    expect(entry?.held).toBeGreaterThanOrEqual(35n * (parseUsd('0.096') ?? 0n));
    expect(tally).toMatchObject({ container_64g: 20 });
  });

  it('of a shell is bounded and booked in the same way', async () => {
    const first = await turn({ tools: [shell('4g')], in: ['cntr_shell'] });
    expect(first.tally).toMatchObject({ container_4g: 20 });
    now += 50 * SECOND;
    const body = { previous_response_id: first.id };
    const second = await turn({ tools: [shell()], in: ['cntr_shell'], body });
    expect(second.tally).toMatchObject({ container_4g: 1 });
  });

  it('of a conversation grows with what is made in it, before it is made', async () => {
    await objects.own([{ id: 'conv_1', kind: 'conversation', project, user: 'u', call: 'c', vetted: true }]);
    const body = { conversation: 'conv_1' };
    const first = await turn({ tools: [code('64g')], in: ['cntr_talk'], body });
    expect((await objects.owners(['conv_1'])).get('conv_1')?.size).toBe('64g');
    expect(first.tally).toMatchObject({ container_64g: 20 });
    now += 90 * SECOND;
    const { tally } = await turn({ in: ['cntr_talk'], body });
    expect(tally).toMatchObject({ container_64g: 2 });
  });
});

describe('a container that a request names', () => {
  it.each([
    ['code', (id: string) => ({ type: 'code_interpreter', container: id })],
    [
      'a shell',
      (id: string) => ({ type: 'shell', environment: { type: 'container_reference', container_id: id } }),
    ],
  ])('for %s is held and booked at its own size', async (what, toolIn) => {
    const id = `cntr_named_${what.length}`;
    await turn({ tools: [code('4g')], in: [id] });
    now += 5 * MINUTE - SECOND;
    const { entry, tally } = await turn({ tools: [toolIn(id)], in: [id] });
    expect(tally).toMatchObject({ container_4g: 5 });
    const same = await turn({ tools: [code('4g')] });
    expect(roughly(entry?.held ?? 0n)).toBe(roughly(same.entry?.held ?? 0n));
  });

  it('in an item of its input is held and booked at its own size', async () => {
    await turn({ tools: [code('16g')], in: ['cntr_item'] });
    const item = { type: 'code_interpreter_call', id: 'ci_x', container_id: 'cntr_item', code: '1' };
    now += 61 * SECOND;
    const { tally } = await turn({ in: ['cntr_item'], body: { input: [item] } });
    expect(tally).toMatchObject({ container_16g: 2 });
  });

  it('is the project’s own', async () => {
    await turn({ in: ['cntr_mine'] });
    const own = project;
    project = await world.project('1000');
    for (const container of ['cntr_mine', 'cntr_nobody']) {
      const { refusal } = await turn({ tools: [{ type: 'code_interpreter', container }] });
      expect(refusal).toMatchObject({ status: 404, code: 'not_found' });
    }
    project = own;
  });
});

describe('the time of a container', () => {
  it('is booked once by calls that use it at once', async () => {
    const first = await turn({ in: ['cntr_many'] });
    now += 5 * MINUTE - SECOND;
    const body = {
      previous_response_id: first.id,
      model: MODEL,
      input: 'x',
      tools: [code()],
      max_tool_calls: 1,
    };
    const answer = answerIn(['cntr_many'], [code()]);
    world.upstream.on('/responses', json(answer));
    const ask = { ...body, max_output_tokens: 100 };
    await Promise.all(
      Array.from({ length: 6 }, async () => (await post(target, '/v1/responses', ask, of(project))).text()),
    );
    await world.idle();
    expect(await containerCost()).toBe(25n * (parseUsd('0.0015') ?? 0n));
  });

  it('goes on while an answer is made', async () => {
    const { tally } = await turn({ in: ['cntr_long'], takes: 9 * MINUTE + SECOND });
    expect(tally).toMatchObject({ container_1g: 29 });
  });

  it('is a session of the largest where its books cannot be reached', async () => {
    const first = await turn({ tools: [code('4g')], in: ['cntr_down'] });
    objectsFail = true;
    try {
      const { tally, outcome } = await turn({ in: ['cntr_down'], body: { previous_response_id: first.id } });
      expect(tally).toMatchObject({ container_4g: 20 });
      expect(outcome?.flags).toEqual([]);
    } finally {
      objectsFail = false;
    }
  });

  it('of an answer that broke off is booked once, by whoever first hears of it', async () => {
    const answer = answerIn(['cntr_cut'], [code('16g')]);
    const created = {
      type: 'response.created',
      response: { ...answer, status: 'in_progress', output: [], usage: null },
    };
    world.upstream.on('/responses', sse([event(created)], 'reset'));
    world.upstream.on(`/responses/${answer.id}`, json(answer));
    const ask = {
      model: MODEL,
      input: 'x',
      tools: [code('16g')],
      stream: true,
      max_tool_calls: 1,
      max_output_tokens: 100,
    };
    await (await post(target, '/v1/responses', ask, of(project))).text();
    await world.idle();
    const read = () =>
      target.fetchAs('developer')(`${target.baseURL}/v1/responses/${answer.id}`, { headers: of(project) });
    await Promise.all([read(), world.sweep(2 * MINUTE), read()]);
    await world.idle();
    const [entry] = (await world.entries(project)).filter(({ endpoint }) => endpoint === 'responses');
    // The sweep comes two minutes later.
    expect([20, 22]).toContain(entry?.outcome?.tally.container_16g);
    const { tally } = await turn({ in: ['cntr_cut'], body: { previous_response_id: answer.id } });
    expect(tally?.container_16g ?? 0).toBeLessThanOrEqual(2);
  });
});
