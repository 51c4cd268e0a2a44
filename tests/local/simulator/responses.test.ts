import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import { describe, expect, it } from 'vitest';
import { useSimulator } from '../../support/simulated-client.ts';

const { client } = useSimulator();
const input = 'What is a toll?';

async function collect(stream: AsyncIterable<ResponseStreamEvent>): Promise<ResponseStreamEvent[]> {
  const items: ResponseStreamEvent[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

describe('a simulated response', () => {
  it('says that it is simulated, as the dated snapshot, with every usage detail', async () => {
    const answer = await client().responses.create({ model: 'gpt-4o-mini', input });
    expect(answer.output_text).toMatch(/simulator/);
    expect(answer).toMatchObject({ status: 'completed', model: 'gpt-4o-mini-2024-07-18', error: null });
    expect(answer.usage).toMatchObject({
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    });
    expect(answer.tool_usage?.web_search.num_requests).toBe(0);
  });

  it('streams all events in order, numbered from 0, with usage only at the end', async () => {
    const stream = await client().responses.create({ model: 'gpt-4o', input, stream: true });
    const events = await collect(stream);
    const types = events.map(({ type }) => type).filter((type) => type !== 'response.output_text.delta');
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    const [created, completed] = [events[0], events.at(-1)];
    expect(created?.type === 'response.created' && created.response.usage).toBe(null);
    const deltas = events.filter(({ type }) => type === 'response.output_text.delta');
    expect(completed?.type === 'response.completed' && completed.response.usage?.output_tokens).toBe(
      deltas.length,
    );
  });

  it("satisfies the SDK's stream helper with reasoning, web searches and a citation", async () => {
    const stream = client().responses.stream({
      model: 'gpt-5',
      input,
      reasoning: { summary: 'auto' },
      tools: [{ type: 'web_search' }, { type: 'file_search', vector_store_ids: ['vs_1'] }],
    });
    const final = await stream.finalResponse();
    const searches = final.output.filter(({ type }) => type === 'web_search_call');
    expect(final.output[0]?.type).toBe('reasoning');
    expect(final.tool_usage?.web_search.num_requests).toBe(searches.length);
    expect(searches.length).toBeGreaterThan(0);
    expect(final.output.some(({ type }) => type === 'file_search_call')).toBe(true);
    expect(final.usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
    expect(final.output_text).toMatch(/simulator/);
  });

  it('makes no more hosted calls than it may', async () => {
    const answer = await client().responses.create({
      model: 'gpt-4o',
      input,
      max_tool_calls: 1,
      tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }, { type: 'web_search' }],
    });
    expect(answer.output.map(({ type }) => type)).toEqual(['file_search_call', 'message']);
  });

  it("calls the caller's function, and answers in words once that was answered", async () => {
    const tools = [
      {
        type: 'function' as const,
        name: 'add',
        strict: true,
        parameters: { type: 'object', properties: { a: { type: 'integer' } } },
      },
    ];
    const body = { model: 'gpt-4o', input, tools };
    const streamed = await client().responses.stream(body).finalResponse();
    const whole = await client().responses.create(body);
    const call = whole.output[0];
    expect(streamed.output[0]).toMatchObject({ type: 'function_call', name: 'add', arguments: '{"a":1}' });
    expect(call).toMatchObject({ type: 'function_call', name: 'add', arguments: '{"a":1}' });
    const call_id = call?.type === 'function_call' ? call.call_id : '';
    const next = await client().responses.create({
      model: 'gpt-4o',
      tools,
      previous_response_id: whole.id,
      input: [{ type: 'function_call_output', call_id, output: '2' }],
    });
    expect(next.output_text).toMatch(/simulator/);
    expect(next.usage?.input_tokens).toBeGreaterThan(whole.usage?.input_tokens ?? Number.POSITIVE_INFINITY);
  });

  it('is incomplete when its maximum is reached', async () => {
    const body = { model: 'gpt-4o', input, max_output_tokens: 16 };
    const answer = await client().responses.create(body);
    expect(answer).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      usage: { output_tokens: 16 },
    });
    const events = await collect(await client().responses.create({ ...body, stream: true }));
    expect(events.at(-1)?.type).toBe('response.incomplete');
  });

  it('parses structured output', async () => {
    const schema = { type: 'object', properties: { answer: { type: 'number', minimum: 42 } } };
    const answer = await client().responses.parse({
      model: 'gpt-4o',
      input,
      text: { format: { type: 'json_schema', name: 'answer', schema } },
    });
    expect(JSON.parse(answer.output_text)).toEqual({ answer: 42 });
  });

  it('is kept until it is deleted, unless it must not be stored', async () => {
    const kept = await client().responses.create({ model: 'gpt-4o', input });
    const { _request_id: _, ...same } = await client().responses.retrieve(kept.id);
    expect(same).toMatchObject({ id: kept.id, output: kept.output, usage: kept.usage });
    await client().responses.delete(kept.id);
    await expect(client().responses.retrieve(kept.id)).rejects.toMatchObject({ status: 404 });
    const gone = await client().responses.create({ model: 'gpt-4o', input, store: false });
    await expect(client().responses.retrieve(gone.id)).rejects.toMatchObject({ status: 404 });
    const next = { model: 'gpt-4o', input, previous_response_id: gone.id };
    await expect(client().responses.create(next)).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
    });
  });

  it('counts an input as it would be billed', async () => {
    const answer = await client().responses.create({ model: 'gpt-4o', input });
    const counted = await client().responses.inputTokens.count({ model: 'gpt-4o', input });
    expect(counted.input_tokens).toBe(answer.usage?.input_tokens);
  });
});
