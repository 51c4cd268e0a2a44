import type { ChatCompletionChunk, ChatCompletionTool } from 'openai/resources/chat/completions';
import { describe, expect, it } from 'vitest';
import { useSimulator } from '../../support/simulated-client.ts';

const { client } = useSimulator();
const messages = [{ role: 'user' as const, content: 'What is a toll?' }];
const weather: ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, unit: { enum: ['celsius', 'fahrenheit'] } },
      required: ['city', 'unit'],
    },
  },
};

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

describe('a simulated chat', () => {
  it('says that it is simulated, as the dated snapshot, with every usage detail', async () => {
    const answer = await client().chat.completions.create({ model: 'gpt-4o-mini', messages });
    expect(answer.model).toBe('gpt-4o-mini-2024-07-18');
    expect(answer.choices[0]?.message.content).toMatch(/simulator/);
    expect(answer.choices[0]?.message.content).not.toContain('toll?');
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.usage).toMatchObject({
      prompt_tokens: expect.any(Number),
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    });
    expect(answer.usage?.total_tokens).toBe(
      (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0),
    );
  });

  it('answers the same question the same way, and another one another way', async () => {
    const ask = async (content: string) => {
      const answer = await client().chat.completions.create({
        model: 'gpt-4o',
        messages: [{ role: 'user', content }],
      });
      return { text: answer.choices[0]?.message.content, usage: answer.usage, id: answer.id };
    };
    const [first, again, other] = [await ask('a'), await ask('a'), await ask('b')];
    expect(again.text).toBe(first.text);
    expect(again.usage).toEqual(first.usage);
    expect(again.id).not.toBe(first.id);
    expect(other.text).not.toBe(first.text);
  });

  it('streams what it would have answered at once, and one token in each chunk', async () => {
    const whole = await client().chat.completions.create({ model: 'gpt-4o', messages });
    const stream = await client().chat.completions.create({ model: 'gpt-4o', messages, stream: true });
    const chunks = await collect(stream);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.length - 2).toBe(whole.usage?.completion_tokens);
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true);
  });

  it('sends usage in a last chunk without choices, and null before, only when asked', async () => {
    const stream = await client().chat.completions.create({
      model: 'gpt-4o',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collect<ChatCompletionChunk>(stream);
    const last = chunks.pop();
    expect(last?.choices).toEqual([]);
    expect(last?.usage?.completion_tokens).toBe(chunks.length - 2);
    expect(chunks.every((chunk) => chunk.usage === null)).toBe(true);
  });

  it("satisfies the SDK's stream helper", async () => {
    const stream = client().chat.completions.stream({ model: 'gpt-4o', messages, n: 2, logprobs: true });
    const final = await stream.finalChatCompletion();
    expect(final.choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(final.choices[0]?.message.content).not.toBe(final.choices[1]?.message.content);
    const tokens = final.choices[0]?.logprobs?.content?.map(({ token }) => token).join('');
    expect(tokens).toBe(final.choices[0]?.message.content);
  });

  it('calls a tool with arguments of its schema, at once and in a stream', async () => {
    const body = { model: 'gpt-4o', messages, tools: [weather] };
    const whole = await client().chat.completions.create(body);
    const streamed = await client().chat.completions.stream(body).finalChatCompletion();
    for (const { choices } of [whole, streamed]) {
      expect(choices[0]?.finish_reason).toBe('tool_calls');
      const call = choices[0]?.message.tool_calls?.[0];
      expect(call?.type === 'function' ? call.function : undefined).toMatchObject({
        name: 'get_weather',
        arguments: '{"city":"simulated","unit":"celsius"}',
      });
    }
  });

  it("ends the SDK's tool loop with an answer in words", async () => {
    const cities: string[] = [];
    const runner = client().chat.completions.runTools({
      model: 'gpt-4o',
      messages,
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'The weather in a city',
            parameters: { type: 'object', properties: { city: { type: 'string' } } },
            parse: (text: string): { city: string } => JSON.parse(text),
            function: ({ city }: { city: string }) => {
              cities.push(city);
              return 'sunny';
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toMatch(/simulator/);
    expect(cities).toEqual(['simulated']);
  });

  it('answers in JSON that fits the schema', async () => {
    const schema = {
      type: 'object',
      properties: { steps: { type: 'array', items: { $ref: '#/$defs/step' } }, ok: { type: 'boolean' } },
      $defs: { step: { type: 'object', properties: { title: { type: 'string' } } } },
    };
    const answer = await client().chat.completions.create({
      model: 'gpt-4o',
      messages,
      response_format: { type: 'json_schema', json_schema: { name: 'plan', schema } },
    });
    const content = JSON.parse(answer.choices[0]?.message.content ?? '');
    expect(content).toEqual({ steps: [{ title: 'simulated' }], ok: true });
  });

  it('stops at the maximum, over all choices together', async () => {
    const body = { model: 'gpt-4o', messages, max_completion_tokens: 5, n: 3 };
    const answer = await client().chat.completions.create(body);
    expect(answer.usage?.completion_tokens).toBe(15);
    expect(answer.choices.map(({ finish_reason }) => finish_reason)).toEqual(['length', 'length', 'length']);
  });

  it('counts reasoning before the answer, and within the maximum', async () => {
    const thought = await client().chat.completions.create({ model: 'gpt-5', messages });
    const details = thought.usage?.completion_tokens_details;
    expect(details?.reasoning_tokens).toBeGreaterThan(0);
    const cut = await client().chat.completions.create({
      model: 'gpt-5',
      messages,
      max_completion_tokens: 4,
    });
    expect(cut.choices[0]?.message.content).toBe('');
    expect(cut.choices[0]?.finish_reason).toBe('length');
    expect(cut.usage?.completion_tokens).toBe(4);
  });

  it('accepts a part of a prediction and bills the rest', async () => {
    const prediction = { type: 'content' as const, content: 'one two three four five six seven eight' };
    const { usage } = await client().chat.completions.create({ model: 'gpt-4o', messages, prediction });
    expect(usage?.completion_tokens_details).toMatchObject({
      accepted_prediction_tokens: 6,
      rejected_prediction_tokens: 2,
    });
  });

  it('finds a long beginning cached the second time', async () => {
    const ask = (end: string) =>
      client().chat.completions.create({
        model: 'gpt-4.1',
        messages: [{ role: 'user', content: `${'long '.repeat(2_000)}${end}` }],
      });
    const first = await ask('one');
    const second = await ask('two');
    expect(first.usage?.prompt_tokens_details?.cached_tokens).toBe(0);
    const cached = second.usage?.prompt_tokens_details?.cached_tokens ?? 0;
    expect(cached).toBeGreaterThanOrEqual(1_024);
    expect(cached % 128).toBe(0);
    expect(cached).toBeLessThanOrEqual(second.usage?.prompt_tokens ?? 0);
  });

  it.each([
    ['gpt-6-sol', 'fast', 'fast'],
    ['gpt-5.6-sol', 'fast', 'priority'],
    ['gpt-5', 'flex', 'flex'],
    ['gpt-5', 'auto', 'default'],
    ['gpt-5-pro', 'priority', 'default'],
  ] as const)('serves %s, asked for %s, as %s', async (model, service_tier, served) => {
    const answer = await client().chat.completions.create({ model, messages, service_tier });
    expect(answer.service_tier).toBe(served);
  });

  it('speaks where it is asked to', async () => {
    const answer = await client().chat.completions.create({
      model: 'gpt-audio',
      messages,
      modalities: ['text', 'audio'],
      audio: { voice: 'alloy', format: 'wav' },
    });
    const { audio } = answer.choices[0]?.message ?? {};
    expect(audio?.transcript).toMatch(/simulator/);
    expect(Buffer.from(audio?.data ?? '', 'base64').toString('latin1', 0, 4)).toBe('RIFF');
    expect(answer.usage?.completion_tokens_details?.audio_tokens).toBe(answer.usage?.completion_tokens);
  });

  it('remembers what it said by its id, and counts it as what it hears', async () => {
    const spoken = { model: 'gpt-audio', modalities: ['text' as const, 'audio' as const] };
    const ask = { ...spoken, audio: { voice: 'alloy', format: 'wav' as const } };
    const first = await client().chat.completions.create({ ...ask, messages });
    const { audio } = first.choices[0]?.message ?? {};
    const next = (id: string) =>
      client().chat.completions.create({
        ...ask,
        messages: [...messages, { role: 'assistant', audio: { id } }, { role: 'user', content: 'Go on.' }],
      });
    const second = await next(audio?.id ?? '');
    expect(second.usage?.prompt_tokens_details?.audio_tokens).toBe(first.usage?.completion_tokens);
    await expect(next('audio_unknown')).rejects.toMatchObject({
      status: 404,
      param: 'messages[1].audio.id',
    });
  });
});
