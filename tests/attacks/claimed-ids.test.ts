import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryObjects } from '../../shared/memory/memory-objects.ts';
import { Unavailable } from '../../shared/ports/ledger-store.ts';
import { json, type Script } from '../support/scripted-upstream.ts';
import { type AttackStage, expectNotFound, refusalOf, startAttackStage } from './support/stage.ts';

/** Things that OpenAI keeps and no project owns: made in its dashboard, say. The attacker knows their ids. */
let stage: AttackStage;
beforeAll(async () => {
  stage = await startAttackStage();
  const { upstream } = stage;
  upstream.on('/conversations', json({ id: 'conv_own', object: 'conversation' }));
  upstream.on('/conversations/conv_own/items', echoed);
  upstream.on('/responses', json(responseOf('resp_own')));
  await stage.attacker.post('/conversations', {});
  await stage.attacker.post('/responses', ask({ input: 'Hello' }));
});
afterAll(() => stage.close());

const ask = (more: object) => ({ model: 'gpt-4o', max_output_tokens: 16, ...more });
const responseOf = (id: string, output: object[] = []) => ({
  id,
  object: 'response',
  status: 'completed',
  model: 'gpt-4o',
  service_tier: 'default',
  output,
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
});
const message = (id: string) => ({ type: 'message', role: 'assistant', id, content: 'Hello.' });
const list = (...data: object[]) => ({ object: 'list', data, has_more: false });

/** Gives back the items that it was sent, under the ids that they were sent with. */
const echoed: Script = (request, response) =>
  json(list(...(request.json()['items'] as object[])))(request, response);

/** Whether the attacker reaches an item by its id alone. */
async function expectUnclaimed(id: string): Promise<void> {
  const refer = ask({ input: [{ type: 'item_reference', id }], store: false });
  await expectNotFound(await stage.attacker.post('/responses', refer));
}

describe('An id that a request named is not its project’s because it comes back', () => {
  it('as an item of a conversation', async () => {
    const { attacker } = stage;
    const sent = await attacker.post('/conversations/conv_own/items', { items: [message('msg_d1')] });
    expect(sent.status).toBe(200);
    await expectUnclaimed('msg_d1');
  });

  it('in a list of the conversation, however long after', async () => {
    const { attacker, upstream } = stage;
    await attacker.post('/conversations/conv_own/items', { items: [message('msg_d2')] });
    upstream.on('/conversations/conv_own/items', json(list(message('msg_d2'), message('msg_made'))));
    expect((await attacker.get('/conversations/conv_own/items')).status).toBe(200);
    upstream.on('/conversations/conv_own/items', echoed);
    await expectUnclaimed('msg_d2');
    const refer = ask({ input: [{ type: 'item_reference', id: 'msg_made' }], store: false });
    expect((await attacker.post('/responses', refer)).status).toBe(200);
  });

  it('in a list of a conversation that began with it', async () => {
    const { attacker, upstream } = stage;
    await attacker.post('/conversations', { items: [message('msg_d3')] });
    upstream.on('/conversations/conv_own/items', json(list(message('msg_d3'))));
    await attacker.get('/conversations/conv_own/items');
    upstream.on('/conversations/conv_own/items', echoed);
    await expectUnclaimed('msg_d3');
  });

  it.each([
    ['a stored response', {}],
    ['a response that goes into a conversation', { conversation: 'conv_own', store: false }],
  ])('in the input items of %s', async (name, more) => {
    const { attacker, upstream } = stage;
    const id = `msg_${name.length}`;
    await attacker.post('/responses', ask({ input: [message(id)], ...more }));
    upstream.on('/responses/resp_own/input_items', json(list(message(id))));
    expect((await attacker.get('/responses/resp_own/input_items')).status).toBe(200);
    await expectUnclaimed(id);
  });

  it('in the input items of a batch’s response', async () => {
    const { attacker, upstream, world } = stage;
    const owner = { project: attacker.project, user: 'user/developer' };
    await world.deps.objects.own([{ ...owner, id: 'file-lines', kind: 'file' }]);
    const request = ask({ input: [message('msg_d4')] });
    const line = { custom_id: 'a', method: 'POST', url: '/v1/responses', body: request };
    upstream.on('/files/file-lines/content', json(JSON.stringify(line)));
    upstream.on('/batches', json({ id: 'batch_1', object: 'batch', status: 'validating' }));
    const batch = { input_file_id: 'file-lines', endpoint: '/v1/responses', completion_window: '24h' };
    expect((await attacker.post('/batches', batch)).status).toBe(200);
    upstream.on('/responses/resp_own/input_items', json(list(message('msg_d4'))));
    await attacker.get('/responses/resp_own/input_items');
    await expectUnclaimed('msg_d4');
  });

  it('in the output of a response', async () => {
    const { attacker, upstream } = stage;
    upstream.on('/responses', json(responseOf('resp_2', [message('msg_d5')])));
    await attacker.post('/responses', ask({ input: [message('msg_d5')] }));
    upstream.on('/responses', json(responseOf('resp_own')));
    await expectUnclaimed('msg_d5');
  });

  it('as the item of a path', async () => {
    const { attacker, upstream } = stage;
    upstream.on('/conversations/conv_own/items/msg_d6', json(message('msg_d6')));
    await attacker.get('/conversations/conv_own/items/msg_d6');
    await expectUnclaimed('msg_d6');
  });

  it('as a file, where an upload is completed', async () => {
    const { attacker, upstream } = stage;
    upstream.on('/uploads', json({ id: 'upload_1', object: 'upload' }));
    await attacker.post('/uploads', {
      filename: 'a',
      bytes: 1,
      mime_type: 'text/plain',
      purpose: 'user_data',
    });
    upstream.on(
      '/uploads/upload_1/complete',
      json({ id: 'upload_1', file: { id: 'file-d7', object: 'file' } }),
    );
    await attacker.post('/uploads/upload_1/complete', { part_ids: ['file-d7'] });
    await expectNotFound(await attacker.get('/files/file-d7'));
  });
});

describe('An id that was sent whole', () => {
  it('passes again in its project, and stays its maker’s who is told of it', async () => {
    const { attacker, victim, upstream } = stage;
    const whole = ask({ input: [message('msg_both')] });
    for (const side of [attacker, attacker, victim])
      expect((await side.post('/responses', whole)).status).toBe(200);
    upstream.on('/responses', json(responseOf('resp_victim', [message('msg_victim')])));
    await victim.post('/responses', ask({ input: 'Hello' }));
    upstream.on('/responses', json(responseOf('resp_own')));
    await expectNotFound(await attacker.post('/responses', ask({ input: [message('msg_victim')] })));
    expect((await victim.post('/responses', ask({ input: [message('msg_victim')] }))).status).toBe(200);
  });
});

describe('An id that cannot be marked as sent', () => {
  it('is not sent, and costs nothing', async () => {
    const objects = createMemoryObjects();
    const broken = await startAttackStage({
      parts: {
        objects: {
          ...objects,
          own: async (owned) => {
            if (owned.some(({ kind }) => kind === 'sent_item')) throw new Unavailable('no table');
            await objects.own(owned);
          },
        },
      },
    });
    const { attacker, world } = broken;
    const refusal = await refusalOf(await attacker.post('/responses', ask({ input: [message('msg_d9')] })));
    expect(refusal).toMatchObject({ status: 503, code: 'ledger_unreachable' });
    expect(broken.forwarded()).toEqual([]);
    const [entry] = await world.entries(attacker.project);
    expect(entry?.outcome).toMatchObject({ state: 'void', cost: 0n });
    broken.upstream.on('/responses', json(responseOf('resp_3')));
    const unstored = ask({ input: [message('msg_d9')], store: false });
    expect((await attacker.post('/responses', unstored)).status).toBe(200);
    await broken.close();
  });
});

describe('A member names one kind', () => {
  it.each([
    [
      'the id of a file is no vector store',
      { tools: [{ type: 'file_search', vector_store_ids: ['file-own'] }] },
    ],
    ['nor a conversation', { conversation: 'file-own' }],
    ['nor a response', { previous_response_id: 'file-own' }],
    ['nor an item', { input: [{ type: 'item_reference', id: 'file-own' }] }],
    ['nor a container', { tools: [{ type: 'shell', environment: { container_id: 'file-own' } }] }],
    [
      'the id of a response is no file',
      { input: [{ content: [{ type: 'input_file', file_id: 'resp_own' }] }] },
    ],
    ['nor an item that is sent whole', { input: [message('resp_own')] }],
  ])('%s', async (_name, more) => {
    const { attacker, world, upstream } = stage;
    await world.deps.objects.own([
      { id: 'file-own', kind: 'file', project: attacker.project, user: 'user/developer' },
    ]);
    upstream.on('/responses/input_tokens', json({ object: 'response.input_tokens', input_tokens: 1 }));
    const body = { model: 'gpt-4o', input: 'Hello', ...more };
    await expectNotFound(await attacker.post('/responses/input_tokens', body));
  });
});
