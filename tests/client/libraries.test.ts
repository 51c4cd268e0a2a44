import { createOpenAI } from '@ai-sdk/openai';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { generateText, streamText } from 'ai';
import { describe, expect, it } from 'vitest';
import { createAdmin } from '../../client/src/admin.ts';
import { createFetch } from '../../client/src/fetch.ts';
import { useClientStack } from '../support/client-stack.ts';

const { connection } = useClientStack();
const signed = () => createFetch({ ...connection(), project: 'demo', caching: false });

async function booked(): Promise<number> {
  const { calls } = await createAdmin(connection()).run({ command: 'calls', project: 'demo', limit: 1000 });
  return Array.isArray(calls) ? calls.length : 0;
}

describe('LangChain.js', () => {
  const model = () =>
    new ChatOpenAI({ model: 'gpt-4o-mini', apiKey: 'none', configuration: { fetch: signed() } });

  it('asks, and streams', async () => {
    const before = await booked();
    const answer = await model().invoke('Why is the sea salt?');
    expect(answer.text).toMatch(/\w/);
    expect(answer.usage_metadata).toMatchObject({ output_tokens: expect.any(Number) });
    const pieces: string[] = [];
    for await (const chunk of await model().stream('Count to ten')) pieces.push(chunk.text);
    expect(pieces.filter(Boolean).length).toBeGreaterThan(1);
    await expect.poll(booked).toBe(before + 2);
  });

  it('embeds', async () => {
    const embeddings = new OpenAIEmbeddings({
      model: 'text-embedding-3-small',
      apiKey: 'none',
      configuration: { fetch: signed() },
    });
    const vectors = await embeddings.embedDocuments(['a toll', 'a gate']);
    expect(vectors.map((vector) => vector.length)).toEqual([1536, 1536]);
  });

  it('raises what the proxy refuses, after one attempt', async () => {
    const poor = createFetch({ ...connection(), project: 'nobody-has-this' });
    let attempts = 0;
    const counting: typeof poor = (input, init) => {
      attempts += 1;
      return poor(input, init);
    };
    const refused = new ChatOpenAI({
      model: 'gpt-4o-mini',
      apiKey: 'none',
      configuration: { fetch: counting },
    });
    await expect(refused.invoke('hello')).rejects.toMatchObject({ status: 403 });
    expect(attempts).toBe(1);
  });
});

describe('the Vercel AI SDK', () => {
  const openai = () => createOpenAI({ apiKey: 'none', fetch: signed() });

  it.each(['chat', 'responses'] as const)('asks, and streams, over %s', async (api) => {
    const before = await booked();
    const model = openai()[api]('gpt-4o-mini');
    const { text, usage } = await generateText({ model, prompt: 'Why is the sea salt?' });
    expect(text).toMatch(/\w/);
    expect(usage.outputTokens).toBeGreaterThan(0);
    const pieces: string[] = [];
    for await (const piece of streamText({ model, prompt: 'Count to ten' }).textStream) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(1);
    await expect.poll(booked).toBe(before + 2);
  });
});
