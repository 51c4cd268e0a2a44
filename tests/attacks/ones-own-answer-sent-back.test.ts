import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { event, json, sse } from '../support/scripted-upstream.ts';
import { type AttackStage, expectNotFound, startAttackStage } from './support/stage.ts';

/** What keeps others out must let in what the project was answered itself. */
let stage: AttackStage;
beforeAll(async () => {
  stage = await startAttackStage({ limitUsd: '500' });
});
afterAll(() => stage.close());

let made = 0;
const fresh = (prefix: string) => {
  made += 1;
  return `${prefix}_${made}`;
};

const ask = (input: unknown, more: object = {}) => ({
  model: 'gpt-4o',
  input,
  max_output_tokens: 16,
  ...more,
});
const responseOf = (output: readonly object[]) => ({
  id: fresh('resp'),
  object: 'response',
  status: 'completed',
  model: 'gpt-4o',
  service_tier: 'default',
  output,
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
});

/** An answer with all that OpenAI's tools leave in one: ids of files, containers and stores that nobody asked for. */
function everything(): readonly object[] {
  const container_id = fresh('cntr');
  const text = {
    type: 'output_text',
    text: 'See the files.',
    annotations: [
      { type: 'file_citation', file_id: fresh('file'), filename: 'a.pdf', index: 3 },
      {
        type: 'container_file_citation',
        container_id,
        file_id: fresh('cfile'),
        start_index: 0,
        end_index: 3,
      },
      { type: 'file_path', file_id: fresh('file'), index: 0 },
      { type: 'url_citation', url: 'https://example.com', title: 'a', start_index: 0, end_index: 3 },
    ],
  };
  const found = {
    file_id: fresh('file'),
    filename: 'a.pdf',
    score: 0.9,
    text: 'A',
    attributes: { file_id: 'x' },
  };
  return [
    { type: 'file_search_call', id: fresh('fs'), status: 'completed', queries: ['a'], results: [found] },
    { type: 'file_search_call', id: fresh('fs'), status: 'completed', queries: ['b'], results: null },
    {
      type: 'code_interpreter_call',
      id: fresh('ci'),
      status: 'completed',
      code: 'plot()',
      container_id,
      outputs: [{ type: 'files', files: [{ mime_type: 'image/png', file_id: fresh('cfile') }] }],
    },
    { type: 'web_search_call', id: fresh('ws'), status: 'completed', action: { type: 'search', query: 'a' } },
    { type: 'image_generation_call', id: fresh('ig'), status: 'completed', result: 'aGVsbG8=' },
    {
      type: 'shell_call',
      id: fresh('sh'),
      call_id: 'c',
      action: { commands: ['ls'] },
      environment: { type: 'container_reference', container_id: fresh('cntr') },
    },
    {
      type: 'mcp_list_tools',
      id: fresh('mcpl'),
      server_label: 's',
      tools: [{ name: 'f', input_schema: { file_id: 'x' }, annotations: { file_id: 'x' } }],
    },
    {
      type: 'mcp_call',
      id: fresh('mcp'),
      server_label: 's',
      name: 'f',
      arguments: '{}',
      output: 'done',
      approval_request_id: fresh('mcpr'),
    },
    { type: 'function_call', id: fresh('fc'), call_id: 'd', name: 'f', arguments: '{}' },
    { type: 'custom_tool_call', id: fresh('ctc'), call_id: 'e', name: 'g', input: '' },
    { type: 'message', id: fresh('msg'), role: 'assistant', status: 'completed', content: [text] },
    { type: 'message', id: fresh('msg'), role: 'assistant', status: 'incomplete', content: [] },
  ];
}

async function answered(output: readonly object[], more: object): Promise<void> {
  const response = responseOf(output);
  const streamed = [
    event({ type: 'response.created', response: { ...response, output: [], usage: null } }),
    ...output.map((item, output_index) => event({ type: 'response.output_item.done', output_index, item })),
    event({ type: 'response.completed', response }),
  ];
  stage.upstream.on('/responses', 'stream' in more ? sse(streamed) : json(response));
  await (await stage.attacker.post('/responses', ask('Go.', more))).arrayBuffer();
  await stage.world.entries(stage.attacker.project);
  stage.upstream.on('/responses', json(responseOf([])));
}

describe('One’s own answer is sent back as it came', () => {
  const ways: [string, object][] = [
    ['an answer that is stored', {}],
    ['an answer that is not', { store: false }],
    ['a stream that is stored', { stream: true }],
    ['a stream that is not', { stream: true, store: false }],
  ];

  it.each(ways)('%s, item by item and all at once', async (_name, more) => {
    const output = everything();
    await answered(output, more);
    for (const store of [true, false]) {
      for (const item of output) {
        const { status } = await stage.attacker.post('/responses', ask([item], { store }));
        expect([status, item]).toEqual([200, item]);
      }
      const history = [{ role: 'user', content: 'Go.' }, ...output, { role: 'user', content: 'On.' }];
      expect((await stage.attacker.post('/responses', ask(history, { store }))).status).toBe(200);
      expect(stage.forwarded().at(-1)?.json()['input']).toEqual(history);
    }
  });

  it('and as items of a conversation', async () => {
    const output = everything();
    await answered(output, {});
    stage.upstream.on('/conversations', json({ id: fresh('conv'), object: 'conversation' }));
    expect((await stage.attacker.post('/conversations', { items: output })).status).toBe(200);
  });

  it('while another project that has it word for word is refused what is found by its id', async () => {
    const output = everything();
    await answered(output, { store: false });
    const inContainers = output.filter((item) => 'container_id' in item || 'environment' in item);
    expect(inContainers).toHaveLength(2);
    for (const item of inContainers) await expectNotFound(await stage.victim.post('/responses', ask([item])));
  });

  it('a chat, with its sound and what it cites', async () => {
    const message = {
      role: 'assistant',
      content: 'Hello.',
      annotations: [{ type: 'file_citation', file_id: 'file-cited', index: 0 }],
      audio: { id: fresh('audio'), data: 'AAAA', expires_at: 1, transcript: 'Hello.' },
    };
    const chat = {
      id: fresh('chatcmpl'),
      model: 'gpt-audio',
      choices: [{ index: 0, finish_reason: 'stop', message }],
    };
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    stage.upstream.on('/chat/completions', json({ ...chat, usage }));
    const body = { model: 'gpt-audio', max_completion_tokens: 16 };
    const first = { ...body, messages: [{ role: 'user', content: 'Hello' }] };
    expect((await stage.attacker.post('/chat/completions', first)).status).toBe(200);
    const next = { ...body, messages: [message, { role: 'user', content: 'Go on.' }] };
    expect((await stage.attacker.post('/chat/completions', next)).status).toBe(200);
    await expectNotFound(await stage.victim.post('/chat/completions', next), 'messages[0].audio.id');
  });
});
