import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../../local/simulator/server.ts';

let simulator: Simulator;
let client: OpenAI;
beforeAll(async () => {
  simulator = await startSimulator({ port: 0, chunkDelayMs: 0 });
  client = new OpenAI({ baseURL: simulator.url, apiKey: 'sk-test', maxRetries: 0 });
});
afterAll(() => simulator.close());

const ask = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Hello.' }] };
const QUOTA = { code: 'insufficient_quota', type: 'insufficient_quota' };

/** All that a stream gives, and the error that ends it. */
async function readAll<T>(stream: Promise<AsyncIterable<T>>) {
  const read: T[] = [];
  try {
    for await (const each of await stream) read.push(each);
    return { read, error: undefined };
  } catch (error) {
    return { read, error };
  }
}

describe('the simulated account, where a test lets it turn a request down', () => {
  it('puts an error in the place of a chunk, and answers the next request again', async () => {
    simulator.faults.refuse({ ...QUOTA, after: 2 });
    const { read, error } = await readAll(client.chat.completions.create({ ...ask, stream: true }));
    expect(read).toHaveLength(2);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ code: 'insufficient_quota', status: undefined });
    expect((await client.chat.completions.create(ask)).choices).toHaveLength(1);
  });

  it.each([
    ['chat completions', () => client.chat.completions.create(ask)],
    ['embeddings', () => client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hello.' })],
    ['speech', () => client.audio.speech.create({ model: 'tts-1', input: 'Hello.', voice: 'ash' })],
  ])('puts it in the place of an answer of status 200: %s', async (_name, create) => {
    simulator.faults.refuse(QUOTA);
    const answer = await create();
    const body = answer instanceof Response ? await answer.json() : answer;
    expect(body).toMatchObject({ error: { code: 'insufficient_quota' } });
  });

  it('tells a response’s failure twice in its stream, and keeps it as failed, without a usage', async () => {
    simulator.faults.refuse({ code: 'rate_limit_exceeded' });
    const response = await fetch(`${simulator.url}/responses`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o', input: 'Hello.', stream: true }),
    });
    const events = [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(([, data]) =>
      JSON.parse(data ?? ''),
    );
    expect(events.map(({ type, sequence_number }) => [sequence_number, type])).toEqual([
      [0, 'response.created'],
      [1, 'response.in_progress'],
      [2, 'error'],
      [3, 'response.failed'],
    ]);
    const failed = { status: 'failed', usage: null, output: [], error: { code: 'rate_limit_exceeded' } };
    expect(events[3].response).toMatchObject(failed);
    expect(await client.responses.retrieve(events[0].response.id)).toMatchObject(failed);
  });

  it('refuses what is wrong with it all the same', async () => {
    simulator.faults.refuse(QUOTA);
    await expect(client.chat.completions.create({ ...ask, temperature: 99 })).rejects.toMatchObject({
      status: 400,
    });
  });
});

describe('the simulated account, where a test lets it cut an answer', () => {
  it('cuts a stream after so many events, and a whole answer in its midst', async () => {
    simulator.faults.cut(3);
    const stream = await readAll(client.chat.completions.create({ ...ask, stream: true }));
    expect(stream.read).toHaveLength(3);
    expect(String(stream.error)).toMatch(/terminated|aborted|Connection/i);
    simulator.faults.cut(0);
    await expect(client.chat.completions.create(ask)).rejects.toThrow(/terminated|aborted|JSON|Connection/i);
  });

  it('keeps what it stores', async () => {
    simulator.faults.cut(1);
    const { read } = await readAll(client.responses.create({ model: 'gpt-4o', input: 'Hi.', stream: true }));
    const [created] = read;
    if (created?.type !== 'response.created') throw new Error('it was cut before it was created');
    const kept = await client.responses.retrieve(created.response.id);
    expect(kept).toMatchObject({ status: 'completed' });
    expect(kept.usage?.output_tokens).toBeGreaterThan(0);
  });
});
