import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { json } from '../support/scripted-upstream.ts';
import { type AttackStage, expectNotFound, startAttackStage } from './support/stage.ts';

let stage: AttackStage;
beforeAll(async () => {
  stage = await startAttackStage();
  const { victim, world, upstream } = stage;
  const owner = { project: victim.project, user: 'user/victim' };
  await world.deps.objects.own([
    { ...owner, id: 'file-theirs', kind: 'file' },
    { ...owner, id: 'vs_theirs', kind: 'vector_store' },
    { ...owner, id: 'cntr_theirs', kind: 'container' },
    { ...owner, id: 'resp_theirs', kind: 'response' },
    { ...owner, id: 'conv_theirs', kind: 'conversation' },
  ]);
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  upstream.on('/responses', json({ id: 'resp_1', status: 'completed', model: 'gpt-4o', output: [], usage }));
  upstream.on(
    '/chat/completions',
    json({
      id: 'c',
      model: 'gpt-4o',
      choices: [],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    }),
  );
  upstream.on('/responses/input_tokens', json({ object: 'response.input_tokens', input_tokens: 1 }));
  upstream.on('/conversations', json({ id: 'conv_new', object: 'conversation' }));
});
afterAll(() => stage.close());

const FILE = { type: 'input_file', file_id: 'file-theirs' };
const response = (more: object) => ({
  model: 'gpt-4o',
  input: 'Hello',
  max_output_tokens: 16,
  store: false,
  ...more,
});
const prompt = (variables: object) => response({ prompt: { id: 'pmpt_1', variables }, tools: [] });
const item = (more: object) =>
  response({ input: [{ type: 'message', role: 'user', content: 'Hello', ...more }] });
const chat = (more: object) => ({
  model: 'gpt-4o',
  max_tokens: 16,
  messages: [{ role: 'user', content: 'Hello', ...more }],
});

describe("Another project's id is found under any name that is free elsewhere", () => {
  it.each([
    ['a variable of a prompt called metadata', prompt({ metadata: FILE })],
    ['a variable of a prompt called parameters', prompt({ parameters: FILE })],
    ['a variable of a prompt called schema', prompt({ schema: FILE })],
    ['a variable of a prompt called results', prompt({ results: FILE })],
    ['a variable of a prompt in the shape of a tool', prompt({ tools: [{ parameters: FILE }] })],
    ['a variable of a prompt with a list', prompt({ x: [[{ metadata: FILE }]] })],
    ['metadata of an item', item({ metadata: FILE })],
    [
      'a content part called metadata',
      item({ content: [{ type: 'input_text', text: 'a', metadata: FILE }] }),
    ],
    ['annotations of an item and no part', item({ annotations: [FILE] })],
    ['parameters of an item', item({ parameters: FILE })],
    ['a schema in a content part', item({ content: [{ type: 'input_text', text: 'a', schema: FILE }] })],
    ['metadata of a tool', response({ tools: [{ type: 'function', name: 'f', metadata: FILE }] })],
    [
      'parameters of a container',
      response({
        tools: [
          {
            type: 'code_interpreter',
            container: { type: 'auto', parameters: { file_ids: ['file-theirs'] } },
          },
        ],
      }),
    ],
    ['arguments of a whole request', response({ text: { arguments: FILE } })],
    ['headers outside of a tool', response({ text: { headers: FILE } })],
    [
      'a form of an id that nobody documents',
      item({ content: [{ type: 'input_text', text: 'a', any_file_id: 'file-theirs' }] }),
    ],
    ['an id in an object', item({ content: [{ type: 'input_file', file_id: { id: 'file-theirs' } }] })],
    ['ids in lists of lists', item({ content: [{ type: 'input_file', file_ids: [[['file-theirs']]] }] })],
    [
      'an item in a list of lists',
      { path: '/responses/input_tokens', body: response({ input: [[{ id: 'resp_theirs' }]] }) },
    ],
    [
      'the container of a tool by its name alone',
      {
        path: '/responses/input_tokens',
        body: response({ tools: [{ type: 'code_interpreter', container: 'cntr_theirs' }] }),
      },
    ],
    [
      'a response that is compared with',
      response({ prompt_cache_options: { mode: 'implicit', comparison_response_id: 'resp_theirs' } }),
    ],
    ['metadata of a message', { path: '/chat/completions', body: chat({ metadata: FILE }) }],
    [
      'a schema of a content part',
      { path: '/chat/completions', body: chat({ content: [{ type: 'file', schema: { file: FILE } }] }) },
    ],
    [
      'an item of a new conversation',
      {
        path: '/conversations',
        body: { items: [{ type: 'message', role: 'user', content: [FILE], metadata: {} }] },
      },
    ],
  ])('%s', async (_name, request) => {
    const { path, body } = 'path' in request ? request : { path: '/responses', body: request };
    await expectNotFound(await stage.attacker.post(path, body));
    expect(stage.forwarded()).toEqual([]);
    expect(await stage.world.entries(stage.attacker.project)).toEqual([]);
  });
});

describe('What a caller names as it likes names no object', () => {
  const any = { file_id: 'file-theirs', conversation: 'conv_theirs', vector_store_ids: ['vs_theirs'] };
  const fn = { type: 'function', name: 'f', parameters: { type: 'object', properties: any, example: any } };
  it.each([
    ['metadata', response({ metadata: any })],
    ['the parameters of a function', response({ tools: [fn] })],
    [
      'those of a function in a namespace',
      response({ tools: [{ type: 'namespace', name: 'n', tools: [fn] }] }),
    ],
    [
      'those of a function that is added by the way',
      response({ input: [{ type: 'additional_tools', role: 'developer', tools: [fn] }] }),
    ],
    [
      'a schema of the answer',
      response({ text: { format: { type: 'json_schema', name: 's', schema: any } } }),
    ],
    [
      'the environment of a shell',
      response({
        input: [
          { type: 'local_shell_call', call_id: 'c', action: { type: 'exec', command: ['ls'], env: any } },
        ],
      }),
    ],
    [
      'a variable of a prompt that is a text',
      prompt({ file_id: 'file-theirs', conversation: 'conv_theirs' }),
    ],
    [
      'the parameters of a function of a chat',
      {
        path: '/chat/completions',
        body: {
          ...chat({}),
          tools: [{ type: 'function', function: { name: 'f', parameters: any } }],
          response_format: { type: 'json_schema', json_schema: { name: 's', schema: any } },
          metadata: { file_id: 'file-theirs' },
        },
      },
    ],
  ])('%s', async (_name, request) => {
    const { path, body } = 'path' in request ? request : { path: '/responses', body: request };
    expect((await stage.attacker.post(path, body)).status).toBe(200);
  });
});
