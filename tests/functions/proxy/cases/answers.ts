import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
import { expect } from 'vitest';
import { event, json, sse } from '../../../support/scripted-upstream.ts';
import { PRIVATE_TEXT, sdk } from '../../../support/world.ts';
import { ask, CHAT, CHAT_STREAM, CHUNKS, DONE, type HttpCase, of, post, USAGE_COST } from './fixtures.ts';

export const ANSWERS: readonly HttpCase[] = [
  {
    name: 'a chat completion is answered as OpenAI answered it, and booked at its exact cost',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1');
      const { data, response } = await sdk(target, project)
        .chat.completions.create(ask(project))
        .withResponse();
      expect(data).toEqual(CHAT);
      expect(response.headers.get('x-request-id')).toBe('req_upstream');
      expect(response.headers.get('openai-proxy-cost')).toBe(USAGE_COST);
      expect(response.headers.get('openai-proxy-cache')).toBe('miss');
      expect(response.headers.get('openai-proxy-remaining')).toBe('0.997');
      const [entry, ...others] = await world.entries(project);
      expect(others).toEqual([]);
      expect(entry?.id).toBe(response.headers.get('openai-proxy-call-id'));
      expect(entry).toMatchObject({ user: 'user/developer', model: 'gpt-4o', requestedModel: 'gpt-4o' });
      expect(entry?.outcome).toMatchObject({
        state: 'settled',
        cost: 3_000_000_000n,
        servedModel: 'gpt-4o-2024-08-06',
        tally: { calls: 1, input: 600, cached_input: 400, output: 100, reasoning: 20 },
        flags: [],
      });
    },
  },
  {
    name: "a stream is OpenAI's byte for byte, less the usage chunk that nobody asked for",
    async run(world, target) {
      world.upstream.on('/chat/completions', sse(CHAT_STREAM));
      const project = await world.project('1');
      const response = await post(
        target,
        '/v1/chat/completions',
        { ...ask(project), stream: true },
        of(project),
      );
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      expect(await response.text()).toBe([...CHUNKS.map((data) => event(data)), DONE].join(''));
      const forwarded = world.upstream.received.at(-1)?.json();
      expect(forwarded).toMatchObject({ stream: true, stream_options: { include_usage: true } });
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ state: 'settled', cost: 3_000_000_000n });
    },
  },
  {
    name: 'a stream carries its usage chunk and its cost for a caller who asked for them',
    async run(world, target) {
      world.upstream.on('/chat/completions', sse(CHAT_STREAM));
      const project = await world.project('1');
      const body = { ...ask(project), stream: true, stream_options: { include_usage: true } };
      const response = await post(
        target,
        '/v1/chat/completions',
        body,
        of(project, { 'openai-proxy-stream-cost': '1' }),
      );
      expect(await response.text()).toBe(`${CHAT_STREAM.join('')}: openai-proxy-cost ${USAGE_COST}\n\n`);
    },
  },
  {
    name: "the SDK's stream helper sees what it would see at OpenAI",
    async run(world, target) {
      world.upstream.on('/chat/completions', sse(CHAT_STREAM));
      const project = await world.project('1');
      const runner = sdk(target, project).chat.completions.stream(ask(project));
      const final = await runner.finalChatCompletion();
      expect(final.choices[0]?.message.content).toBe(PRIVATE_TEXT);
    },
  },
  {
    name: 'every shape of a chat request reaches OpenAI as it was sent',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('5');
      const body: ChatCompletionCreateParamsNonStreaming = {
        model: 'gpt-4o',
        n: 2,
        seed: 7,
        logprobs: true,
        top_logprobs: 2,
        temperature: 0.3,
        max_completion_tokens: 50,
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } },
        tools: [
          { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } },
        ],
        tool_choice: 'auto',
        messages: [
          { role: 'system', content: 'a' },
          {
            role: 'user',
            content: [
              { type: 'text', text: project },
              { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
            ],
          },
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }],
          },
          { role: 'tool', tool_call_id: 't', content: 'ok' },
        ],
      };
      await sdk(target, project).chat.completions.create(body);
      // To name a tier makes OpenAI tell which one served the request.
      expect(world.upstream.received.at(-1)?.json()).toEqual({ ...body, service_tier: 'auto' });
    },
  },
  {
    name: 'numbers that JavaScript cannot hold reach OpenAI digit by digit',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1');
      const body = JSON.stringify(ask(project)).replace('{', '{"seed":9223372036854775807,');
      expect((await post(target, '/v1/chat/completions', body, of(project))).status).toBe(200);
      expect(world.upstream.received.at(-1)?.body.toString()).toContain('"seed":9223372036854775807');
    },
  },
  {
    name: 'a response is answered and booked, hosted tools included',
    async run(world, target) {
      const answer = {
        id: 'resp_1',
        object: 'response',
        status: 'completed',
        model: 'gpt-4o-2024-08-06',
        service_tier: 'default',
        output: [
          {
            type: 'web_search_call',
            id: 'ws_1',
            status: 'completed',
            action: { type: 'search', query: 'x' },
          },
          {
            type: 'message',
            id: 'm',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: PRIVATE_TEXT, annotations: [] }],
          },
        ],
        tools: [{ type: 'web_search' }],
        usage: {
          input_tokens: 2_000,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: 10,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 2_010,
        },
      };
      world.upstream.on('/responses', json(answer));
      const project = await world.project('20');
      const { data, response } = await sdk(target, project)
        .responses.create({
          model: 'gpt-4o',
          input: project,
          max_output_tokens: 100,
          max_tool_calls: 2,
          tools: [{ type: 'web_search' }],
        })
        .withResponse();
      expect(data.output_text).toBe(PRIVATE_TEXT);
      // 2,000 x $2.50 + 10 x $10 per million, and one search at $10 per thousand.
      expect(response.headers.get('openai-proxy-cost')).toBe('0.0151');
    },
  },
  {
    name: 'a stream of a response is booked from its last event',
    async run(world, target) {
      const events = [
        event(
          {
            type: 'response.created',
            sequence_number: 0,
            response: {
              id: 'resp_1',
              status: 'in_progress',
              model: 'gpt-4o-2024-08-06',
              output: [],
              usage: null,
            },
          },
          'response.created',
        ),
        event(
          {
            type: 'response.output_text.delta',
            sequence_number: 1,
            item_id: 'm',
            output_index: 0,
            content_index: 0,
            delta: PRIVATE_TEXT,
            logprobs: [],
          },
          'response.output_text.delta',
        ),
        event(
          {
            type: 'response.completed',
            sequence_number: 2,
            response: {
              id: 'resp_1',
              status: 'completed',
              model: 'gpt-4o-2024-08-06',
              service_tier: 'default',
              output: [],
              usage: {
                input_tokens: 1_000,
                input_tokens_details: { cached_tokens: 400 },
                output_tokens: 100,
                output_tokens_details: { reasoning_tokens: 0 },
                total_tokens: 1_100,
              },
            },
          },
          'response.completed',
        ),
      ];
      world.upstream.on('/responses', sse(events));
      const project = await world.project('1');
      const body = { model: 'gpt-4o', input: project, stream: true, max_output_tokens: 200 };
      const response = await post(target, '/v1/responses', body, of(project));
      expect(await response.text()).toBe(events.join(''));
      const [entry] = await world.entries(project);
      expect(entry?.outcome?.cost).toBe(3_000_000_000n);
    },
  },
  {
    name: 'embeddings are answered and booked',
    async run(world, target) {
      const answer = {
        object: 'list',
        model: 'text-embedding-3-small',
        data: [{ object: 'embedding', index: 0, embedding: [0.5, -0.5] }],
        usage: { prompt_tokens: 1_000, total_tokens: 1_000 },
      };
      world.upstream.on('/embeddings', json(answer));
      const project = await world.project('1');
      const { data, response } = await sdk(target, project)
        .embeddings.create({
          model: 'text-embedding-3-small',
          input: [project, PRIVATE_TEXT],
          encoding_format: 'float',
        })
        .withResponse();
      expect(data.data[0]?.embedding).toEqual([0.5, -0.5]);
      expect(response.headers.get('openai-proxy-cost')).toBe('0.00002');
    },
  },
  {
    name: 'a legacy completion is answered and booked',
    async run(world, target) {
      const answer = {
        id: 'cmpl-1',
        object: 'text_completion',
        model: 'gpt-3.5-turbo-instruct',
        choices: [{ index: 0, text: PRIVATE_TEXT, finish_reason: 'stop', logprobs: null }],
        usage: { prompt_tokens: 1_000, completion_tokens: 10, total_tokens: 1_010 },
      };
      world.upstream.on('/completions', json(answer));
      const project = await world.project('1');
      const { data, response } = await sdk(target, project)
        .completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: project, max_tokens: 20 })
        .withResponse();
      expect(data.choices[0]?.text).toBe(PRIVATE_TEXT);
      // 1,000 x $1.50 + 10 x $2, per million tokens.
      expect(response.headers.get('openai-proxy-cost')).toBe('0.00152');
    },
  },
  {
    name: 'a stream of a legacy completion is read by the SDK without the usage chunk, and booked by it',
    async run(world, target) {
      const head = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'gpt-3.5-turbo-instruct' };
      const piece = (text: string, finish_reason: string | null) => ({
        ...head,
        choices: [{ index: 0, text, finish_reason, logprobs: null }],
      });
      const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 };
      const chunks = [piece(PRIVATE_TEXT, null), piece('', 'stop')];
      const last = event({ ...head, choices: [], usage });
      world.upstream.on('/completions', sse([...chunks.map((data) => event(data)), last, DONE]));
      const project = await world.project('1');
      const stream = await sdk(target, project).completions.create({
        model: 'gpt-3.5-turbo-instruct',
        prompt: project,
        max_tokens: 20,
        stream: true,
      });
      const seen: unknown[] = [];
      for await (const chunk of stream) seen.push(chunk);
      expect(seen).toEqual(chunks);
      const [entry] = await world.entries(project);
      // 10 x $1.50 + 10 x $2, per million tokens.
      expect(entry?.outcome).toMatchObject({ state: 'settled', cost: 35_000_000n, flags: [] });
    },
  },
  {
    name: "embeddings come as base64 by the SDK's default, also of tokens, and are decoded",
    async run(world, target) {
      const embedding = Buffer.from(new Float32Array([0.5, -0.25]).buffer).toString('base64');
      const answer = {
        object: 'list',
        model: 'text-embedding-3-small',
        data: [{ object: 'embedding', index: 0, embedding }],
        usage: { prompt_tokens: 3, total_tokens: 3 },
      };
      world.upstream.on('/embeddings', json(answer));
      const project = await world.project('1');
      const inputs = [project, [1, 2, 3], [[1, 2], [3]], [project, PRIVATE_TEXT]];
      for (const input of inputs) {
        const { data } = await sdk(target, project).embeddings.create({
          model: 'text-embedding-3-small',
          input,
        });
        expect(data[0]?.embedding).toEqual([0.5, -0.25]);
        const forwarded = world.upstream.received.at(-1)?.json();
        expect(forwarded).toEqual({ model: 'text-embedding-3-small', input, encoding_format: 'base64' });
      }
      const entries = await world.entries(project);
      expect(entries).toHaveLength(inputs.length);
      // 3 x $0.02 per million tokens.
      for (const { outcome } of entries) expect(outcome).toMatchObject({ cost: 60_000n, flags: [] });
    },
  },
  {
    name: 'a response that continues another is answered anew each time, and holds the whole window',
    async run(world, target) {
      const usage = { input_tokens: 100_000, output_tokens: 10, total_tokens: 100_010 };
      const answer = { id: 'resp_2', object: 'response', status: 'completed', model: 'gpt-4o-2024-08-06' };
      world.upstream.on('/responses', json({ ...answer, service_tier: 'default', output: [], usage }));
      const project = await world.project('5');
      const previous = { id: `resp_${project}`, kind: 'response', project, user: 'user/developer' } as const;
      await world.deps.objects.own([previous]);
      const body = {
        model: 'gpt-4o',
        previous_response_id: previous.id,
        input: project,
        max_output_tokens: 20,
      };
      for (const store of [false, false]) {
        const { response } = await sdk(target, project)
          .responses.create({ ...body, store })
          .withResponse();
        expect(response.headers.get('openai-proxy-cache')).toBe('bypass');
        // 100,000 x $2.50 + 10 x $10, per million tokens.
        expect(response.headers.get('openai-proxy-cost')).toBe('0.2501');
      }
      const forwarded = world.upstream.received.at(-1)?.json();
      expect(forwarded).toEqual({ ...body, store: false, service_tier: 'auto' });
      for (const { held, outcome } of await world.entries(project)) {
        expect(outcome?.flags).toEqual([]);
        expect(outcome?.cost).toBeLessThan(held);
      }
    },
  },
  {
    name: 'moderations and models are free, booked at 0, and need no limit',
    async run(world, target) {
      world.upstream.on('/moderations', json({ id: 'm', model: 'omni-moderation-latest', results: [] }));
      world.upstream.on(
        '/models',
        json({ object: 'list', data: [{ id: 'gpt-4o', object: 'model', created: 1, owned_by: 'openai' }] }),
      );
      world.upstream.on(
        '/models/gpt-4o',
        json({ id: 'gpt-4o', object: 'model', created: 1, owned_by: 'openai' }),
      );
      const project = await world.project();
      const client = sdk(target, project);
      const moderation = await client.moderations.create({ input: PRIVATE_TEXT }).withResponse();
      expect(moderation.response.headers.get('openai-proxy-cost')).toBe('0');
      expect((await client.models.list()).data[0]?.id).toBe('gpt-4o');
      expect((await client.models.retrieve('gpt-4o')).id).toBe('gpt-4o');
      const entries = await world.entries(project);
      expect(entries.map(({ endpoint }) => endpoint)).toEqual([
        'moderations',
        'models.list',
        'models.retrieve',
      ]);
      expect(entries.every(({ outcome }) => outcome?.cost === 0n)).toBe(true);
    },
  },
  {
    name: 'OpenAI sees its own key and nothing of ours',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('1');
      await sdk(target, project, {
        headers: {
          'OpenAI-Organization': 'org-other',
          'x-forwarded-for': '1.2.3.4',
          cookie: 'a=b',
          'accept-encoding': 'gzip, br',
        },
      }).chat.completions.create(ask(project));
      const headers = world.upstream.received.at(-1)?.headers ?? {};
      expect(headers.authorization).toBe('Bearer sk-test-THIS-KEY-MUST-NOT-LEAK');
      expect(headers['user-agent']).toContain('OpenAI');
      // It is metered, and passed on as it came.
      expect(headers['accept-encoding']).toBe('identity');
      const names = Object.keys(headers);
      expect(
        names.filter((name) => /^(openai-proxy-|x-amz|x-forwarded|openai-organization|cookie)/.test(name)),
      ).toEqual([]);
    },
  },
];
