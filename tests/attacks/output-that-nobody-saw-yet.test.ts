import type OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeferredWorld, deferredWorld, until, uploadRequests } from '../support/deferred-world.ts';
import { event, json, sse } from '../support/scripted-upstream.ts';
import { expectNotFound, startAttackStage } from './support/stage.ts';

/** What OpenAI makes after the call that asked for it has ended, and shows later. */
let world: DeferredWorld;
let project: string;
let mine: OpenAI;
let theirs: OpenAI;
beforeAll(async () => {
  world = await deferredWorld();
  ({ client: mine, project } = await world.caller('500'));
  ({ client: theirs } = await world.caller('500'));
}, 60_000);
afterAll(() => world.close());

const ASK = { model: 'gpt-4o-mini', max_output_tokens: 32 } as const;
const refer = (client: OpenAI, id: string | undefined) =>
  client.responses.create({ ...ASK, input: [{ type: 'item_reference', id: id ?? '' }], store: false });

/** Their own project can refer to it, and no other. */
async function expectMine(...ids: (string | undefined)[]): Promise<void> {
  expect(ids.length).toBeGreaterThan(0);
  for (const id of ids) {
    await expect(refer(theirs, id)).rejects.toMatchObject({ status: 404, code: 'not_found' });
    expect((await refer(mine, id)).status).toBeDefined();
  }
}

const background = (more: object = {}) =>
  mine.responses.create({ ...ASK, input: 'Rivers', background: true, stream: false, ...more });
const idsIn = (items: readonly { id?: string | null }[]) => items.map(({ id }) => id ?? undefined);

const ITEM = { type: 'message', id: 'msg_x', role: 'assistant', content: [] };

describe('An item is its project’s from when it is first seen', () => {
  it('in a background response that is retrieved', async () => {
    const { id } = await background();
    world.pass(1);
    await expectMine(...idsIn((await mine.responses.retrieve(id)).output));
  });

  it('in a background response that is asked to be cancelled when it has ended', async () => {
    const { id } = await background();
    world.pass(1);
    await expectMine(...idsIn((await mine.responses.cancel(id)).output));
  });

  it.each([
    ['that tells each item', [event({ type: 'response.output_item.done', item: ITEM })]],
    [
      'that tells the end alone',
      [event({ type: 'response.completed', response: { id: 'resp_x', output: [ITEM] } })],
    ],
  ])('in the stream of a background response that is taken up, %s', async (_name, events) => {
    const stage = await startAttackStage();
    const { victim, attacker, upstream } = stage;
    const owner = { project: victim.project, user: 'user/developer' };
    await stage.world.deps.objects.own([{ ...owner, id: 'resp_x', kind: 'response' }]);
    upstream.on('/responses/resp_x', sse(events));
    await (await victim.get('/responses/resp_x?stream=true&starting_after=1')).text();
    await stage.world.entries(victim.project);
    const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
    upstream.on(
      '/responses',
      json({ id: 'resp_y', status: 'completed', model: 'gpt-4o-mini', output: [], usage }),
    );
    const refers = { ...ASK, input: [{ type: 'item_reference', id: ITEM.id }], store: false };
    await until(
      async () => (await stage.world.deps.objects.owners([ITEM.id])).size,
      (size) => size === 1,
    );
    expect((await victim.post('/responses', refers)).status).toBe(200);
    await expectNotFound(await attacker.post('/responses', refers));
    await stage.close();
  });

  it('among the input items of a response', async () => {
    const { id } = await mine.responses.create({ ...ASK, input: 'What is a toll?' });
    await expectMine(...idsIn((await mine.responses.inputItems.list(id)).data));
  });

  it('in a conversation, whoever of it asked', async () => {
    const { id } = await mine.conversations.create({ items: [{ role: 'user', content: 'Hello' }] });
    await mine.responses.create({ ...ASK, conversation: id, input: 'And then?' });
    const { data } = await mine.conversations.items.list(id);
    expect(data).toHaveLength(3);
    await expectMine(...idsIn(data));
  });

  it('in the output of a batch, with its response', async () => {
    const input_file_id = await uploadRequests(
      mine,
      ['One', 'Two'].map((input) => ({ ...ASK, input })),
      '/v1/responses',
    );
    const batch = await mine.batches.create({
      input_file_id,
      endpoint: '/v1/responses',
      completion_window: '24h',
    });
    world.pass(1);
    const { output_file_id } = await mine.batches.retrieve(batch.id);
    await until(
      () => world.found(project, 'batches.create'),
      (calls) => calls.every(({ state }) => state === 'closed'),
    );
    const lines = (await (await mine.files.content(output_file_id ?? '')).text()).trim().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      const { body } = JSON.parse(line).response;
      await expectMine(...idsIn(body.output));
      expect(await mine.responses.retrieve(body.id)).toMatchObject({ id: body.id });
      await expect(theirs.responses.retrieve(body.id)).rejects.toMatchObject({ status: 404 });
    }
  });

  it('and is written down once, however often it is shown', async () => {
    const { id } = await background();
    world.pass(1);
    const { output } = await mine.responses.retrieve(id);
    const [first] = idsIn(output);
    const before = (await world.deps.objects.owners([first ?? ''])).get(first ?? '');
    await mine.responses.retrieve(id);
    expect((await world.deps.objects.owners([first ?? ''])).get(first ?? '')).toEqual(before);
    expect(before).toMatchObject({ project, kind: 'item' });
  });
});
