import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TREATMENTS } from '../../shared/core/treatments/table.ts';
import { json } from '../support/scripted-upstream.ts';
import { type AttackStage, refusalOf, startAttackStage } from './support/stage.ts';

/** A picture of gpt-image-2 costs more than all that this stage may spend. */
const LIMIT_USD = '0.05';

let stage: AttackStage;
beforeAll(async () => {
  stage = await startAttackStage({ limitUsd: LIMIT_USD });
  stage.upstream.on('/conversations', json({ id: 'conv_own', object: 'conversation' }));
  const item = { type: 'message', id: 'msg_new', role: 'user', content: [] };
  stage.upstream.on('/conversations/conv_own/items', json({ object: 'list', data: [item], has_more: false }));
  stage.upstream.on('/conversations/conv_own', json({ id: 'conv_own', object: 'conversation' }));
  const usage = { input_tokens: 100, output_tokens: 10, total_tokens: 110 };
  stage.upstream.on(
    '/responses',
    json({
      id: 'resp_1',
      status: 'completed',
      model: 'gpt-4o-mini',
      service_tier: 'default',
      output: [],
      usage,
    }),
  );
  expect((await stage.attacker.post('/conversations', {})).status).toBe(200);
});
afterAll(() => stage.close());
beforeEach(() => void stage.forwarded());

const added = (...tools: unknown[]) => ({ type: 'additional_tools', role: 'developer', tools });
const fn = { type: 'function', name: 'f', parameters: {} };
const say = { model: 'gpt-4o-mini', input: 'Draw a hedgehog.', max_output_tokens: 16 };

const HOSTED: readonly [string, object][] = [
  ['pictures', added({ type: 'image_generation', model: 'gpt-image-2' })],
  ['web searches', added(fn, { type: 'web_search' })],
  ['file searches', added({ type: 'file_search', vector_store_ids: [] })],
  ['code', added({ type: 'code_interpreter', container: { type: 'auto', memory_limit: '64g' } })],
  ['a shell', added({ type: 'shell', environment: { type: 'container_auto' } })],
  ['a server', added({ type: 'mcp', server_label: 's', server_url: 'https://example.com' })],
  ['a type that nobody knows', added({ type: 'new_tool' })],
  ['no tool', added('web_search')],
  ['a hosted tool in a namespace', added({ type: 'namespace', name: 'n', tools: [{ type: 'web_search' }] })],
  ['tools that are no list', { type: 'additional_tools', role: 'developer', tools: { type: 'web_search' } }],
  [
    'tools that a search found',
    { type: 'tool_search_output', execution: 'client', tools: [{ type: 'web_search' }] },
  ],
  [
    'tools in an item of any type',
    { type: 'message', role: 'user', content: 'a', tools: [{ type: 'web_search' }] },
  ],
  ['a compaction', { type: 'compaction_trigger' }],
];

describe('A hosted tool planted in a conversation is checked as one in the call itself', () => {
  it.each(HOSTED)('where the conversation begins with it: %s', async (_name, item) => {
    const items = [{ type: 'message', role: 'user', content: 'Hello' }, item];
    const refusal = await refusalOf(await stage.attacker.post('/conversations', { items }));
    expect(refusal).toMatchObject({ status: 400, code: 'unmetered_option' });
    expect(refusal.param).toMatch(/^items\[1\]/);
    expect(stage.forwarded()).toEqual([]);
  });

  it.each(HOSTED)('where it is added to the conversation: %s', async (_name, item) => {
    const response = await stage.attacker.post('/conversations/conv_own/items', { items: [item] });
    expect(await refusalOf(response)).toMatchObject({ status: 400, code: 'unmetered_option' });
    expect(stage.forwarded()).toEqual([]);
  });

  it.each([
    ['items in a list of lists', { items: [[HOSTED[0]?.[1]]] }],
    ['one item and no list', { items: HOSTED[0]?.[1] }],
    [
      'content that is no text and no list',
      { items: [{ type: 'message', role: 'user', content: { text: 'a' } }] },
    ],
    ['a member that nobody knows', { tools: [{ type: 'web_search' }] }],
  ])('in any form that could be read so: %s', async (_name, body) => {
    for (const path of ['/conversations', '/conversations/conv_own/items']) {
      expect((await refusalOf(await stage.attacker.post(path, body))).status).toBe(400);
    }
    expect(stage.forwarded()).toEqual([]);
  });

  it('while tools that the caller runs pass, and are the call’s own', async () => {
    const tools = added(fn, { type: 'namespace', name: 'n', tools: [fn] }, { type: 'local_shell' });
    const listed = {
      type: 'mcp_list_tools',
      id: 'mcpl_1',
      server_label: 's',
      tools: [{ name: 'web_search' }],
    };
    for (const path of ['/conversations', '/conversations/conv_own/items']) {
      expect((await stage.attacker.post(path, { items: [tools, listed] })).status).toBe(200);
      expect(stage.forwarded().at(-1)?.json()).toEqual({ items: [tools, listed] });
    }
  });

  it('and updates change nothing but metadata', async () => {
    const { post } = stage.attacker;
    expect((await post('/conversations/conv_own', { metadata: { a: 'b' } })).status).toBe(200);
    expect((await post('/conversations/conv_own', { items: [] })).status).toBe(400);
    expect(stage.forwarded()).toHaveLength(1);
  });
});

describe('A conversation that was not filled here', () => {
  const page = (items: readonly object[], more: object = {}) =>
    json({ object: 'list', data: items, has_more: false, last_id: 'msg_last', ...more });
  const given = async (id: string, how: { call?: string } = {}) => {
    const { project } = stage.attacker;
    await stage.world.deps.objects.own([{ id, kind: 'conversation', project, user: 'admin', ...how }]);
    return { ...say, conversation: id };
  };

  it.each([
    ['that an admin gave', {}],
    ['that was stored before', { call: 'call-1' }],
  ])('is read for hosted tools before anything is held: %s', async (name, how) => {
    const body = await given(`conv_${name.length}`, how);
    stage.upstream.on(`/conversations/${body.conversation}/items`, page([HOSTED[0]?.[1] ?? {}]));
    const refusal = await refusalOf(await stage.attacker.post('/responses', body));
    expect(refusal).toMatchObject({ status: 400, code: 'unmetered_option', param: 'conversation' });
    expect(stage.forwarded().map(({ method }) => method)).toEqual(['GET']);
    const entries = await stage.world.entries(stage.attacker.project);
    expect(entries.filter(({ endpoint }) => endpoint === 'responses')).toEqual([]);
  });

  it('is read once, page by page, and then known', async () => {
    const body = await given('conv_clean');
    await stage.world.limit({ project: stage.attacker.project }, '50');
    stage.upstream.on('/conversations/conv_clean/items', (request, response) => {
      const first = !request.url.includes('after=');
      const item = first ? { type: 'message', id: 'msg_1', content: [] } : added(fn);
      return page([item], first ? { has_more: true, last_id: 'msg_1' } : {})(request, response);
    });
    for (const _ of [1, 2]) expect((await stage.attacker.post('/responses', body)).status).toBe(200);
    expect(stage.forwarded().map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /v1/conversations/conv_clean/items?limit=100&order=asc',
      'GET /v1/conversations/conv_clean/items?limit=100&order=asc&after=msg_1',
      'POST /v1/responses',
      'POST /v1/responses',
    ]);
  });

  it('is not gone on from where it cannot be read, or is too long to be', async () => {
    const unread = await given('conv_unread');
    stage.upstream.on('/conversations/conv_unread/items', json({ error: { message: 'busy' } }, 500));
    expect(await refusalOf(await stage.attacker.post('/responses', unread))).toMatchObject({ status: 502 });
    const long = await given('conv_long');
    stage.upstream.on('/conversations/conv_long/items', page([], { has_more: true }));
    expect(await refusalOf(await stage.attacker.post('/responses', long))).toMatchObject({
      status: 400,
      code: 'unmetered_option',
    });
    expect(stage.forwarded().every(({ method }) => method === 'GET')).toBe(true);
  });

  it('is read for the requests of a batch, too', async () => {
    const { conversation } = await given('conv_batch');
    const { project } = stage.attacker;
    await stage.world.deps.objects.own([{ id: 'file-batch', kind: 'file', project, user: 'user/developer' }]);
    const line = { custom_id: 'a', method: 'POST', url: '/v1/responses', body: { ...say, conversation } };
    stage.upstream.on('/files/file-batch/content', json(JSON.stringify(line)));
    stage.upstream.on('/conversations/conv_batch/items', page([HOSTED[1]?.[1] ?? {}]));
    const batch = { input_file_id: 'file-batch', endpoint: '/v1/responses', completion_window: '24h' };
    const refusal = await refusalOf(await stage.attacker.post('/batches', batch));
    expect(refusal).toMatchObject({ status: 400, code: 'unmetered_option', param: 'conversation' });
  });
});

describe('No free endpoint stores what a metered one reads without its rules', () => {
  /** What they take is read by no metered call, or read anew by it: a batch’s file, line by line. */
  const STORES_NOTHING = new Set([
    'batches.cancel',
    'moderations',
    'responses.cancel',
    'responses.input_tokens',
    'uploads.cancel',
    'uploads.complete',
    'uploads.create',
  ]);

  it.each(
    TREATMENTS.filter(({ method, takes, treatment }) => {
      return method === 'POST' && treatment.kind === 'free' && takes.includes('application/json');
    }).map(({ treatment }) => treatment),
  )('$endpoint', (treatment) => {
    if (treatment.kind !== 'free') throw new Error('not free');
    expect(treatment.check !== undefined).toBe(!STORES_NOTHING.has(treatment.endpoint));
  });
});
