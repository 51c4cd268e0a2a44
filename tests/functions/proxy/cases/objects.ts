import { randomBytes } from 'node:crypto';
import OpenAI from 'openai';
import { expect } from 'vitest';
import { event, json, type Script, sse } from '../../../support/scripted-upstream.ts';
import { sdk, type Target, type World } from '../../../support/world.ts';
import { caught, eventually, type HttpCase, of, post, refusalOf } from './fixtures.ts';

const id = (prefix: string) => `${prefix}${randomBytes(8).toString('hex')}`;

const USAGE = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
const responseOf = (name: string, output: object[] = []) => ({
  id: name,
  object: 'response',
  status: 'completed',
  model: 'gpt-4o-2024-08-06',
  service_tier: 'default',
  output,
  usage: USAGE,
});

async function get(target: Target, path: string, project: string, method = 'GET'): Promise<Response> {
  return target.fetchAs('developer')(`${target.baseURL}${path}`, { method, headers: of(project) });
}

/** Two projects, and a file of the first one. */
async function stageWithFile(world: World, target: Target) {
  const [mine, theirs] = [await world.project(), await world.project()];
  const file = id('file-');
  world.upstream.on('/files', json({ id: file, object: 'file', purpose: 'user_data' }));
  const form = new FormData();
  form.set('purpose', 'user_data');
  form.set('file', new File(['a,b\n1,2\n'], 'data.csv'));
  const made = await target.fetchAs('developer')(`${target.baseURL}/v1/files`, {
    method: 'POST',
    headers: of(mine),
    body: form,
  });
  expect(made.status).toBe(200);
  world.upstream.on(`/files/${file}`, json({ id: file, object: 'file' }));
  return { mine, theirs, file };
}

/** A list of OpenAI's whole account, in pages, as its cursors walk it. */
function account(ids: readonly string[]): Script {
  return (request, response) => {
    const query = new URL(request.url, 'http://upstream').searchParams;
    const limit = Number(query.get('limit') ?? 20);
    const from = query.has('after') ? ids.indexOf(query.get('after') ?? '') + 1 : 0;
    const page = ids.slice(from, from + limit);
    const data = page.map((name) => ({ id: name, object: 'file', purpose: 'batch' }));
    const ends = { first_id: page[0], last_id: page.at(-1) };
    return json({ object: 'list', data, ...ends, has_more: from + limit < ids.length })(request, response);
  };
}

async function own(world: World, project: string, ids: readonly string[]) {
  const owner = { kind: 'file' as const, project, user: 'user/developer', call: 'call-1' };
  await world.deps.objects.own(ids.map((name) => ({ ...owner, id: name })));
}

/** What OpenAI keeps for callers is in one account of the stage: no project reaches into another's. */
export const OBJECTS: readonly HttpCase[] = [
  {
    name: 'a file is for the project that made it; to another it is told as one that is not there',
    async run(world, target) {
      const { mine, theirs, file } = await stageWithFile(world, target);
      const upload = world.upstream.received.at(-1);
      expect(upload?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
      expect(upload?.body.toString()).toContain('a,b\n1,2\n');
      expect(await (await get(target, `/v1/files/${file}`, mine)).json()).toMatchObject({ id: file });
      const asked = world.upstream.received.length;
      const foreign = await refusalOf(await get(target, `/v1/files/${file}`, theirs));
      expect(foreign).toMatchObject({ status: 404, code: 'not_found', param: 'id' });
      const unknown = await refusalOf(await get(target, '/v1/files/file-unknown', theirs));
      expect(unknown.message.replace('file-unknown', file)).toBe(foreign.message);
      expect(world.upstream.received.length).toBe(asked);
      const [entry] = await world.entries(mine);
      expect(entry).toMatchObject({ endpoint: 'files.create', outcome: { cost: 0n } });
    },
  },
  {
    name: 'a kind is no other kind: the id of a file is none of a batch',
    async run(world, target) {
      const { mine, file } = await stageWithFile(world, target);
      expect((await get(target, `/v1/batches/${file}`, mine)).status).toBe(404);
    },
  },
  {
    name: "a file in a request must be the project's own, and nothing is held or sent for another's",
    async run(world, target) {
      const { mine, file } = await stageWithFile(world, target);
      const theirs = await world.project('1');
      const body = {
        model: 'gpt-4o',
        input: [{ role: 'user', content: [{ type: 'input_file', file_id: file }] }],
        max_output_tokens: 16,
      };
      const refusal = await refusalOf(await post(target, '/v1/responses', body, of(theirs)));
      expect(refusal).toMatchObject({ status: 404, code: 'not_found', param: 'input[0].content[0].file_id' });
      expect(await world.entries(theirs)).toEqual([]);
      await world.limit({ project: mine }, '5');
      world.upstream.on('/responses', json(responseOf(id('resp_'))));
      expect((await post(target, '/v1/responses', body, of(mine))).status).toBe(200);
    },
  },
  {
    name: 'a text that no id can be is told as an object that is not there, in a path and anywhere in a body',
    async run(world, target) {
      const project = await world.project('1');
      const model = 'gpt-4o';
      const asked = world.upstream.received.length;
      for (const kind of ['responses', 'files', 'conversations', 'batches', 'containers', 'vector_stores']) {
        for (const length of [513, 2_042, 3_000]) {
          const refusal = await refusalOf(await get(target, `/v1/${kind}/${'r'.repeat(length)}`, project));
          expect(refusal).toMatchObject({ status: 404, code: 'not_found', param: 'id' });
        }
      }
      for (const unfit of [
        'r'.repeat(2_100),
        '語'.repeat(700),
        '\ud800',
        'file-\udc00\ud800',
        'a\u0000b',
        'a b',
      ]) {
        const file = { type: 'input_file', file_id: unfit };
        const bodies: readonly (readonly [string, object])[] = [
          ['/v1/responses', { model, input: 'Go on.', previous_response_id: unfit }],
          ['/v1/responses', { model, input: 'Go on.', previous_response_id: unfit, stream: true }],
          ['/v1/responses', { model, input: 'Go on.', conversation: { id: unfit } }],
          ['/v1/responses', { model, input: [{ role: 'user', content: [file] }] }],
          ['/v1/responses', { model, input: [{ type: 'item_reference', id: unfit }] }],
          [
            '/v1/responses',
            { model, input: 'x', tools: [{ type: 'file_search', vector_store_ids: [unfit] }] },
          ],
          ['/v1/responses/input_tokens', { model, input: 'Go on.', previous_response_id: unfit }],
          ['/v1/chat/completions', { model, messages: [{ role: 'user', content: [{ ...file, file }] }] }],
          ['/v1/conversations', { items: [{ type: 'item_reference', id: unfit }] }],
        ];
        for (const [path, body] of bodies) {
          const refusal = await refusalOf(await post(target, path, body, of(project)));
          expect(refusal, `${path} ${JSON.stringify(body)}`).toMatchObject({
            status: 404,
            code: 'not_found',
          });
        }
      }
      expect(world.upstream.received.length).toBe(asked);
      expect(await world.entries(project)).toEqual([]);
      expect(world.logs.filter((line) => line.includes('internal_error'))).toEqual([]);
    },
  },
  {
    name: 'a deleted file is nobody’s, and one whose deletion failed stays',
    async run(world, target) {
      const { mine, file } = await stageWithFile(world, target);
      world.upstream.on(`/files/${file}`, json({ error: { message: 'busy' } }, 500));
      expect((await get(target, `/v1/files/${file}`, mine, 'DELETE')).status).toBe(500);
      world.upstream.on(`/files/${file}`, json({ id: file, deleted: true }));
      expect((await get(target, `/v1/files/${file}`, mine, 'DELETE')).status).toBe(200);
      expect((await get(target, `/v1/files/${file}`, mine)).status).toBe(404);
    },
  },
  {
    name: 'a list holds what is the project’s own, in OpenAI’s order, page by page through the SDK',
    async run(world, target) {
      const [mine, theirs] = [await world.project(), await world.project()];
      const all = Array.from({ length: 450 }, () => id('file-'));
      const ours = all.filter((_, i) => i % 60 === 7);
      await own(world, mine, ours);
      await own(
        world,
        theirs,
        all.filter((name) => !ours.includes(name)),
      );
      world.upstream.on('/files', account(all));
      const client = sdk(target, mine);
      const seen: string[] = [];
      for await (const file of client.files.list({ limit: 3, purpose: 'batch' })) seen.push(file.id);
      expect(seen).toEqual(ours);
      expect(world.upstream.received.at(-1)?.url).toContain('purpose=batch');
      const page = await client.files.list({ limit: 3 });
      expect(page.data.map(({ id: name }) => name)).toEqual(ours.slice(0, 3));
      expect(page.has_more).toBe(true);
      const raw = (await (await get(target, '/v1/files?limit=3', mine)).json()) as Record<string, unknown>;
      expect(raw).toMatchObject({ object: 'list', first_id: ours[0], last_id: ours[2], has_more: true });
    },
  },
  {
    name: 'a list says that there is more as long as there is more of one’s own, and no longer',
    async run(world, target) {
      const [mine, theirs] = [await world.project(), await world.project()];
      // All on one page of OpenAI's, which says that there is no more.
      const all = Array.from({ length: 12 }, () => id('file-'));
      const ours = all.slice(0, 5);
      await own(world, mine, ours);
      await own(world, theirs, all.slice(5));
      world.upstream.on('/files', account(all));
      const list = async (query: string) =>
        (await (await get(target, `/v1/files?${query}`, mine)).json()) as object;
      expect(await list('limit=4')).toMatchObject({ last_id: ours[3], has_more: true });
      expect(await list('limit=5')).toMatchObject({ last_id: ours[4], has_more: false });
      expect(await list(`limit=4&after=${ours[3]}`)).toMatchObject({ last_id: ours[4], has_more: false });
      expect(await list('limit=100')).toMatchObject({ last_id: ours[4], has_more: false });
    },
  },
  {
    name: 'a list of any kind holds what is the project’s own alone, of OpenAI’s one account',
    async run(world, target) {
      const [mine, theirs] = [await world.project(), await world.project()];
      const lists = [
        ['/files', 'file'],
        ['/batches', 'batch'],
        ['/containers', 'container'],
        ['/vector_stores', 'vector_store'],
        ['/chat/completions', 'chat_completion'],
      ] as const;
      for (const [path, kind] of lists) {
        const all = Array.from({ length: 4 }, () => id('obj_'));
        const [first, second, ...rest] = all.map((name) => ({ id: name, kind, user: 'user/developer' }));
        if (first === undefined || second === undefined) throw new Error('too few');
        await world.deps.objects.own([
          { ...first, project: mine },
          { ...second, project: theirs },
        ]);
        world.upstream.on(path, account(all));
        const list = await (await get(target, `/v1${path}`, mine)).json();
        expect(list, path).toMatchObject({ data: [{ id: first.id }], has_more: false });
        expect(JSON.stringify(list), path).not.toContain(second.id);
        for (const each of rest) expect(JSON.stringify(list), path).not.toContain(each.id);
      }
    },
  },
  {
    name: 'a list of nothing of one’s own is empty, and an error of it is OpenAI’s',
    async run(world, target) {
      const mine = await world.project();
      world.upstream.on('/files', account([id('file-'), id('file-')]));
      const list = (await (await get(target, '/v1/files', mine)).json()) as Record<string, unknown>;
      expect(list).toMatchObject({ data: [], has_more: false, first_id: null, last_id: null });
      world.upstream.on('/files', json({ error: { message: 'no', code: 'bad_order' } }, 400));
      expect(await refusalOf(await get(target, '/v1/files?order=up', mine))).toMatchObject({
        status: 400,
        code: 'bad_order',
      });
    },
  },
  {
    name: 'a response is its project’s, with its items and containers, unless it is not kept',
    async run(world, target) {
      const [mine, theirs] = [await world.project('5'), await world.project('5')];
      const [kept, item, container] = [id('resp_'), id('msg_'), id('cntr_')];
      const call = { type: 'code_interpreter_call', id: id('ci_'), container_id: container };
      world.upstream.on(
        '/responses',
        json(responseOf(kept, [{ type: 'message', id: item, role: 'assistant', content: [] }, call])),
      );
      const client = sdk(target, mine);
      await client.responses.create({ model: 'gpt-4o', input: mine, max_output_tokens: 16 });
      world.upstream.on(`/responses/${kept}`, json(responseOf(kept)));
      world.upstream.on(
        `/containers/${container}/files`,
        json({ object: 'list', data: [], has_more: false }),
      );
      expect(await client.responses.retrieve(kept)).toMatchObject({ id: kept });
      expect(await caught(sdk(target, theirs).responses.retrieve(kept))).toBeInstanceOf(OpenAI.NotFoundError);
      expect((await get(target, `/v1/containers/${container}/files`, mine)).status).toBe(200);
      expect((await get(target, `/v1/containers/${container}/files`, theirs)).status).toBe(404);
      const ask = { model: 'gpt-4o', max_output_tokens: 16 } as const;
      const follow = { ...ask, input: 'And then?', previous_response_id: kept };
      const refer = { ...ask, input: [{ type: 'item_reference' as const, id: item }] };
      const converse = { ...ask, input: 'Hello', conversation: { id: id('conv_') } };
      for (const body of [follow, refer, converse]) {
        expect(await caught(sdk(target, theirs).responses.create(body))).toMatchObject({
          status: 404,
          code: 'not_found',
        });
      }
      expect(await world.entries(theirs)).toEqual([]);
      world.upstream.on('/responses', json(responseOf(id('resp_'))));
      for (const body of [follow, refer]) expect(await client.responses.create(body)).toBeDefined();

      const unkept = id('resp_');
      world.upstream.on('/responses', json(responseOf(unkept)));
      await client.responses.create({ ...ask, input: 'Forget it', store: false });
      expect((await get(target, `/v1/responses/${unkept}`, mine)).status).toBe(404);
    },
  },
  {
    name: 'an item that is sent whole passes with an id that nobody knows, and not with another project’s',
    async run(world, target) {
      const [mine, theirs] = [await world.project('5'), await world.project('5')];
      const [response, item] = [id('resp_'), id('msg_')];
      world.upstream.on(
        '/responses',
        json(responseOf(response, [{ type: 'message', id: item, role: 'assistant', content: [] }])),
      );
      await sdk(target, mine).responses.create({ model: 'gpt-4o', input: mine, max_output_tokens: 16 });
      const ask = (name: string) => ({
        model: 'gpt-4o',
        max_output_tokens: 16,
        store: false,
        input: [{ type: 'message', id: name, role: 'assistant', content: 'Hello.' }],
      });
      expect((await post(target, '/v1/responses', ask(id('msg_')), of(theirs))).status).toBe(200);
      expect((await post(target, '/v1/responses', ask(item), of(theirs))).status).toBe(404);
    },
  },
  {
    name: 'a streamed response is its project’s as soon as it has ended',
    async run(world, target) {
      const [mine, theirs] = [await world.project('5'), await world.project('5')];
      const [response, item] = [id('resp_'), id('msg_')];
      const whole = responseOf(response, [{ type: 'message', id: item, role: 'assistant', content: [] }]);
      world.upstream.on(
        '/responses',
        sse([
          event({ type: 'response.created', response: { ...whole, status: 'in_progress', usage: null } }),
          event({ type: 'response.output_item.done', output_index: 0, item: whole.output[0] }),
          event({ type: 'response.completed', response: whole }),
        ]),
      );
      const client = sdk(target, mine);
      const stream = await client.responses.create({
        model: 'gpt-4o',
        input: mine,
        max_output_tokens: 16,
        stream: true,
      });
      for await (const _ of stream);
      await world.entries(mine);
      const owners = await world.deps.objects.owners([response, item]);
      expect([...owners.values()].map(({ project, kind }) => [project, kind])).toEqual([
        [mine, 'response'],
        [mine, 'item'],
      ]);
      expect((await get(target, `/v1/responses/${response}`, theirs)).status).toBe(404);
    },
  },
  {
    name: 'a response too large to be taken whole is its project’s, too',
    async run(world, target) {
      const mine = await world.project('5');
      const [response, item] = [id('resp_'), id('ig_')];
      const image = {
        type: 'image_generation_call',
        id: item,
        status: 'completed',
        result: 'A'.repeat(9_000_000),
      };
      world.upstream.on('/responses', json(responseOf(response, [image])));
      const body = { model: 'gpt-4o', input: mine, max_output_tokens: 16 };
      await (await post(target, '/v1/responses', body, of(mine))).arrayBuffer();
      await world.entries(mine);
      await eventually(async () => {
        const owners = await world.deps.objects.owners([response, item]);
        expect([...owners.values()].map(({ project }) => project)).toEqual([mine, mine]);
      });
    },
  },
  {
    name: 'a chat completion is kept, and its project’s, only where it asks for that',
    async run(world, target) {
      const mine = await world.project('5');
      const answer = (name: string) =>
        json({
          id: name,
          model: 'gpt-4o-2024-08-06',
          choices: [],
          usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
        });
      const [kept, passing] = [id('chatcmpl-'), id('chatcmpl-')];
      const body = { model: 'gpt-4o', messages: [{ role: 'user', content: mine }], max_tokens: 16 };
      world.upstream.on('/chat/completions', answer(kept));
      const ask = async (asked: object) => {
        await (await post(target, '/v1/chat/completions', asked, of(mine))).arrayBuffer();
        await (target.idle ?? world.idle)();
      };
      await ask({ ...body, store: true });
      world.upstream.on('/chat/completions', answer(passing));
      await ask(body);
      world.upstream.on(`/chat/completions/${kept}/messages`, json({ object: 'list', data: [] }));
      expect((await get(target, `/v1/chat/completions/${kept}/messages`, mine)).status).toBe(200);
      expect((await get(target, `/v1/chat/completions/${passing}/messages`, mine)).status).toBe(404);
    },
  },
];
