import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../../local/simulator/server.ts';

const JOB_MS = 1_000;
const CHAT = '/v1/chat/completions';

let now = Date.now();
let simulator: Simulator;
let client: OpenAI;
beforeAll(async () => {
  simulator = await startSimulator({ port: 0, chunkDelayMs: 0, jobMs: JOB_MS, nowMs: () => now });
  client = new OpenAI({ baseURL: simulator.url, apiKey: 'sk-test', maxRetries: 0 });
});
afterAll(() => simulator.close());
const pass = (part: number) => {
  now += part * JOB_MS;
};

describe('a simulated background response', () => {
  const ask = { model: 'gpt-4o', input: 'Hello.', background: true } as const;

  it('is queued, then in progress, then complete with its usage', async () => {
    const { id, status, usage } = await client.responses.create(ask);
    expect([status, usage]).toEqual(['queued', null]);
    const statusNow = async () => (await client.responses.retrieve(id)).status;
    expect(await statusNow()).toBe('queued');
    pass(0.5);
    expect(await statusNow()).toBe('in_progress');
    pass(0.5);
    const final = await client.responses.retrieve(id);
    expect(final.status).toBe('completed');
    expect(final.usage?.output_tokens).toBeGreaterThan(0);
    expect((await client.responses.cancel(id)).status).toBe('completed');
  });

  it('that is cancelled stays so, and tells no usage', async () => {
    const { id } = await client.responses.create(ask);
    expect(await client.responses.cancel(id)).toMatchObject({ status: 'cancelled', usage: null });
    pass(1);
    expect(await client.responses.retrieve(id)).toMatchObject({ status: 'cancelled', usage: null });
    const { id: other } = await client.responses.create({ ...ask, background: false });
    await expect(client.responses.cancel(other)).rejects.toMatchObject({ status: 400 });
  });

  it('can be streamed again from any of its events, and has ended with its stream', async () => {
    const stream = await client.responses.create({ ...ask, stream: true });
    let id = '';
    for await (const event of stream) {
      if (event.type === 'response.created') id = event.response.id;
      if (event.sequence_number === 4) break;
    }
    const numbers = [];
    for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: 4 }))
      numbers.push(event.sequence_number);
    expect(numbers).toEqual(numbers.map((_, index) => index + 5));
    expect((await client.responses.retrieve(id)).status).toBe('completed');
    const { id: other } = await client.responses.create(ask);
    await expect(client.responses.retrieve(other, { stream: true })).rejects.toMatchObject({ status: 400 });
  });
});

describe('a simulated file', () => {
  it('is kept as it came, listed, and deleted', async () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, n) => n % 256);
    const file = await client.files.create({ purpose: 'user_data', file: await toFile(bytes, 'a.bin') });
    expect(file).toMatchObject({ object: 'file', bytes: 300, filename: 'a.bin', purpose: 'user_data' });
    const content = new Uint8Array(await (await client.files.content(file.id)).arrayBuffer());
    expect(content).toEqual(bytes);
    const listed = (await client.files.list({ purpose: 'user_data' })).data.map(({ id }) => id);
    expect(listed).toContain(file.id);
    expect((await client.files.list({ purpose: 'vision' })).data).toEqual([]);
    expect(await client.files.delete(file.id)).toMatchObject({ deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
  });
});

describe('a simulated batch', () => {
  const upload = async (lines: readonly object[]) => {
    const text = lines.map((line) => JSON.stringify(line)).join('\n');
    const file = await toFile(new TextEncoder().encode(text), 'b.jsonl');
    return (await client.files.create({ purpose: 'batch', file })).id;
  };
  const line = (n: number, more: object = {}) => ({
    custom_id: `r-${n}`,
    method: 'POST',
    url: CHAT,
    body: { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi.' }], ...more },
  });
  const create = (input_file_id: string) =>
    client.batches.create({ input_file_id, endpoint: CHAT, completion_window: '24h' });

  it('goes through its states, and answers each line with what the endpoint would', async () => {
    const { id } = await create(await upload([line(1), line(2, { temperature: 99 })]));
    const states = [];
    for (const part of [0.1, 0.3, 0.4, 0.3]) {
      pass(part);
      states.push((await client.batches.retrieve(id)).status);
    }
    expect(states).toEqual(['validating', 'in_progress', 'finalizing', 'completed']);
    const batch = await client.batches.retrieve(id);
    expect(batch.request_counts).toEqual({ total: 2, completed: 1, failed: 1 });
    const answers = await (await client.files.content(String(batch.output_file_id))).text();
    const { custom_id, response } = JSON.parse(answers);
    expect([custom_id, response.status_code, response.body.object]).toEqual(['r-1', 200, 'chat.completion']);
    const errors = await (await client.files.content(String(batch.error_file_id))).text();
    expect(JSON.parse(errors)).toMatchObject({ custom_id: 'r-2', response: { status_code: 400 } });
    expect((await client.batches.list()).data.map((each) => each.id)).toContain(id);
    await expect(client.batches.cancel(id)).rejects.toMatchObject({ status: 409 });
  });

  it('fails before it begins where its file is no good, and names the lines', async () => {
    const { id } = await create(await upload([line(1), line(1)]));
    pass(1);
    const batch = await client.batches.retrieve(id);
    expect(batch).toMatchObject({ status: 'failed', output_file_id: null });
    expect(batch.errors?.data).toMatchObject([{ line: 2 }]);
    await expect(create('file-none')).rejects.toMatchObject({ status: 400 });
  });
});
