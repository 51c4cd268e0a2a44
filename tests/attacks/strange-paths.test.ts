import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHAT } from '../functions/proxy/cases/fixtures.ts';
import { json } from '../support/scripted-upstream.ts';
import { wireEvent } from '../support/targets.ts';
import { type AttackStage, refusalOf, startAttackStage } from './support/stage.ts';

/*
 * A path or a method is written so that Farebox and OpenAI might read it differently, or names what nobody meters.
 */

let stage: AttackStage;
beforeAll(async () => {
  stage = await startAttackStage();
  stage.upstream.on('/chat/completions', json(CHAT));
});
afterAll(() => stage.close());

const paths = (method: string, ...all: readonly string[]) => all.map((path) => [method, path] as const);

const TRICKS: readonly (readonly [string, string])[] = [
  ...paths(
    'POST',
    '/v1//chat/completions',
    '//v1/chat/completions',
    '/v1/chat/completions/',
    '/v1/chat/completions//',
    '/v1/chat/completions/..',
    '/v1/chat/completions/.',
    '/v1/chat%2Fcompletions',
    '/v1/chat%2fcompletions',
    '/v1/%63hat/completions',
    '/v1/chat/completions%00',
    '/v1/chat/completions%20',
    '/v1/chat/completions%3Fa=b',
    '/v1/chat/completions%23a',
    '/v1/chat/completions;a=b',
    '/v1/chat/completions,',
    '/v1/chat/completions\\',
    '/V1/chat/completions',
    '/v1/Chat/Completions',
    '/v1/CHAT/COMPLETIONS',
    '/v1/v1/chat/completions',
    '/v2/chat/completions',
    '/v1/chat',
    '/v1/completions/chat',
    '/v1/chat/completions.json',
    '/v1/chat/..%2fcompletions',
    '/v1/chat/completions%0d%0aX-Evil:%201',
    '/http://evil.example/v1/chat/completions',
    '/v1/http:%2f%2fevil.example',
    '/v1/embeddings/',
    '/v1/responses/..',
    '/v1/engines/gpt-4o/completions',
    '/v1/organization/users',
    '/v1/organization/projects',
    '/v1/fine_tuning/jobs',
    '/v1/realtime/sessions',
    '/v1/realtime/client_secrets',
    '/v1/assistants',
    '/v1/threads',
    '/v1/evals',
    '/v1/images/variations',
    '/v1/vector_stores',
    '/v1/dashboard/billing/usage',
    '/v1/',
    '/v1',
    '/',
    '/healthz',
    '/v1/chat/completions~',
    "/v1/chat/completions'",
    '/v1/chat/completions*',
    '/v1/chat/{completions}',
    `/v1/${'a/'.repeat(200)}chat/completions`,
    `/v1/${'a'.repeat(5_000)}`,
  ),
  ...paths(
    'GET',
    '/v1/chat/completions/..',
    '/v1/realtime',
    '/v1/responses',
    '/v1/files/..%2fmodels',
    '/v1/models/..',
  ),
  ...['PUT', 'PATCH', 'HEAD', 'OPTIONS', 'PROPFIND', 'X'].map((method) => [method, '/v1/responses'] as const),
  ...paths(
    'DELETE',
    '/v1/chat/completions',
    '/v1/models/gpt-4o',
    '/v1/files',
    '/v1/responses',
    '/v1/organization/users/u',
  ),
];

/** Paths that the URL standard makes plain before anybody reads them: OpenAI is sent what was judged. */
const PLAIN_AGAIN = [
  '/v1/chat/../chat/completions',
  '/v1/./chat/completions',
  '/v1/chat\\completions',
  '/v1/%2e%2e/chat/completions',
  '/../v1/chat/completions',
  '/v1/responses/../chat/completions',
];

async function ask(method: string, path: string): Promise<Response> {
  stage.forwarded();
  return wireEvent(stage.world)('developer', {
    method,
    path,
    query: '',
    headers: [
      ['host', 'farebox.test'],
      ['content-type', 'application/json'],
      ['openai-proxy-project', stage.attacker.project],
      ['openai-proxy-caching', '0'],
    ],
    body: Buffer.from('{"model":"gpt-4o","messages":[{"role":"user","content":"Hello."}],"max_tokens":5}'),
  });
}

describe('What is not a path of the OpenAI API, or is not served, reaches nobody', () => {
  it.each(TRICKS)('%s %s', async (method, path) => {
    const answer = await ask(method, path);
    expect(answer.status).toBe(404);
    if (method !== 'HEAD') expect((await refusalOf(answer)).code).toBe('path_refused');
    expect(stage.forwarded()).toEqual([]);
  });

  it.each(['TRACE', 'CONNECT', 'GET '])('%s is no method', async (method) => {
    expect(await refusalOf(await ask(method, '/v1/chat/completions'))).toMatchObject({
      status: 400,
      code: 'malformed_request',
    });
    expect(stage.forwarded()).toEqual([]);
  });
});

describe('A path that has two readings is sent as the one that was judged and paid for', () => {
  it.each(PLAIN_AGAIN)('%s', async (path) => {
    const answer = await ask('POST', path);
    await answer.arrayBuffer();
    expect(stage.forwarded().map(({ url }) => url)).toEqual(['/v1/chat/completions']);
    expect(answer.headers.get('openai-proxy-cost')).not.toBeNull();
  });
});
