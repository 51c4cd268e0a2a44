import type { JsonObject } from '../../../shared/core/json.ts';

/** An answer with the usage as OpenAI words it, and what it costs in USD, worked out by hand from the model's page. */
export interface Answer {
  readonly title: string;
  readonly endpoint: 'chat' | 'responses' | 'embeddings';
  readonly model: string;
  readonly answer: JsonObject;
  readonly usd: string;
}

const chat = (
  title: string,
  model: string,
  usage: JsonObject,
  usd: string,
  more: JsonObject = {},
): Answer => ({
  title,
  endpoint: 'chat',
  model,
  answer: { usage, ...more },
  usd,
});
const response = (
  title: string,
  model: string,
  usage: JsonObject,
  usd: string,
  more: JsonObject = {},
): Answer => ({
  ...chat(title, model, usage, usd, more),
  endpoint: 'responses',
});

const CHAT: readonly Answer[] = [
  chat('nothing at all', 'gpt-4o', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, '0'),
  // 10 x $2.50 + 20 x $10
  chat('no details', 'gpt-4o', { prompt_tokens: 10, completion_tokens: 20 }, '0.000225'),
  // 4 x $2.50 + 6 x $1.25 + 20 x $10
  chat(
    'some of it cached',
    'gpt-4o',
    { prompt_tokens: 10, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 6 } },
    '0.0002175',
  ),
  // 10 x $1.25: a part is never more than the whole
  chat(
    'more cached than there was',
    'gpt-4o',
    { prompt_tokens: 10, completion_tokens: 0, prompt_tokens_details: { cached_tokens: 99 } },
    '0.0000125',
  ),
  // 10 x $1.10 + 20 x $4.40
  chat(
    'more reasoning than output',
    'o4-mini',
    { prompt_tokens: 10, completion_tokens: 20, completion_tokens_details: { reasoning_tokens: 999 } },
    '0.000099',
  ),
  // 10 x $2 + 20 x $8
  chat(
    'fields that nobody knows yet',
    'gpt-4.1',
    {
      prompt_tokens: 10,
      completion_tokens: 20,
      compute_units: 7_000_000,
      prompt_tokens_details: { video_tokens: 5, cached_tokens: null },
      completion_tokens_details: { dream_tokens: 12, audio_tokens: 'some' },
    },
    '0.00018',
  ),
  // 30 x $2.50 + 70 x $32 + 10 x $10 + 90 x $64
  chat(
    'audio in and out',
    'gpt-audio',
    {
      prompt_tokens: 100,
      completion_tokens: 100,
      prompt_tokens_details: { audio_tokens: 70, text_tokens: 30 },
      completion_tokens_details: { audio_tokens: 90, text_tokens: 10 },
    },
    '0.008175',
  ),
  // 100 x $32 + 100 x $64
  chat(
    'more audio than there was',
    'gpt-audio',
    {
      prompt_tokens: 100,
      completion_tokens: 100,
      prompt_tokens_details: { audio_tokens: 5_000 },
      completion_tokens_details: { audio_tokens: 5_000 },
    },
    '0.0096',
  ),
  // 50 x $5 + 30 x $0.50 + 20 x $6.25 + 10 x $30
  chat(
    'some of it written to the cache',
    'gpt-5.6-sol',
    {
      prompt_tokens: 100,
      completion_tokens: 10,
      prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 20 },
    },
    '0.00069',
  ),
  // 70 x $0.50 + 30 x $6.25: what is cached and written is cut to the whole, the cached first
  chat(
    'more cached and written than there was',
    'gpt-5.6-sol',
    {
      prompt_tokens: 100,
      completion_tokens: 0,
      prompt_tokens_details: { cached_tokens: 70, cache_write_tokens: 90 },
    },
    '0.0002225',
  ),
  // 10 x $10 + 20 x $30, as fast
  chat('a tier', 'gpt-6.1-terra', { prompt_tokens: 10, completion_tokens: 20 }, '0.00022', {
    service_tier: 'fast',
  }),
  // 1,000 x $2.50 + 500 x $10 + 3 choices x $0.025
  chat(
    'a search model with three choices',
    'gpt-4o-search-preview',
    { prompt_tokens: 1_000, completion_tokens: 500 },
    '0.0825',
    { choices: [{ index: 0 }, { index: 1 }, { index: 2 }] },
  ),
];

const RESPONSES: readonly Answer[] = [
  response('nothing at all', 'gpt-6-sol', { input_tokens: 0, output_tokens: 0, total_tokens: 0 }, '0'),
  // 1,000 x $1 + 400 x $1.25 + 600 x $2.50 + 100 x $0.05 + 50 x $5
  response(
    'both lifetimes of a cache write',
    'gpt-6.1-terra',
    {
      input_tokens: 2_100,
      input_tokens_details: {
        cached_tokens: 100,
        cache_write_tokens: 1_000,
        cache_write_tokens_details: { ttl_30m_tokens: 400, ttl_12h_tokens: 600 },
      },
      output_tokens: 50,
      output_tokens_details: { reasoning_tokens: 40 },
    },
    '0.003255',
  ),
  // 600 x $2.50: lifetimes whose sum is left out count all the same
  response(
    'a lifetime without the sum',
    'gpt-6.1-terra',
    {
      input_tokens: 600,
      input_tokens_details: { cache_write_tokens_details: { ttl_12h_tokens: 600 } },
      output_tokens: 0,
    },
    '0.0015',
  ),
  // 272,000 x $2 + 10 x $10
  response('on the boundary', 'gpt-6-sol', { input_tokens: 272_000, output_tokens: 10 }, '0.5441'),
  // 272,001 x $4 + 10 x $15
  response('over the boundary', 'gpt-6-sol', { input_tokens: 272_001, output_tokens: 10 }, '1.088154'),
  // 1 x $4 + 272,000 x $0.40 + 10 x $15
  response(
    'over the boundary by what was cached',
    'gpt-6-sol',
    { input_tokens: 272_001, input_tokens_details: { cached_tokens: 272_000 }, output_tokens: 10 },
    '0.108954',
  ),
  // 10 x $2 + 5 x $10 + 2 x $0.01
  response('searches that OpenAI counted', 'gpt-6-sol', { input_tokens: 10, output_tokens: 5 }, '0.02007', {
    tool_usage: { web_search: { num_requests: 2 } },
  }),
  // 10 x $2 + 5 x $10 + (1 + 2) x $0.01: opening a page costs nothing
  response(
    'searches that are counted in the output',
    'gpt-6-sol',
    { input_tokens: 10, output_tokens: 5 },
    '0.03007',
    {
      output: [
        { type: 'web_search_call', action: { type: 'search', query: 'a' } },
        { type: 'web_search_call', action: { type: 'search', queries: ['a', 'b'] } },
        { type: 'web_search_call', action: { type: 'open_page' } },
      ],
    },
  ),
  // 10 x $2.50 + 5 x $10 + 1 x $0.025
  response('a search with the preview tool', 'gpt-4o', { input_tokens: 10, output_tokens: 5 }, '0.025075', {
    tools: [{ type: 'web_search_preview' }],
    tool_usage: { web_search: { num_requests: 1 } },
  }),
  // 10 x $2 + 5 x $10 + 2 x $0.0025
  response('file searches', 'gpt-6-sol', { input_tokens: 10, output_tokens: 5 }, '0.00507', {
    output: [{ type: 'file_search_call' }, { type: 'file_search_call' }],
  }),
  // 10 x $2 + 5 x $10 + 20 minutes x $0.006 + 20 minutes x $0.0015
  response(
    'a container of 4 GB, used twice, and a shell',
    'gpt-6-sol',
    { input_tokens: 10, output_tokens: 5 },
    '0.15007',
    {
      tools: [
        { type: 'code_interpreter', container: { type: 'auto', memory_limit: '4g' } },
        { type: 'shell' },
      ],
      output: [
        { type: 'code_interpreter_call', container_id: 'a' },
        { type: 'code_interpreter_call', container_id: 'a' },
        { type: 'shell_call', environment: { container_id: 'b' } },
      ],
    },
  ),
  // (10 x $2 + 5 x $10) / 2 + $0.01: half the tokens, the whole fee
  response('a search at flex', 'gpt-6-sol', { input_tokens: 10, output_tokens: 5 }, '0.010035', {
    service_tier: 'flex',
    tool_usage: { web_search: { num_requests: 1 } },
  }),
];

const EMBEDDINGS: readonly Answer[] = [
  // 8 x $0.02, 8 x $0.13
  ['text-embedding-3-small', '0.00000016'],
  ['text-embedding-3-large', '0.00000104'],
].map(([model = '', usd = '']) => ({
  title: 'an embedding',
  endpoint: 'embeddings',
  model,
  answer: { usage: { prompt_tokens: 8, total_tokens: 8 } },
  usd,
}));

export const ANSWERS: readonly Answer[] = [...CHAT, ...RESPONSES, ...EMBEDDINGS];
