import { connect } from 'node:net';
import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { SIMULATOR_KEY, useSimulator } from '../../support/simulated-client.ts';

const { client, url } = useSimulator();

function post(path: string, body: string): Promise<Response> {
  return fetch(`${url()}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SIMULATOR_KEY}`, 'content-type': 'application/json' },
    body,
  });
}

describe('the simulator refuses', () => {
  it('a wrong key, and does not repeat it', async () => {
    const apiKey = 'sk-wrong-0123456789abcdef';
    const wrong = new OpenAI({ baseURL: url(), apiKey, maxRetries: 0 });
    const error = await wrong.models.list().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key', type: 'invalid_request_error' });
    expect(String(error)).not.toContain(apiKey);
  });

  it('a request without a key', async () => {
    const response = await fetch(`${url()}/models`);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: null, param: null } });
  });

  it('an unknown path', async () => {
    const response = await post('/nothing/here', '{}');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: {
        message: 'Invalid URL (POST /v1/nothing/here)',
        type: 'invalid_request_error',
        param: null,
        code: null,
      },
    });
  });

  it.each([
    ['no JSON', '/chat/completions', '{"model":', 400, null],
    ['no model', '/chat/completions', '{"messages":[]}', 400, null],
    ['an unknown model', '/chat/completions', '{"model":"gpt-x","messages":[]}', 404, 'model_not_found'],
    ['no messages', '/chat/completions', '{"model":"gpt-4o"}', 400, 'missing_required_parameter'],
    ['empty messages', '/chat/completions', '{"model":"gpt-4o","messages":[]}', 400, 'empty_array'],
    [
      'messages that are none',
      '/chat/completions',
      '{"model":"gpt-4o","messages":"hi"}',
      400,
      'invalid_type',
    ],
    [
      'a role that is none',
      '/chat/completions',
      '{"model":"gpt-4o","messages":[{"role":"x"}]}',
      400,
      'invalid_value',
    ],
    ['an unknown parameter', '/chat/completions', '{"model":"gpt-4o","odd":1}', 400, 'unknown_parameter'],
    ['too many choices', '/chat/completions', '{"model":"gpt-4o","n":129}', 400, 'integer_above_max_value'],
    ['too hot', '/chat/completions', '{"model":"gpt-4o","temperature":2.5}', 400, 'decimal_above_max_value'],
    ['another kind of model', '/embeddings', '{"model":"gpt-4o","input":"a"}', 404, null],
    ['no input', '/responses', '{"model":"gpt-4o"}', 400, 'missing_required_parameter'],
    [
      'too low a maximum',
      '/responses',
      '{"model":"gpt-4o","input":"a","max_output_tokens":5}',
      400,
      'integer_below_min_value',
    ],
    ['nothing to embed', '/embeddings', '{"model":"text-embedding-3-small","input":""}', 400, null],
  ])('%s', async (_, path, body, status, code) => {
    const response = await post(path, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code, message: expect.any(String) } });
  });

  it("max_tokens for a reasoning model, as the SDK's typed error", async () => {
    const asked = client().chat.completions.create({
      model: 'gpt-5',
      messages: [{ role: 'user', content: 'a' }],
      max_tokens: 5,
    });
    await expect(asked).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(asked).rejects.toMatchObject({ code: 'unsupported_parameter', param: 'max_tokens' });
  });
});

describe('the simulator sends what OpenAI sends beside the answer', () => {
  it('in its headers', async () => {
    const messages = [{ role: 'user' as const, content: 'a' }];
    const { response, request_id } = await client()
      .chat.completions.create({ model: 'gpt-4o', messages, stream: true })
      .withResponse();
    expect(request_id).toMatch(/^req_/);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('openai-version')).toBe('2020-10-01');
    expect(response.headers.get('openai-organization')).toBeTruthy();
    expect(Number(response.headers.get('openai-processing-ms'))).toBeGreaterThanOrEqual(0);
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBeTruthy();
  });
});

describe('the simulator survives', () => {
  it('clients that leave in the middle of a stream or of a request', async () => {
    const messages = [{ role: 'user' as const, content: 'a' }];
    for await (const _ of await client().chat.completions.create({ model: 'gpt-4o', messages, stream: true }))
      break;
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(url()).port), '127.0.0.1', () => {
        socket.end(`POST /v1/responses HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${SIMULATOR_KEY}\r\n`);
      });
      socket.resume().once('close', () => resolve());
    });
    expect((await client().models.list()).data.length).toBeGreaterThan(0);
  });

  it('any JSON, in any field, with an answer or an error in shape', async () => {
    const fields = [
      'messages',
      'input',
      'prompt',
      'tools',
      'tool_choice',
      'response_format',
      'stop',
      'functions',
      'text',
    ];
    const path = fc.constantFrom(
      '/chat/completions',
      '/responses',
      '/completions',
      '/embeddings',
      '/moderations',
    );
    const model = fc.constantFrom(
      'gpt-4o',
      'gpt-5',
      'gpt-3.5-turbo-instruct',
      'text-embedding-3-small',
      undefined,
    );
    const odd = fc.dictionary(fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 3 }));
    await fc.assert(
      fc.asyncProperty(path, model, odd, async (to, id, body) => {
        const messages = [{ role: 'user', content: 'a' }];
        const usual = to.startsWith('/chat') ? { messages } : { input: 'a' };
        const response = await post(to, JSON.stringify({ model: id, ...usual, ...body }));
        const answer = await response.json();
        expect(response.status).not.toBe(500);
        if (response.status !== 200) expect(answer.error.message).toEqual(expect.any(String));
      }),
      { numRuns: 150 },
    );
  });
});
