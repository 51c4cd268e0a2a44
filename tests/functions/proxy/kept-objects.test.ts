import type OpenAI from 'openai';
import { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SimulatedStage, startSimulatedStage } from '../../support/simulated-stage.ts';
import { inProcess } from '../../support/targets.ts';
import { sdk, type World } from '../../support/world.ts';

/** Two projects of one stage, whose one OpenAI account keeps the things of both. */
let stage: SimulatedStage;
let world: World;
let mine: OpenAI;
let theirs: OpenAI;
beforeAll(async () => {
  stage = await startSimulatedStage();
  world = stage.world;
  mine = sdk(inProcess(world), await world.project('5'));
  theirs = sdk(inProcess(world), await world.project('5'));
});
afterAll(() => stage.close());

const notFound = { status: 404, code: 'not_found' };

describe('what OpenAI keeps, through the SDK', () => {
  it('is a conversation that goes on over responses, in its own project alone', async () => {
    const conversation = await mine.conversations.create({ metadata: { topic: 'tolls' } });
    const ask = { model: 'gpt-4o-mini', conversation: conversation.id, max_output_tokens: 64 } as const;
    const first = await mine.responses.create({ ...ask, input: 'What is a toll?' });
    const second = await mine.responses.create({ ...ask, input: 'Who takes it?' });
    expect(second.usage?.input_tokens).toBeGreaterThan(first.usage?.input_tokens ?? 0);
    const items = await mine.conversations.items.list(conversation.id, { order: 'asc' });
    expect(items.data.map((item) => item.type)).toEqual(['message', 'message', 'message', 'message']);
    const added = await mine.conversations.items.create(conversation.id, {
      items: [{ type: 'message', role: 'user', content: 'And why?' }],
    });
    const [item] = added.data;
    expect(
      await mine.conversations.items.retrieve(item?.id ?? '', { conversation_id: conversation.id }),
    ).toEqual(item);
    await expect(theirs.conversations.retrieve(conversation.id)).rejects.toMatchObject(notFound);
    await expect(theirs.conversations.items.list(conversation.id)).rejects.toMatchObject(notFound);
    await expect(theirs.responses.create({ ...ask, input: 'Tell me!' })).rejects.toMatchObject(notFound);
    await expect(
      theirs.responses.create({
        model: 'gpt-4o-mini',
        input: [{ type: 'item_reference', id: item?.id ?? '' }],
        max_output_tokens: 64,
      }),
    ).rejects.toMatchObject(notFound);
    expect(await mine.conversations.delete(conversation.id)).toMatchObject({ deleted: true });
    await expect(mine.conversations.retrieve(conversation.id)).rejects.toMatchObject(notFound);
  });

  it('is a file that came in parts', async () => {
    const text = `${'a,b\n'.repeat(100)}`;
    const upload = await mine.uploads.create({
      filename: 'data.csv',
      bytes: text.length,
      mime_type: 'text/csv',
      purpose: 'user_data',
    });
    const half = text.length / 2;
    const parts: string[] = [];
    for (const piece of [text.slice(0, half), text.slice(half)]) {
      const part = await mine.uploads.parts.create(upload.id, { data: await toFile(Buffer.from(piece)) });
      parts.push(part.id);
    }
    await expect(theirs.uploads.complete(upload.id, { part_ids: parts })).rejects.toMatchObject(notFound);
    const { file } = await mine.uploads.complete(upload.id, { part_ids: parts });
    const content = await mine.files.content(file?.id ?? '');
    expect(await content.text()).toBe(text);
    await expect(theirs.files.content(file?.id ?? '')).rejects.toMatchObject(notFound);
    expect((await theirs.files.list()).data).toEqual([]);
    expect((await mine.files.list()).data.map(({ id }) => id)).toEqual([file?.id]);
  });

  it('is a chat completion that asked to be stored, with its messages', async () => {
    const messages = [{ role: 'user' as const, content: 'What is a toll?' }];
    const ask = { model: 'gpt-4o-mini', messages, max_tokens: 64 };
    const kept = await mine.chat.completions.create({ ...ask, store: true, metadata: { a: 'b' } });
    await mine.chat.completions.create({ ...ask, metadata: { not: 'kept' } });
    await theirs.chat.completions.create({ ...ask, store: true });
    expect((await mine.chat.completions.list()).data.map(({ id }) => id)).toEqual([kept.id]);
    const said = await mine.chat.completions.messages.list(kept.id);
    expect(said.data).toMatchObject([{ role: 'user', content: 'What is a toll?' }]);
    expect(await mine.chat.completions.update(kept.id, { metadata: { a: 'c' } })).toMatchObject({
      metadata: { a: 'c' },
    });
    await expect(theirs.chat.completions.delete(kept.id)).rejects.toMatchObject(notFound);
    expect(await mine.chat.completions.delete(kept.id)).toMatchObject({ deleted: true });
    expect((await mine.chat.completions.list()).data).toEqual([]);
  });

  it('is listed as OpenAI lists it: by its cursors, orders and filters', async () => {
    const client = sdk(inProcess(world), await world.project('5'));
    const files: string[] = [];
    for (const purpose of ['batch', 'user_data', 'batch', 'user_data'] as const)
      files.push(
        (await client.files.create({ purpose, file: await toFile(Buffer.from('x'), 'x.jsonl') })).id,
      );
    const listed = async (query: OpenAI.FileListParams) => {
      const found: string[] = [];
      for await (const { id } of client.files.list(query)) found.push(id);
      return found.map((id) => files.indexOf(id));
    };
    expect(await listed({})).toEqual([3, 2, 1, 0]);
    expect(await listed({ order: 'asc', limit: 1 })).toEqual([0, 1, 2, 3]);
    expect(await listed({ purpose: 'batch' })).toEqual([2, 0]);
    expect(await listed({ purpose: 'user_data', order: 'asc', limit: 1 })).toEqual([1, 3]);
    expect(await listed({ after: files[2] ?? '' })).toEqual([1, 0]);
    expect(await listed({ purpose: 'vision' })).toEqual([]);
    await client.files.delete(files[1] ?? '');
    expect(await listed({})).toEqual([3, 2, 0]);
  });

  it('is a chat completion that is found by what is noted on it', async () => {
    const client = sdk(inProcess(world), await world.project('5'));
    const ask = { max_tokens: 16, store: true, messages: [{ role: 'user' as const, content: 'Hello.' }] };
    const made: string[] = [];
    for (const [model, topic] of [
      ['gpt-4o-mini', 'tolls'],
      ['gpt-4o', 'tolls'],
      ['gpt-4o-mini', 'bridges'],
    ] as const)
      made.push((await client.chat.completions.create({ ...ask, model, metadata: { topic } })).id);
    const stream = await client.chat.completions.create({
      ...ask,
      model: 'gpt-4o-mini',
      metadata: { topic: 'tolls' },
      stream: true,
    });
    for await (const { id } of stream) if (!made.includes(id)) made.push(id);
    const listed = async (query: OpenAI.Chat.ChatCompletionListParams) => {
      const found: string[] = [];
      for await (const { id } of client.chat.completions.list({ limit: 1, ...query })) found.push(id);
      return found.map((id) => made.indexOf(id));
    };
    expect(await listed({})).toEqual([0, 1, 2, 3]);
    expect(await listed({ metadata: { topic: 'tolls' }, order: 'desc' })).toEqual([3, 1, 0]);
    await client.chat.completions.update(made[1] ?? '', { metadata: { topic: 'bridges' } });
    expect(await listed({ metadata: { topic: 'bridges' } })).toEqual([1, 2]);
    expect(await listed({ metadata: { topic: 'tolls' } })).toEqual([0, 3]);
    const { model } = await client.chat.completions.retrieve(made[1] ?? '');
    expect(await listed({ model })).toEqual([1]);
  });

  it('is a response and what it was asked', async () => {
    const response = await mine.responses.create({
      model: 'gpt-4o-mini',
      input: 'What is a toll?',
      store: true,
    });
    const asked = await mine.responses.inputItems.list(response.id);
    expect(asked.data).toMatchObject([{ type: 'message', role: 'user' }]);
    await expect(theirs.responses.inputItems.list(response.id)).rejects.toMatchObject(notFound);
    await mine.responses.delete(response.id);
    await expect(mine.responses.retrieve(response.id)).rejects.toMatchObject(notFound);
  });
});
