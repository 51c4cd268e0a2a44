import { describe, expect, test } from 'vitest';
import type { ContainerSize } from '../../../../shared/core/containers.ts';
import type { EstimateContext } from '../../../../shared/core/endpoint.ts';
import { DEFAULT_MAX_TOOL_CALLS } from '../../../../shared/core/endpoints/response-tools.ts';
import { responses } from '../../../../shared/core/endpoints/responses.ts';
import { MAX_QUERIES_PER_SEARCH } from '../../../../shared/core/endpoints/tool-charges.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import { REFUSAL } from '../../../../shared/core/refusal.ts';
import { bytesOf, PRICE, RATES, replay } from './support.ts';

const ask = (more: JsonObject = {}): JsonObject => ({ model: 'test-model', input: 'Hello', ...more });
const worst = (body: JsonObject, more: Partial<EstimateContext> = {}) =>
  responses.worstCase(body, PRICE, { bodyBytes: bytesOf(body), autoTier: 'default', ...more });
const userSays = (...content: JsonObject[]) => ask({ input: [{ role: 'user', content }] });
const oneWindow = BigInt(PRICE.contextWindow) * 2n * RATES.audio_input;
const oneWindowOfText = BigInt(PRICE.contextWindow) * 2n * RATES.cache_write;
const namespace = (...tools: (JsonObject | string)[]): JsonObject => ({
  type: 'namespace',
  name: 'n',
  tools,
});
const auto = (memory_limit?: string) => ({
  type: 'code_interpreter',
  container: { type: 'auto', ...(memory_limit === undefined ? {} : { memory_limit }) },
});

describe('a request that cannot be bounded or metered is refused, naming the member at fault', () => {
  const cases: [string, JsonObject][] = [
    ['model', { input: 'x', prompt: { id: 'pmpt_1' } }],
    ['tools', ask({ prompt: { id: 'pmpt_1' } })],
    ['store', ask({ background: true, store: false })],
    [
      'background_options.completion_window',
      ask({ background: true, background_options: { completion_window: '8h' } }),
    ],
    ['background_options', ask({ background: true, background_options: '2h' })],
    [
      'background',
      ask({ background: true, tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }),
    ],
    [
      'background',
      ask({ background: true, tools: [{ type: 'shell', environment: { type: 'container_auto' } }] }),
    ],
    ['stream', ask({ stream: 1 })],
    ['max_output_tokens', ask({ max_output_tokens: 0 })],
    ['max_tool_calls', ask({ max_tool_calls: -1 })],
    ['tools', ask({ tools: {} })],
    ['tools[0]', ask({ tools: [{ type: 'image_generation', model: 'm', output_format: 'svg' }] })],
    ['tools[0]', ask({ tools: [{ type: 'image_generation', model: 'm', svg: { model: 'gpt-6-sol' } }] })],
    ['tools[0]', ask({ tools: [{ type: 'image_generation', model: 7 }] })],
    ['tools[0]', ask({ tools: [{ type: 'image_generation', model: 'm', frame_count: 1e9 }] })],
    [
      'tools',
      ask({
        tools: [
          { type: 'image_generation', model: 'gpt-image-2' },
          { type: 'image_generation', model: 'gpt-image-1.5' },
        ],
      }),
    ],
    ['tools[0]', ask({ tools: [{ type: 'teleport' }] })],
    ['tools[0]', ask({ tools: [{}] })],
    ['tools[0]', ask({ tools: ['web_search'] })],
    ['tools[0]', ask({ tools: [{ type: 'code_interpreter', container: '' }] })],
    ['tools[0]', ask({ tools: [{ type: 'code_interpreter' }] })],
    ['tools[0]', ask({ tools: [auto('2t')] })],
    ['tools[0]', ask({ tools: [{ type: 'shell', environment: { type: 'container_reference' } }] })],
    [
      'input[1].tools',
      ask({
        input: [
          { role: 'user', content: 'x' },
          { type: 'additional_tools', tools: [{ type: 'web_search' }] },
        ],
      }),
    ],
    [
      'input[0].tools',
      ask({ input: [{ type: 'tool_search_output', tools: [{ type: 'image_generation' }] }] }),
    ],
    ['tools[0]', ask({ tools: [namespace({ type: 'web_search' })] })],
    ['tools[0]', ask({ tools: [namespace({ type: 'function' }, { type: 'mcp' })] })],
    ['tools[0]', ask({ tools: [namespace(namespace({ type: 'code_interpreter' }))] })],
    ['tools[0]', ask({ tools: [namespace('web_search')] })],
    ['tools[0]', ask({ tools: [{ type: 'namespace', tools: { type: 'web_search' } }] })],
    [
      'input[0].tools',
      ask({ input: [{ type: 'additional_tools', tools: [namespace({ type: 'web_search' })] }] }),
    ],
    ['tools[0]', ask({ tools: [{ type: 'web_search_2030_01_01' }] })],
    ['input', ask({ input: { role: 'user', content: 'x' } })],
    ['input[0]', ask({ input: ['x'] })],
    ['input[0].content', ask({ input: [{ role: 'user', content: { type: 'input_file' } }] })],
    ['instructions', ask({ instructions: [{ role: 'user', content: 'x' }] })],
    ['teleport', ask({ teleport: true })],
    ['service_tier', ask({ service_tier: 'warp' })],
    ['reasoning.mode', ask({ reasoning: { mode: 'pro' } })],
  ];
  test.each(cases)('%s', (param, body) => {
    expect(responses.check(body)).toMatchObject({ kind: REFUSAL, status: 400, param });
  });

  test('a stored prompt must be told its model, and why', () => {
    expect(responses.check({ prompt: { id: 'pmpt_1' } })?.message).toContain('stored prompt');
  });

  const types = ['function', 'custom', 'computer', 'computer_use_preview', 'local_shell', 'apply_patch'];
  const hosted = [
    'web_search',
    'web_search_2025_08_26',
    'web_search_preview',
    'web_search_preview_2025_03_11',
  ];
  test.each([...types, ...hosted, 'file_search', 'mcp', 'tool_search', 'shell'])(
    'tool %s is served',
    (type) => {
      expect(responses.check(ask({ tools: [{ type }] }))).toBeUndefined();
    },
  );

  test("a namespace of the caller's own tools is served", () => {
    const own = namespace({ type: 'function', name: 'f' }, { type: 'custom', name: 'c' });
    expect(responses.check(ask({ tools: [own] }))).toBeUndefined();
    expect(responses.check(ask({ input: [{ type: 'additional_tools', tools: [own] }] }))).toBeUndefined();
  });

  test('an ordinary request is not refused', () => {
    const more = {
      prompt: { id: 'pmpt_1' },
      tools: [],
      store: true,
      background: false,
      previous_response_id: 'resp_1',
    };
    expect(responses.check(ask())).toBeUndefined();
    expect(
      responses.check(ask({ ...more, reasoning: { effort: 'high' }, conversation: null })),
    ).toBeUndefined();
    expect(responses.check(ask({ tools: [auto(), auto('64g')] }))).toBeUndefined();
    expect(
      responses.check(ask({ input: [{ type: 'mcp_list_tools', tools: [{ name: 'x' }] }] })),
    ).toBeUndefined();
  });
});

describe('the worst case without hosted tools', () => {
  test('is bytes and the maximum of output', () => {
    const { fixed, ...output } = worst(ask({ max_output_tokens: 50 }));
    expect(output).toEqual({ maxOutputTokens: 50, explicit: true, perOutputToken: RATES.output });
    expect(fixed).toBeLessThan(1_000n * RATES.cache_write);
    expect(worst(ask())).toMatchObject({ maxOutputTokens: 8_000, explicit: false });
    expect(worst(ask())).not.toHaveProperty('sendMaximum');
  });

  test.each([
    ['an earlier response', ask({ previous_response_id: 'resp_1' })],
    ['a conversation', ask({ conversation: { id: 'conv_1' } })],
    ['a stored prompt', ask({ prompt: { id: 'pmpt_1' }, tools: [] })],
    ['a stored item', ask({ input: [{ type: 'item_reference', id: 'msg_1' }] })],
    ['a stored item whose type is left out', ask({ input: [{ id: 'msg_1' }] })],
    ['a stored item whose type is null', ask({ input: [{ type: null, id: 'msg_1' }] })],
    ['a message by its id', ask({ input: [{ type: 'message', id: 'msg_1', role: 'assistant' }] })],
    ['a reasoning by its id', ask({ input: [{ type: 'reasoning', id: 'rs_1', summary: [] }] })],
    [
      'a reasoning of which only the summary is sent',
      ask({ input: [{ type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'x' }] }] }),
    ],
    ['a compaction by its id', ask({ input: [{ type: 'compaction', id: 'cmp_1' }] })],
    [
      'a call of an MCP server by its id',
      ask({ input: [{ type: 'mcp_call', id: 'mcp_1', arguments: '{}' }] }),
    ],
    ['what a web search found', ask({ input: [{ type: 'web_search_call', id: 'ws_1', action: {} }] })],
    ['what a file search found', ask({ input: [{ type: 'file_search_call', id: 'fs_1', queries: ['x'] }] })],
    ['what code put out', ask({ input: [{ type: 'code_interpreter_call', id: 'ci_1', code: '1' }] })],
    ['an image that was made', ask({ input: [{ type: 'image_generation_call', id: 'ig_1' }] })],
    [
      'a result that is neither text nor parts',
      ask({ input: [{ type: 'function_call_output', call_id: 'c', output: { type: 'input_file' } }] }),
    ],
    ['an item of an unknown type', ask({ input: [{ type: 'hologram' }] })],
    ['a file', userSays({ type: 'input_file', file_url: 'https://x.test/a.pdf' })],
    [
      'a file that a tool returned',
      ask({ input: [{ type: 'function_call_output', output: [{ type: 'input_file' }] }] }),
    ],
  ])('counts %s as the whole context window', (_name, body) => {
    expect(worst(body).fixed).toBe(oneWindow);
  });

  test.each<[string, JsonObject]>([
    ['a message', { type: 'message', id: 'msg_1', role: 'assistant', content: 'Hi' }],
    ['a message without a type', { role: 'user', content: 'Hi' }],
    ['an empty message without an id', { role: 'user', content: '' }],
    ['encrypted reasoning', { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' }],
    ['an encrypted compaction', { type: 'compaction', id: 'cmp_1', encrypted_content: 'gAAAA' }],
    ["a function's call", { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f', arguments: '{}' }],
    ["a function's result", { type: 'function_call_output', id: 'fco_1', call_id: 'c', output: 'done' }],
    ['the result of an MCP server', { type: 'mcp_call', id: 'mcp_1', arguments: '{}', output: 'x' }],
  ])('counts %s that carries its content by its bytes, and its answer may be given again', (_name, item) => {
    const body = ask({ store: false, input: [item] });
    expect(worst(body).fixed).toBeLessThan(1_000n * RATES.cache_write);
    expect(responses.cacheable(body)).toBe(true);
  });

  test.each([
    ['in a message', (image_url: string) => userSays({ type: 'input_image', image_url })],
    [
      'that a function returned',
      (image_url: string) =>
        ask({ input: [{ type: 'function_call_output', output: [{ type: 'input_image', image_url }] }] }),
    ],
    [
      'of a screen',
      (image_url: string) =>
        ask({
          input: [{ type: 'computer_call_output', output: { type: 'computer_screenshot', image_url } }],
        }),
    ],
  ])('counts an image %s by its most tokens, not by its base64', (_name, body) => {
    const linked = worst(body('https://x.test/a.png')).fixed;
    expect(linked).toBeGreaterThan(1_500n * RATES.image_input);
    expect(worst(body(`data:image/png;base64,${'A'.repeat(90_000)}`)).fixed).toBeLessThanOrEqual(linked);
  });

  test('counts base64 that stands where no image can be as text', () => {
    const image_url = `data:image/png;base64,${'A'.repeat(10_000)}`;
    const schema = { enum: [{ type: 'input_image', image_url }] };
    const body = ask({ input: [{ type: 'mcp_list_tools', tools: [{ name: 'x', input_schema: schema }] }] });
    expect(worst(body).fixed).toBeGreaterThan(10_000n * RATES.input);
  });
});

describe('the tools of the caller', () => {
  const tokens = (more: JsonObject) => {
    const body = ask(more);
    return Number(worst(body).fixed / RATES.cache_write) - bytesOf(body);
  };
  const none = tokens({});

  test('add what the template writes around each, also in a namespace and in the input', () => {
    const tool = { type: 'function', name: 'f' };
    expect(none).toBe(256);
    expect(tokens({ tools: [tool] }) - none).toBe(64);
    expect(tokens({ tools: [namespace(tool, tool)] }) - none).toBe(3 * 64);
    expect(tokens({ input: [{ type: 'additional_tools', tools: [tool, tool] }] }) - none).toBe(2 * 64);
  });

  test('add what OpenAI tells the model about a tool of its own making', () => {
    expect(tokens({ tools: [{ type: 'computer' }, { type: 'apply_patch' }] }) - none).toBe(2 * 2_048);
    expect(tokens({ input: [{ type: 'additional_tools', tools: [{ type: 'computer' }] }] }) - none).toBe(
      2_048,
    );
  });
});

describe('the worst case with hosted tools', () => {
  const turns = BigInt(DEFAULT_MAX_TOOL_CALLS + 1);

  test('lets the model read its whole window after every call, and bounds the calls', () => {
    const body = ask({ tools: [{ type: 'mcp', server_label: 'x' }] });
    expect(responses.forMetering(body, PRICE)).toEqual({
      ...body,
      max_tool_calls: DEFAULT_MAX_TOOL_CALLS,
      service_tier: 'auto',
    });
    expect(worst(body).fixed).toBe(turns * oneWindowOfText);
  });

  test('keeps the tier that the caller names', () => {
    expect(responses.forMetering(ask({ service_tier: 'flex' }), PRICE)).toEqual(
      ask({ service_tier: 'flex' }),
    );
  });

  test('keeps the number of calls that the caller names', () => {
    const body = ask({ max_tool_calls: 2, tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] });
    expect(responses.forMetering(body, PRICE)).toEqual({ ...body, service_tier: 'auto' });
    expect(worst(body).fixed).toBe(3n * oneWindowOfText + 2n * 2n * RATES.file_search);
  });

  test('charges every call as the dearest of the tools that are there', () => {
    const tools = [{ type: 'file_search' }, { type: 'web_search' }, { type: 'function' }];
    const fee = BigInt(DEFAULT_MAX_TOOL_CALLS * MAX_QUERIES_PER_SEARCH) * 2n * RATES.web_search;
    expect(worst(ask({ tools })).fixed).toBe(turns * oneWindowOfText + fee);
  });

  test('adds for every container, by its memory, the minutes that it can live', () => {
    const tools = [
      auto(),
      auto('64g'),
      { type: 'shell', environment: { type: 'container_auto', memory_limit: '4g' } },
    ];
    // Used until Lambda ends the function after 15 minutes, and left to expire, which takes 20.
    const fees = 35n * 2n * (RATES.container_1g + RATES.container_64g + RATES.container_4g);
    expect(worst(ask({ tools })).fixed).toBe(turns * oneWindow + fees);
  });

  test('takes a container that is there for the largest that it can be', () => {
    const minutes = 35n * 2n;
    const named = { type: 'code_interpreter', container: 'cntr_1' };
    const shell = { type: 'shell', environment: { type: 'container_reference', container_id: 'cntr_1' } };
    const fees = (tools: JsonObject[], containerSize?: ContainerSize) =>
      worst(ask({ tools }), containerSize === undefined ? {} : { containerSize }).fixed - turns * oneWindow;
    expect(fees([named, shell])).toBe(minutes * 2n * RATES.container_64g);
    expect(fees([named, shell], '4g')).toBe(minutes * 2n * RATES.container_4g);
    expect(fees([auto()], '16g')).toBe(minutes * RATES.container_16g);
    expect(fees([auto('64g')], '16g')).toBe(minutes * RATES.container_64g);
  });

  test('sends the maximum of output, as the outputs of several turns add up', () => {
    const tools = [{ type: 'web_search' }];
    expect(worst(ask({ tools }))).toMatchObject({
      maxOutputTokens: 8_000,
      explicit: false,
      sendMaximum: true,
    });
    expect(worst(ask({ tools, max_output_tokens: 20_000 }))).toMatchObject({
      maxOutputTokens: 20_000,
      explicit: true,
    });
    expect(responses.withOutputCap(ask(), 99)).toEqual(ask({ max_output_tokens: 99 }));
  });

  test("a local shell is the caller's own", () => {
    const body = ask({ tools: [{ type: 'shell', environment: { type: 'local' } }] });
    expect(responses.forMetering(body, PRICE)).toEqual({ ...body, service_tier: 'auto' });
    expect(worst(body).fixed).toBeLessThan(oneWindow);
  });
});

describe('a whole response', () => {
  const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
  const counts = (more: JsonObject) => responses.served({ model: 'm', usage, ...more }, {})?.counts;
  const search = (action: JsonObject) => ({ type: 'web_search_call', action });

  test('counts searches as OpenAI reports them', () => {
    const output = [search({ type: 'search', queries: ['a', 'b', 'c'] })];
    expect(counts({ output, tool_usage: { web_search: { num_requests: 1 } } })).toMatchObject({
      web_search: 1,
    });
    expect(counts({ output, tool_usage: { web_search: { num_requests: 0 } } })).not.toHaveProperty(
      'web_search',
    );
  });

  test('counts searches itself where OpenAI does not, and no opened pages', () => {
    const output = [
      search({ type: 'search', query: 'a' }),
      search({ type: 'search', queries: ['a', 'b'] }),
      search({ type: 'open_page' }),
      search({ type: 'find_in_page' }),
      { type: 'web_search_call' },
    ];
    expect(counts({ output })).toEqual({ input: 10, output: 5, web_search: 4 });
    expect(counts({ output, tools: [{ type: 'web_search_preview' }] })).toMatchObject({
      web_search_preview: 4,
    });
  });

  test('counts file searches, and 20 minutes of each container, by the memory of the tools', () => {
    const code = (container_id: string) => ({ type: 'code_interpreter_call', container_id });
    const shell = (container_id: string) => ({
      type: 'shell_call',
      environment: { type: 'container_reference', container_id },
    });
    const output = [
      { type: 'file_search_call' },
      { type: 'file_search_call' },
      code('a'),
      code('a'),
      code('b'),
      shell('c'),
    ];
    expect(
      counts({ output, tools: [auto('16g'), { type: 'shell', environment: { type: 'container_auto' } }] }),
    ).toEqual({
      input: 10,
      output: 5,
      file_search: 2,
      container_16g: 40,
      container_1g: 20,
    });
    expect(counts({ output: [code('a'), shell('b')], tools: [] })).toMatchObject({ container_1g: 40 });
    expect(counts({ output: [{ type: 'shell_call', environment: { type: 'local' } }] })).toEqual({
      input: 10,
      output: 5,
    });
  });

  test.each(['failed', 'in_progress', 'queued', 'cancelled'])(
    'that is %s without usage is unknown',
    (status) => {
      expect(responses.served({ status, model: 'm', usage: null, output: [] }, {})).toBeUndefined();
    },
  );

  test.each(['in_progress', 'queued'])('that is %s is not settled by the usage that it carries', (status) => {
    expect(responses.served({ status, model: 'm', usage, output: [] }, {})).toBeUndefined();
  });

  test.each(['failed', 'incomplete', 'cancelled'])('that is %s costs the usage that it tells', (status) => {
    expect(responses.served({ status, model: 'm', usage, output: [] }, {})?.counts).toEqual({
      input: 10,
      output: 5,
    });
  });
});

describe('a stream', () => {
  test('tells its usage at its end, and is passed on whole', () => {
    const meter = responses.streamMeter(ask({ stream: true }));
    expect(new Set(replay('responses', meter))).toEqual(new Set(['pass']));
    expect(meter.served()).toEqual({
      model: 'gpt-5.1-2025-11-13',
      serviceTier: 'default',
      counts: {
        input: 1632,
        cached_input: 7680,
        output: 402,
        reasoning: 256,
        web_search: 2,
        container_4g: 20,
      },
      containers: [{ id: 'cntr_a', unit: 'container_4g' }],
    });
    expect(meter.seenOutputBytes()).toBe(Buffer.byteLength('Look it up1+1Grüezi!'));
  });

  test('that stopped at its maximum tells its usage, too', () => {
    const meter = responses.streamMeter(ask({ stream: true }));
    replay('responses-incomplete', meter);
    expect(meter.served()?.counts).toEqual({ input: 1632, cached_input: 7680, output: 16 });
    expect(meter.seenOutputBytes()).toBe('{"city":'.length);
  });

  test.each(['completed', 'incomplete', 'failed'])('that is %s costs the usage that it tells', (status) => {
    const meter = responses.streamMeter(ask({ stream: true }));
    const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
    const response = { id: 'resp_1', model: 'm', output: [] };
    meter.see({ type: 'response.in_progress', response: { ...response, status: 'in_progress', usage } });
    expect([meter.served(), meter.isFinal()]).toEqual([undefined, false]);
    meter.see({ type: `response.${status}`, response: { ...response, status, usage } });
    expect(meter.served()?.counts).toEqual({ input: 10, output: 5 });
    expect(meter.isFinal()).toBe(true);
  });

  test('that failed is unknown, with what was seen of it', () => {
    const meter = responses.streamMeter(ask({ stream: true }));
    replay('responses-failed', meter);
    expect(meter.served()).toBeUndefined();
    expect(meter.seenOutputBytes()).toBe('Once upon'.length);
  });
});

describe('an answer may be given again', () => {
  const unstored = (more: JsonObject = {}) => ask({ store: false, ...more });
  test.each([
    [true, unstored()],
    [true, unstored({ tools: [{ type: 'function', name: 'f' }], background: false })],
    [false, ask()],
    [false, ask({ store: true })],
    [false, unstored({ tools: [{ type: 'mcp' }] })],
    [false, unstored({ tools: [{ type: 'web_search' }] })],
    [false, unstored({ previous_response_id: 'resp_1' })],
    [false, unstored({ conversation: 'conv_1' })],
    [false, unstored({ prompt: { id: 'pmpt_1' }, tools: [] })],
    [false, unstored({ input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }] })],
    [false, unstored({ input: [{ type: 'item_reference', id: 'msg_1' }] })],
    [false, unstored({ input: [{ id: 'msg_1' }] })],
    [false, unstored({ input: [{ type: null, id: 'msg_1' }] })],
    [false, unstored({ input: [{ type: 'reasoning', id: 'rs_1', summary: [] }] })],
    [false, unstored({ input: [{ type: 'compaction', id: 'cmp_1' }] })],
    [false, unstored({ input: [{ type: 'web_search_call', id: 'ws_1', action: { type: 'search' } }] })],
    [false, unstored({ input: [{ type: 'hologram' }] })],
  ])('%s', (expected, body) => {
    expect(responses.cacheable(body)).toBe(expected);
  });
});
