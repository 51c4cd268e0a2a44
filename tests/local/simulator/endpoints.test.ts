import { describe, expect, it } from 'vitest';
import { useSimulator } from '../../support/simulated-client.ts';

const { client } = useSimulator();

describe('simulated legacy completions', () => {
  it('stop at 16 tokens unless told otherwise, for each prompt and choice', async () => {
    const answer = await client().completions.create({
      model: 'gpt-3.5-turbo-instruct',
      prompt: ['a', 'b'],
      n: 2,
      best_of: 3,
    });
    expect(answer.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(answer.choices[0]?.finish_reason).toBe('length');
    expect(answer.usage?.completion_tokens).toBe(2 * 3 * 16);
  });

  it('stream the same text, with usage when asked', async () => {
    const body = { model: 'gpt-3.5-turbo-instruct', prompt: 'Hello', max_tokens: 200 };
    const whole = await client().completions.create(body);
    const stream = await client().completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: unknown;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.text ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0]?.text);
    expect(usage).toEqual(whole.usage);
  });
});

describe('simulated embeddings', () => {
  const create = (input: string | string[] | number[] | number[][], more = {}) =>
    client().embeddings.create({ model: 'text-embedding-3-small', input, ...more });

  it('have length one, and are the same for the same text in both encodings', async () => {
    const { data } = await create(['a', 'b', 'a']);
    const [a, b, again] = data.map(({ embedding }) => embedding);
    expect(a).toHaveLength(1536);
    expect(Math.hypot(...(a ?? []))).toBeCloseTo(1, 5);
    expect(again).toEqual(a);
    expect(b).not.toEqual(a);
    const floats = await create('a', { encoding_format: 'float' });
    expect(floats.data[0]?.embedding).toEqual(a);
  });

  it('have as many dimensions as asked for', async () => {
    const { data } = await create('a', { dimensions: 256 });
    expect(data[0]?.embedding).toHaveLength(256);
    await expect(create('a', { dimensions: 5_000 })).rejects.toMatchObject({ status: 400 });
  });

  it('count token arrays by their length', async () => {
    const { usage, data } = await create([[1, 2, 3], [4]]);
    expect(usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
    expect(data).toHaveLength(2);
  });
});

describe('simulated moderations', () => {
  it('flag what is named, and only that', async () => {
    const { results } = await client().moderations.create({
      input: ['a nice day', 'I will kill the lights'],
    });
    expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
    expect(results[1]?.categories.violence).toBe(true);
    expect(results[1]?.categories.hate).toBe(false);
  });
});

describe('simulated models', () => {
  it('are listed, and found one by one', async () => {
    const ids: string[] = [];
    for await (const { id } of client().models.list()) ids.push(id);
    expect(ids).toContain('gpt-4o');
    expect(await client().models.retrieve('gpt-4o')).toMatchObject({ id: 'gpt-4o', object: 'model' });
    await expect(client().models.retrieve('gpt-unheard-of')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});
