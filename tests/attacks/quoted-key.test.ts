import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, CHAT, CHAT_STREAM, chunk, of, post } from '../functions/proxy/cases/fixtures.ts';
import { event, json, type Script, sse } from '../support/scripted-upstream.ts';
import { inProcess } from '../support/targets.ts';
import { OPENAI_KEY, type Target, type World } from '../support/world.ts';
import { attackedWorld } from './support/world.ts';

/*
 * OpenAI, or whatever stands in front of it, quotes the key that it was sent: in an error about a wrong key, in a header
 * that repeats the request, or since a model was asked to. Whoever called must not learn it.
 */

let world: World;
let target: Target;
beforeAll(async () => {
  world = await attackedWorld();
  target = inProcess(world);
});
afterAll(() => world.close());

const quoting = (text: string) => ({
  ...CHAT,
  choices: [{ index: 0, finish_reason: 'stop', message: { content: text } }],
});
const bytes = (contentType: string, body: string): Script => {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': contentType });
    response.end(body);
  };
};
const HEADERS = { 'x-quoted': `Bearer ${OPENAI_KEY}`, 'x-request-id': OPENAI_KEY };
const SPEECH = { model: 'gpt-4o-mini-tts', input: 'Hello.', voice: 'alloy' };

type Case = readonly [name: string, path: string, body: object | undefined, script: Script];

const CASES: readonly Case[] = [
  [
    'the body of an error',
    '/chat/completions',
    {},
    json({ error: { message: `Incorrect API key: ${OPENAI_KEY}` } }, 401),
  ],
  ['the headers of an error', '/chat/completions', {}, json({ error: { message: 'No.' } }, 401, HEADERS)],
  ['the body of an answer', '/chat/completions', {}, json(quoting(`It is ${OPENAI_KEY}.`))],
  ['the headers of an answer', '/chat/completions', {}, json(CHAT, 200, HEADERS)],
  [
    'an answer too large to be taken whole',
    '/chat/completions',
    {},
    json(quoting(`${'a'.repeat(9_000_000)}${OPENAI_KEY}`)),
  ],
  [
    'an event of a stream',
    '/chat/completions',
    { stream: true },
    sse([event(chunk({ content: `It is ${OPENAI_KEY}.` })), ...CHAT_STREAM]),
  ],
  [
    'a stream that gives it away byte by byte',
    '/chat/completions',
    { stream: true },
    sse([...event(chunk({ content: OPENAI_KEY })), ...CHAT_STREAM]),
  ],
  [
    'a stream that ends within it',
    '/chat/completions',
    { stream: true },
    sse([...CHAT_STREAM, `: ${OPENAI_KEY}`]),
  ],
  ['sound', '/audio/speech', SPEECH, bytes('audio/mpeg', `....${OPENAI_KEY}....`)],
  ['a list of models', '/models', undefined, json({ object: 'list', data: [{ id: OPENAI_KEY }] })],
  ['a redirect', '/models', undefined, json({}, 302, { location: `https://example.com/${OPENAI_KEY}` })],
];

describe('The key that OpenAI quotes does not reach the caller', () => {
  it.each(CASES)('in %s', async (_, path, body, script) => {
    const project = await world.project('5');
    world.upstream.on(path, script);
    const request =
      body === undefined
        ? target.fetchAs('developer')(`${target.baseURL}/v1${path}`, { headers: of(project) })
        : post(
            target,
            `/v1${path}`,
            path === '/audio/speech' ? body : { ...ask(project), ...body },
            of(project),
          );
    const response = await request;
    const text = JSON.stringify([...response.headers]) + (await response.text());
    expect(world.upstream.received.at(-1)?.headers.authorization).toBe(`Bearer ${OPENAI_KEY}`);
    expect(text).not.toContain(OPENAI_KEY);
    // It is the key that is missing, and not the answer.
    if (response.status !== 502) expect(text).toContain('[key]');
  });

  it('from the cache, where the answer was kept', async () => {
    const project = await world.project('5');
    world.upstream.on('/chat/completions', json(quoting(OPENAI_KEY)));
    const asked = () => post(target, '/v1/chat/completions', ask(project), of(project));
    await (await asked()).text();
    await world.entries(project);
    const again = await asked();
    expect(again.headers.get('openai-proxy-cache')).toBe('hit');
    expect(await again.text()).toContain('"content":"[key]"');
  });
});
