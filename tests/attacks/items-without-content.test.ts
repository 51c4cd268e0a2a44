import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { json } from '../support/scripted-upstream.ts';
import { type AttackStage, expectNotFound, startAttackStage } from './support/stage.ts';

let stage: AttackStage;
beforeAll(async () => {
  stage = await startAttackStage();
  const { attacker, victim, world, upstream } = stage;
  await world.deps.objects.own([
    { id: 'it_theirs', kind: 'item', project: victim.project, user: 'user/victim' },
    { id: 'it_own', kind: 'item', project: attacker.project, user: 'user/developer' },
  ]);
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  upstream.on('/responses', json({ id: 'resp_1', status: 'completed', model: 'gpt-4o', output: [], usage }));
  upstream.on('/conversations', json({ id: 'conv_1', object: 'conversation' }));
});
afterAll(() => stage.close());

const ask = (item: object) => ({ model: 'gpt-4o', input: [item], max_output_tokens: 16, store: false });

/** Nothing in any of these but an id, and what says nothing. */
const EMPTY: readonly object[] = [
  {},
  { type: null },
  { type: 'item_reference' },
  { type: null, role: 'assistant', content: 'Hello.' },
  { role: 'assistant' },
  { role: 'assistant', content: null },
  { type: 'image_generation_call' },
  { type: 'image_generation_call', status: 'completed', result: null, size: '1024x1024' },
  { type: 'image_generation_call', result: '' },
  { type: 'message', role: 'assistant' },
  { type: 'message', role: 'assistant', content: [] },
  { type: 'message', role: 'assistant', content: '' },
  { type: 'message', role: 'assistant', content: [{}] },
  { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: '', annotations: [] }] },
  { type: 'message', role: 'user', content: [{ type: 'input_image', detail: 'high', image_url: null }] },
  { type: 'reasoning', summary: [{ type: 'summary_text', text: 'I thought.' }] },
  { type: 'reasoning', summary: [], encrypted_content: '' },
  { type: 'compaction', encrypted_content: null },
  { type: 'function_call', call_id: 'c', name: 'f', arguments: '' },
  { type: 'function_call_output', call_id: 'c', output: '' },
  { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: '' }] },
  { type: 'custom_tool_call', call_id: 'c', name: 'f', input: '' },
  { type: 'web_search_call', status: 'completed' },
  { type: 'web_search_call', status: 'completed', action: {} },
  { type: 'file_search_call', status: 'completed', queries: [], results: null },
  { type: 'code_interpreter_call', status: 'completed', code: null, outputs: null },
  { type: 'computer_call', call_id: 'c' },
  { type: 'mcp_call', server_label: 's', name: 'f', output: null, error: null },
  { type: 'mcp_list_tools', server_label: 's', tools: [] },
  { type: 'additional_tools', role: 'developer', tools: [] },
  { type: 'tool_search_output', tools: [] },
  { type: 'shell_call_output', call_id: 'c', output: [] },
  { type: 'program', call_id: 'c', code: '' },
  { type: 'of_tomorrow', content: 'Hello.' },
];

describe('An item that carries nothing is a reference', () => {
  it.each(EMPTY.map((item) => [JSON.stringify(item), item] as const))('%s', async (_name, item) => {
    for (const id of ['it_theirs', 'it_unknown']) {
      await expectNotFound(await stage.attacker.post('/responses', ask({ ...item, id })), 'input[0].id');
      await expectNotFound(
        await stage.attacker.post('/conversations', { items: [{ ...item, id }] }),
        'items[0].id',
      );
    }
    expect(stage.forwarded()).toEqual([]);
    expect((await stage.attacker.post('/responses', ask({ ...item, id: 'it_own' }))).status).toBe(200);
    stage.forwarded();
  });
});

describe('An item that is sent whole', () => {
  const whole: readonly object[] = [
    { role: 'assistant', content: 'Hello.' },
    {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Hello.', annotations: [] }],
    },
    { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    { type: 'reasoning', summary: [], encrypted_content: 'gAAAA' },
    { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
    { type: 'image_generation_call', status: 'completed', result: 'aGVsbG8=' },
    { type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'tolls' } },
    { type: 'file_search_call', status: 'completed', queries: ['tolls'], results: null },
    { type: 'code_interpreter_call', status: 'completed', code: 'print(1)', outputs: null },
    { type: 'computer_call', call_id: 'c', action: { type: 'screenshot' } },
    {
      type: 'shell_call_output',
      call_id: 'c',
      output: [{ stdout: '', stderr: '', outcome: { type: 'exit', exit_code: 0 } }],
    },
    { type: 'program', call_id: 'c', code: 'run()', fingerprint: 'f' },
  ];

  it.each(whole.map((item) => [JSON.stringify(item), item] as const))(
    'passes under an id of nobody’s, and not under another project’s: %s',
    async (_name, item) => {
      expect((await stage.attacker.post('/responses', ask({ ...item, id: 'it_unknown' }))).status).toBe(200);
      await expectNotFound(await stage.attacker.post('/responses', ask({ ...item, id: 'it_theirs' })));
    },
  );
});

describe('An approval', () => {
  const approve = (id: string) => ({ type: 'mcp_approval_response', approval_request_id: id, approve: true });
  const request = { type: 'mcp_approval_request', server_label: 's', name: 'f', arguments: '{}' };
  const items = (...input: object[]) => ({ model: 'gpt-4o', input, max_output_tokens: 16, store: false });

  it('is one of a request that the project was asked, or that is among the items', async () => {
    const { post } = stage.attacker;
    for (const id of ['it_theirs', 'it_unknown']) {
      await expectNotFound(await post('/responses', items(approve(id))), 'input[0].approval_request_id');
    }
    expect((await post('/responses', items(approve('it_own')))).status).toBe(200);
    const asked = { ...request, id: 'it_unknown' };
    expect((await post('/responses', items(asked, approve('it_unknown')))).status).toBe(200);
    await expectNotFound(
      await post('/responses', items({ ...request, id: 'it_theirs' }, approve('it_theirs'))),
    );
  });
});
