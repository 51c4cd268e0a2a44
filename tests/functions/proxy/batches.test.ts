import type OpenAI from 'openai';
import type { Batch } from 'openai/resources/batches';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallEntry } from '../../../shared/core/ledger.ts';
import { formatUsd } from '../../../shared/core/money.ts';
import {
  type DeferredWorld,
  deferredWorld,
  until,
  uploadRequests,
  uploadText,
} from '../../support/deferred-world.ts';
import { inProcess } from '../../support/targets.ts';
import { sdk } from '../../support/world.ts';

const MINUTE = 60_000;
const CHAT = '/v1/chat/completions';

let world: DeferredWorld;
beforeAll(async () => {
  world = await deferredWorld();
});
afterAll(() => world.close());

const question = (n: number) => ({
  model: 'gpt-5',
  messages: [{ role: 'user', content: `Tell me about the number ${n}.` }],
  max_completion_tokens: 300,
});
const questions = (count: number) => Array.from({ length: count }, (_, n) => question(n));

async function createBatch(client: OpenAI, requests: readonly object[], url = CHAT): Promise<Batch> {
  const input_file_id = await uploadRequests(client, requests, url);
  return client.batches.create({
    input_file_id,
    endpoint: url as Batch['endpoint'] & '/v1/responses',
    completion_window: '24h',
  });
}

const creation = async (project: string): Promise<CallEntry> => {
  const [entry] = await world.found(project, 'batches.create');
  if (entry === undefined) throw new Error('no entry');
  return entry;
};
const deferred = (project: string) =>
  until(
    () => creation(project),
    (entry) => entry.deferred !== undefined,
  );
const closed = (project: string) =>
  until(
    () => creation(project),
    ({ state }) => state === 'closed',
  );

/** gpt-5 in a batch: $0.625 and $5 per million tokens. */
async function costOf(client: OpenAI, batch: Batch): Promise<{ cost: bigint; output: number }> {
  const text = await (await client.files.content(batch.output_file_id ?? '')).text();
  let [cost, output] = [0n, 0];
  for (const line of text.trim().split('\n')) {
    const { usage } = JSON.parse(line).response.body;
    cost += BigInt(usage.prompt_tokens) * 625_000n + BigInt(usage.completion_tokens) * 5_000_000n;
    output += usage.completion_tokens;
  }
  return { cost, output };
}

describe('A batch', () => {
  test('is held from the lines of its file, and settled from those of its output, at batch prices', async () => {
    const { client, project } = await world.caller();
    const batch = await createBatch(client, questions(20));
    expect(batch.status).toBe('validating');
    const held = await deferred(project);
    expect(held).toMatchObject({
      state: 'open',
      model: 'gpt-5',
      deferred: { kind: 'batch', object: batch.id },
    });
    // 20 times 300 tokens of output at $5 per million, and as much input as its bytes can be.
    expect(held.held).toBeGreaterThan(20n * 300n * 5_000_000n);
    expect(held.held).toBeLessThan(20n * (300n * 5_000_000n + 600n * 625_000n));
    world.pass(1);
    const final = await client.batches.retrieve(batch.id);
    expect(final).toMatchObject({ status: 'completed', request_counts: { total: 20, completed: 20 } });
    const { cost, output } = await costOf(client, final);
    const entry = await closed(project);
    expect(entry.outcome).toMatchObject({ state: 'settled', cost, flags: [], serviceTier: 'batch' });
    expect(entry.outcome?.tally).toMatchObject({ calls: 1, output });
    for (const account of entry.accounts)
      expect(await world.store.getAccount(account)).toMatchObject({ spent: cost, holds: new Map() });
  });

  test.each([
    [
      '/v1/images/generations',
      { model: 'gpt-image-2', prompt: 'A hedgehog', quality: 'low', size: '1024x1024' },
    ],
    [
      '/v1/images/edits',
      {
        model: 'gpt-image-2',
        prompt: 'Greener',
        quality: 'low',
        size: '1024x1024',
        images: [{ image_url: 'https://example.com/a.png' }],
      },
    ],
  ])('of %s is billed by the tokens of its images, at half their price', async (url, request) => {
    const { client, project } = await world.caller();
    const { id } = await createBatch(client, [request, { ...request, prompt: 'Another one' }], url);
    const { held } = await deferred(project);
    world.pass(1);
    const final = await client.batches.retrieve(id);
    expect(final.request_counts).toMatchObject({ completed: 2, failed: 0 });
    const entry = await closed(project);
    expect(entry.outcome).toMatchObject({ state: 'settled', flags: [], serviceTier: 'batch' });
    const { input = 0, image_input = 0, image_output = 0 } = entry.outcome?.tally ?? {};
    expect(image_output).toBe(2 * 196);
    // In USD for a million: text 2.5, images 4 in and 15 out.
    const cost =
      BigInt(input) * 2_500_000n + BigInt(image_input) * 4_000_000n + BigInt(image_output) * 15_000_000n;
    expect(entry.outcome?.cost).toBe(cost);
    expect(held).toBeGreaterThanOrEqual(cost);
    const lines = await (await client.files.content(final.output_file_id ?? '')).text();
    expect(lines).toContain('b64_json');
  });

  test.each([
    [{}, 'none'],
    [{ model: 'omni-moderation-latest' }, 'omni-moderation'],
  ])(
    'of moderations costs nothing, needs no limit nor leave for a model, and is its project’s: %j',
    async (named, family) => {
      const project = await world.project(undefined, { models: ['gpt-5'] });
      const client = sdk(inProcess(world), project);
      const url = '/v1/moderations';
      const { id } = await createBatch(client, [{ input: 'You idiot' }, { input: 'Hello', ...named }], url);
      expect(await creation(project)).toMatchObject({ held: 0n, model: family });
      world.pass(1);
      const final = await client.batches.retrieve(id);
      const lines = await (await client.files.content(final.output_file_id ?? '')).text();
      expect(lines).toContain('"flagged":true');
      const entry = await closed(project);
      expect(entry.outcome).toMatchObject({ state: 'settled', cost: 0n, flags: [] });
      const { client: other } = await world.caller();
      await expect(other.batches.retrieve(id)).rejects.toMatchObject({ status: 404 });
      await expect(other.files.content(String(final.output_file_id))).rejects.toMatchObject({ status: 404 });
    },
  );

  test.each([
    ['a chat in the place of a moderation', '/v1/moderations', question(1), /input|messages/],
    [
      'a moderation by a model that is billed',
      '/v1/moderations',
      { model: 'gpt-5', input: 'x' },
      /moderation model/,
    ],
    [
      'an SVG, which another model writes',
      '/v1/images/generations',
      { model: 'gpt-image-2.6-sunburst', prompt: 'x', output_format: 'svg', svg: { model: 'gpt-5' } },
      /SVG/,
    ],
    [
      'a stream of images',
      '/v1/images/generations',
      { model: 'gpt-image-2', prompt: 'x', stream: true },
      /stream/,
    ],
  ])('is refused for %s', async (_, url, request, message) => {
    const { client, project } = await world.caller();
    await expect(createBatch(client, [request], url)).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(message),
    });
    expect(await world.found(project, 'batches.create')).toEqual([]);
  });

  test('is settled once, whoever looks, and looking is free', async () => {
    const { client, project } = await world.caller();
    const { id } = await createBatch(client, questions(3));
    await deferred(project);
    world.pass(1);
    const [final] = await Promise.all([
      client.batches.retrieve(id),
      client.batches.retrieve(id),
      world.sweep(2 * MINUTE),
      world.sweep(2 * MINUTE),
    ]);
    const entry = await closed(project);
    const { cost } = await costOf(client, final);
    expect(entry.outcome).toMatchObject({ cost, flags: [] });
    await client.batches.retrieve(id);
    await world.sweep(20 * MINUTE);
    for (const account of entry.accounts) expect((await world.store.getAccount(account))?.spent).toBe(cost);
    for (const call of await world.entries(project))
      if (call.endpoint !== 'batches.create') expect(call.outcome?.cost).toBe(0n);
  });

  test('that nobody looks at is settled by the sweep, which gives its files to its project', async () => {
    const { client, project } = await world.caller();
    const { id } = await createBatch(client, questions(3));
    await deferred(project);
    await world.sweep(2 * MINUTE);
    expect((await creation(project)).state).toBe('open');
    world.pass(1);
    await world.sweep(20 * MINUTE);
    expect(await creation(project)).toMatchObject({ state: 'closed', outcome: { flags: [] } });
    const files = [];
    for await (const file of client.files.list()) files.push(file.purpose);
    expect(files.sort()).toEqual(['batch', 'batch_output']);
    const { client: other } = await world.caller();
    const final = await client.batches.retrieve(id);
    await expect(other.files.content(String(final.output_file_id))).rejects.toMatchObject({ status: 404 });
    await expect(other.batches.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });

  test('tells of its files in a list, where they can be read at once', async () => {
    const { client } = await world.caller();
    await createBatch(client, questions(2));
    world.pass(1);
    const [listed] = (await client.batches.list()).data;
    if (listed === undefined) throw new Error('it is not listed');
    expect((await costOf(client, listed)).cost).toBeGreaterThan(0n);
  });

  test('for a model without a price is refused, and counted by that model', async () => {
    const { client } = await world.caller();
    const created = createBatch(client, [{ ...question(1), model: 'gpt-9' }]);
    await expect(created).rejects.toMatchObject({ status: 400, code: 'invalid_batch' });
    await world.idle();
    const alarms = world.logs.filter((line) => line.includes('"model_unpriced"'));
    expect(alarms.map((line) => JSON.parse(line).model)).toEqual(['gpt-9']);
  });

  test('that is cancelled costs what was run', async () => {
    const { client, project } = await world.caller();
    const { id } = await createBatch(client, questions(10));
    await deferred(project);
    world.pass(0.5);
    expect((await client.batches.cancel(id)).status).toBe('cancelling');
    world.pass(0.2);
    const final = await client.batches.retrieve(id);
    expect(final).toMatchObject({ status: 'cancelled', request_counts: { completed: 5, failed: 5 } });
    const entry = await closed(project);
    expect(entry.outcome).toMatchObject({ cost: (await costOf(client, final)).cost, flags: [] });
  });

  test('that has ended, and names no file of its answers yet, is asked for again by callers and the sweep', async () => {
    const { client, project } = await world.caller();
    const { id } = await createBatch(client, questions(3));
    await deferred(project);
    world.pass(1);
    world.simulator.faults.hideFiles(true);
    const early = await client.batches.retrieve(id);
    expect(early).toMatchObject({
      status: 'completed',
      output_file_id: null,
      request_counts: { completed: 3 },
    });
    await world.idle();
    expect((await creation(project)).state).toBe('open');
    await world.sweep(20 * MINUTE);
    expect((await creation(project)).state).toBe('open');
    world.simulator.faults.hideFiles(false);
    const final = await client.batches.retrieve(id);
    const entry = await closed(project);
    expect(entry.outcome).toMatchObject({ cost: (await costOf(client, final)).cost, flags: [] });
  });

  test('costs nothing for a request that is turned down in an answer of status 200', async () => {
    const { client, project } = await world.caller();
    const { id } = await createBatch(client, questions(2));
    await deferred(project);
    world.simulator.faults.refuse({ code: 'rate_limit_exceeded' });
    world.pass(1);
    const final = await client.batches.retrieve(id);
    expect(final.request_counts).toMatchObject({ completed: 2, failed: 0 });
    const entry = await closed(project);
    const text = await (await client.files.content(final.output_file_id ?? '')).text();
    const [refused, answered] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).response.body);
    expect(refused.error.code).toBe('rate_limit_exceeded');
    const { prompt_tokens: input, completion_tokens: output } = answered.usage;
    const cost = BigInt(input) * 625_000n + BigInt(output) * 5_000_000n;
    expect(entry.outcome).toMatchObject({ cost, flags: [] });
  });

  test('of requests that fail costs nothing for those', async () => {
    const { client, project } = await world.caller();
    const wrong = { ...question(0), temperature: 99 };
    const { id } = await createBatch(client, [wrong, question(1)]);
    await deferred(project);
    world.pass(1);
    const final = await client.batches.retrieve(id);
    expect(final.request_counts).toMatchObject({ completed: 1, failed: 1 });
    const entry = await closed(project);
    expect(entry.outcome).toMatchObject({ cost: (await costOf(client, final)).cost, flags: [] });
  });

  test.each([
    ['/v1/responses', { model: 'gpt-4o', input: 'Hello.', max_output_tokens: 50 }],
    ['/v1/embeddings', { model: 'text-embedding-3-small', input: 'Hello.' }],
    ['/v1/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'Hello.', max_tokens: 20 }],
  ])('of %s is settled as well', async (url, body) => {
    const { client, project } = await world.caller();
    const { id } = await createBatch(client, [body, body], url);
    await deferred(project);
    world.pass(1);
    expect((await client.batches.retrieve(id)).status).toBe('completed');
    const entry = await closed(project);
    expect(entry.outcome?.cost).toBeGreaterThan(0n);
    expect(entry.outcome?.cost).toBeLessThanOrEqual(entry.held);
    expect(entry.outcome?.flags.filter((flag) => flag !== 'unpriced_tier')).toEqual([]);
  });

  test('needs a file of its own project', async () => {
    const { client } = await world.caller();
    const { client: other, project } = await world.caller();
    const input_file_id = await uploadRequests(client, questions(1), CHAT);
    const batch = { input_file_id, endpoint: CHAT, completion_window: '24h' } as const;
    await expect(other.batches.create(batch)).rejects.toMatchObject({ status: 404, code: 'not_found' });
    expect(await world.found(project, 'batches.create')).toEqual([]);
  });

  test('that its limit does not afford is refused, and nothing of it is held', async () => {
    const { client, project } = await world.caller('0.001');
    await expect(createBatch(client, questions(10))).rejects.toMatchObject({
      status: 429,
      code: 'insufficient_quota',
      message: expect.stringContaining('name a lower maximum in each line'),
    });
    for (const entry of await world.found(project, 'batches.create'))
      expect(entry.outcome).toMatchObject({ state: 'void', cost: 0n });
  });

  test('is held at all that its model can put out, where a line names no maximum', async () => {
    const { client, project } = await world.caller();
    const { max_completion_tokens: _, ...unbounded } = question(0);
    await createBatch(client, [unbounded]);
    const { held } = await deferred(project);
    expect(held).toBeGreaterThanOrEqual(128_000n * 5_000_000n);
    expect(formatUsd(held)).toMatch(/^0\.64/);
  });

  test('is for the models that its project may use', async () => {
    const project = await world.project('50', { models: ['gpt-4o'] });
    const { client } = await world.caller();
    const restricted = client.withOptions({ defaultHeaders: { 'openai-proxy-project': project } });
    await expect(createBatch(restricted, questions(1))).rejects.toMatchObject({
      status: 403,
      code: 'model_not_allowed',
    });
  });

  test.each([['names a file of another project in a line', { file: 'file-of-somebody-else' }]])(
    'that %s is refused',
    async (_, { file }) => {
      const { client } = await world.caller();
      const content = [{ type: 'input_file', file_id: file }];
      const body = { model: 'gpt-4o', input: [{ role: 'user', content }], max_output_tokens: 10 };
      await expect(createBatch(client, [body], '/v1/responses')).rejects.toMatchObject({ status: 404 });
    },
  );

  test('whose file is no batch is refused with its line', async () => {
    const { client } = await world.caller();
    const input_file_id = await uploadText(client, '{"custom_id": "a"}\n');
    const batch = { input_file_id, endpoint: CHAT, completion_window: '24h' } as const;
    await expect(client.batches.create(batch)).rejects.toMatchObject({
      status: 400,
      code: 'invalid_batch',
      message: expect.stringContaining('Line 1'),
    });
  });
});
