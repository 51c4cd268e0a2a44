import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT_ID } from '../../../local/principals.ts';
import { createMemoryCache } from '../../../shared/memory/memory-cache.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { wav } from '../../support/audio.ts';
import { event, json, type Script, sse } from '../../support/scripted-upstream.ts';
import { makeWorld, PEOPLE, type World } from '../../support/world.ts';
import { ask, CHAT, CHUNKS, chunk, DONE, of, USAGE_CHUNK } from './cases/fixtures.ts';

type Body = Readonly<Record<string, unknown>> | FormData;
/** What is asked, what it is answered, and in a few words why that is good, or not. */
type Row = [why: string, asked: Body, answer: Script];

const { userArn } = PEOPLE.developer;
const CALLER = { userArn, accountId: ACCOUNT_ID, ownerAccountId: ACCOUNT_ID };

let world: World;
beforeAll(async () => {
  world = await makeWorld({
    store: createMemoryLedgerStore(),
    directory: createMemoryDirectory(),
    cache: createMemoryCache({ clock: { now: Date.now } }),
  });
});
afterAll(() => world.close());

/** Asks the same twice; whether the second time the answer of the first is given again. */
async function isKept(path: string, [, asked, answer]: Row): Promise<boolean> {
  const project = await world.project('20');
  world.upstream.on(path, answer);
  const seen: (string | null)[] = [];
  for (const _ of ['first', 'again']) {
    const headers = new Headers(of(project));
    if (!(asked instanceof FormData)) headers.set('content-type', 'application/json');
    const body = asked instanceof FormData ? asked : JSON.stringify(asked);
    const request = new Request(`https://farebox.test/v1${path}`, { method: 'POST', headers, body });
    const { response, done } = await world.app(request, CALLER);
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    await done;
    seen.push(response.headers.get('openai-proxy-cache'));
  }
  expect(seen[0]).toBe('miss');
  return seen[1] === 'hit';
}

/** A retry must not be given what it was made for: only good answers are kept. */
function answersOf(name: string, path: string, good: readonly Row[], bad: readonly Row[]): void {
  describe(name, () => {
    it.each(good)('is given again: %s', async (...row) => expect(await isKept(path, row)).toBe(true));
    it.each(bad)('is not given again: %s', async (...row) => expect(await isKept(path, row)).toBe(false));
  });
}

const { metadata: _, ...CHAT_ASK } = ask('any');
const UNNAMED = { ...CHAT_ASK, max_tokens: undefined };
const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };
const choice = (message: object, finish_reason: string | null = 'stop') => ({
  index: 0,
  finish_reason,
  message: { role: 'assistant', content: null, refusal: null, ...message },
});
const chat = (...choices: object[]) => json({ ...CHAT, choices });
const streamed = (...chunks: object[]) => sse([...[...chunks, USAGE_CHUNK].map((data) => event(data)), DONE]);
const STREAM = { ...CHAT_ASK, stream: true };

const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  error: null,
  incomplete_details: null,
  model: 'gpt-4o-2024-08-06',
  usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
};
const RESPONSE_ASK = { model: 'gpt-4o', input: 'Go on.', store: false, max_output_tokens: 64 };
const message = (part: object, status = 'completed') => ({ type: 'message', status, content: [part] });
const said = message({ type: 'output_text', text: 'So it went.' });
const reasoned = { type: 'reasoning', summary: [] };
const called = { type: 'function_call', status: 'completed', name: 'f', arguments: '{}' };
const refused = message({ type: 'refusal', refusal: 'I cannot.' });
const response = (output: object[], more: object = {}) => ({ ...RESPONSE, output, ...more });
const ended = (type: string, answer: object) =>
  sse([
    event({ type: 'response.created', response: { ...RESPONSE, status: 'in_progress' } }, 'response.created'),
    event({ type, response: answer }, type),
  ]);

const EMBEDDINGS = { model: 'text-embedding-3-small', input: ['one', 'two'] };
const embedded = (...embeddings: unknown[]) =>
  json({
    object: 'list',
    model: 'text-embedding-3-small',
    data: embeddings.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    usage: { prompt_tokens: 2, total_tokens: 2 },
  });

const TTS = { model: 'tts-1', input: 'Hello.', voice: 'ash' };
const MINI = { ...TTS, model: 'gpt-4o-mini-tts' };
const bytes =
  (contentType: string, body: string | Buffer): Script =>
  (_request, reply) => {
    reply.writeHead(200, { 'content-type': contentType });
    reply.end(body);
  };
const MP3 = Buffer.from([0xff, 0xfb, 0x90, 0xc4, 1, 2, 3, 4]);
const spoken = (...audio: Buffer[]) =>
  sse([
    ...audio.map((each) => event({ type: 'speech.audio.delta', audio: each.toString('base64') })),
    event({ type: 'speech.audio.done', usage: { input_tokens: 9, output_tokens: 30, total_tokens: 39 } }),
  ]);

const MODERATE = { model: 'omni-moderation-latest', input: ['one', 'two'] };
const verdict = { flagged: false, categories: {}, category_scores: {} };

answersOf(
  'a chat answer, if it has output and ended as it was asked to',
  '/chat/completions',
  [
    ['a text', CHAT_ASK, chat(choice({ content: 'Hello.' }))],
    ['a call of a tool', CHAT_ASK, chat(choice({ tool_calls: [call] }, 'tool_calls'))],
    ['an old call of a function', CHAT_ASK, chat(choice({ function_call: call.function }, 'function_call'))],
    ['at the length that was asked for', CHAT_ASK, chat(choice({ content: 'Hel' }, 'length'))],
  ],
  [
    ['filtered', CHAT_ASK, chat(choice({ content: 'Hel' }, 'content_filter'))],
    ['no content', CHAT_ASK, chat(choice({}))],
    ['empty content', CHAT_ASK, chat(choice({ content: ' \n' }))],
    ['a refusal', CHAT_ASK, chat(choice({ content: null, refusal: 'I cannot.' }))],
    ['no calls, though it says so', CHAT_ASK, chat(choice({ tool_calls: [] }, 'tool_calls'))],
    ['no end', CHAT_ASK, chat(choice({ content: 'Hel' }, null))],
    ['an end that nobody knows', CHAT_ASK, chat(choice({ content: 'Hel' }, 'cosmic_ray'))],
    ['cut at a length that nobody asked for', UNNAMED, chat(choice({ content: 'Hel' }, 'length'))],
    ['all its length spent on reasoning', CHAT_ASK, chat(choice({ content: '' }, 'length'))],
    ['no choice', CHAT_ASK, chat()],
    ['fewer choices than asked for', { ...CHAT_ASK, n: 2 }, chat(choice({ content: 'Hello.' }))],
    [
      'one of two filtered',
      { ...CHAT_ASK, n: 2 },
      chat(choice({ content: 'Hello.' }), { ...choice({ content: 'H' }, 'content_filter'), index: 1 }),
    ],
  ],
);

answersOf(
  'a chat stream, by the same rules',
  '/chat/completions',
  [
    ['a text', STREAM, streamed(...CHUNKS)],
    [
      'a call of a tool',
      STREAM,
      streamed(chunk({ tool_calls: [{ index: 0, ...call }] }), chunk({}, 'tool_calls')),
    ],
    [
      'two choices, mixed',
      { ...STREAM, n: 2 },
      streamed(
        chunk({ content: 'one' }),
        { ...chunk({}), choices: [{ index: 1, delta: { content: 'two' }, finish_reason: 'stop' }] },
        chunk({}, 'stop'),
      ),
    ],
  ],
  [
    ['filtered', STREAM, streamed(chunk({ content: 'Hel' }), chunk({}, 'content_filter'))],
    ['no content', STREAM, streamed(chunk({ role: 'assistant', content: '' }), chunk({}, 'stop'))],
    ['a refusal', STREAM, streamed(chunk({ refusal: 'I cannot.' }), chunk({}, 'stop'))],
    ['no end, though it says that it is done', STREAM, streamed(chunk({ content: 'Hel' }))],
    ['a choice that is missing', { ...STREAM, n: 2 }, streamed(...CHUNKS)],
    [
      'a choice that has no end',
      { ...STREAM, n: 2 },
      streamed(...CHUNKS, { ...chunk({}), choices: [{ index: 1, delta: { content: 'tw' } }] }),
    ],
    ['an error beside it', STREAM, streamed(...CHUNKS, { error: { message: 'm', code: 'server_error' } })],
  ],
);

answersOf(
  'a response, if it is completed, with output and without a refusal',
  '/responses',
  [
    ['a text', RESPONSE_ASK, json(response([reasoned, said]))],
    ['a call', RESPONSE_ASK, json(response([called]))],
  ],
  [
    [
      'incomplete',
      RESPONSE_ASK,
      json(response([said], { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })),
    ],
    [
      'filtered',
      RESPONSE_ASK,
      json(response([said], { status: 'incomplete', incomplete_details: { reason: 'content_filter' } })),
    ],
    ['failed', RESPONSE_ASK, json(response([said], { status: 'failed', error: { code: 'server_error' } }))],
    ['cancelled', RESPONSE_ASK, json(response([said], { status: 'cancelled' }))],
    ['only reasoning', RESPONSE_ASK, json(response([reasoned]))],
    ['an empty text', RESPONSE_ASK, json(response([message({ type: 'output_text', text: '' })]))],
    ['nothing', RESPONSE_ASK, json(response([]))],
    ['a refusal', RESPONSE_ASK, json(response([refused]))],
    [
      'half an item',
      RESPONSE_ASK,
      json(response([message({ type: 'output_text', text: 'So' }, 'incomplete')])),
    ],
  ],
);

answersOf(
  'a streamed response, by the same rules',
  '/responses',
  [['a text', { ...RESPONSE_ASK, stream: true }, ended('response.completed', response([said]))]],
  [
    [
      'incomplete',
      { ...RESPONSE_ASK, stream: true },
      ended('response.incomplete', response([said], { status: 'incomplete' })),
    ],
    [
      'failed',
      { ...RESPONSE_ASK, stream: true },
      ended('response.failed', response([said], { status: 'failed' })),
    ],
    ['a refusal', { ...RESPONSE_ASK, stream: true }, ended('response.completed', response([refused]))],
    ['nothing', { ...RESPONSE_ASK, stream: true }, ended('response.completed', response([]))],
  ],
);

answersOf(
  'a list of embeddings, if it has one for each input',
  '/embeddings',
  [
    ['two of two', EMBEDDINGS, embedded([0.1], [0.2])],
    ['in base64', { ...EMBEDDINGS, encoding_format: 'base64' }, embedded('zczMPQ==', 'zcxMPg==')],
    ['one of a list of tokens', { ...EMBEDDINGS, input: [1, 2, 3] }, embedded([0.1])],
  ],
  [
    ['one of two', EMBEDDINGS, embedded([0.1])],
    ['none', EMBEDDINGS, embedded()],
    ['an empty one', EMBEDDINGS, embedded([0.1], [])],
    ['nothing in place of one', EMBEDDINGS, embedded([0.1], null)],
  ],
);

answersOf(
  'speech, if it is sound in the format that was asked for',
  '/audio/speech',
  [
    ['an MP3', TTS, bytes('audio/mpeg', MP3)],
    ['PCM', { ...TTS, response_format: 'pcm' }, bytes('audio/pcm', Buffer.from([7, 1, 0, 3]))],
    ['from events', MINI, spoken(MP3, MP3)],
    ['as events', { ...MINI, stream_format: 'sse' }, spoken(MP3)],
  ],
  [
    ['nothing', TTS, bytes('audio/mpeg', '')],
    ['an error in its place', TTS, bytes('audio/mpeg', '{"error":{"message":"m"}}')],
    ['a page in its place', { ...TTS, response_format: 'wav' }, bytes('text/html', '<html></html>')],
    ['another format', { ...TTS, response_format: 'flac' }, bytes('audio/flac', MP3)],
    ['events without sound', MINI, spoken()],
    ['events without sound, as events', { ...MINI, stream_format: 'sse' }, spoken()],
  ],
);

answersOf(
  'a list of moderations, if it has a verdict for each input',
  '/moderations',
  [
    ['two of two', MODERATE, json({ id: 'modr-1', model: 'm', results: [verdict, verdict] })],
    ['one of a text', { ...MODERATE, input: 'one' }, json({ id: 'modr-1', model: 'm', results: [verdict] })],
    [
      'one of parts',
      { ...MODERATE, input: [{ type: 'text', text: 'one' }] },
      json({ id: 'modr-1', model: 'm', results: [verdict] }),
    ],
  ],
  [
    ['one of two', MODERATE, json({ id: 'modr-1', model: 'm', results: [verdict] })],
    ['none', MODERATE, json({ id: 'modr-1', model: 'm', results: [] })],
    ['no verdict', { ...MODERATE, input: 'one' }, json({ id: 'modr-1', model: 'm', results: [{}] })],
    ['no JSON', { ...MODERATE, input: 'one' }, bytes('application/json', '{"results":[{"flagged":fa')],
    ['an error in its place', { ...MODERATE, input: 'one' }, json({ error: { message: 'm' } })],
  ],
);

const heard = (format: string, more: Record<string, string> = {}) => {
  const form = new FormData();
  const fields = { model: 'whisper-1', response_format: format, ...more };
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', new File([new Uint8Array(wav(2))], 'a.wav'));
  return form;
};
const duration = { usage: { type: 'duration', seconds: 2 } };
const VTT = 'WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n';
const SRT = '1\n00:00:00,000 --> 00:00:02,000\n';

answersOf(
  'a transcript, if something was heard',
  '/audio/transcriptions',
  [
    ['in JSON', heard('json'), json({ text: 'Hello.', ...duration })],
    ['as text', heard('text'), bytes('text/plain', 'Hello.\n')],
    ['as VTT', heard('vtt'), bytes('text/plain', `${VTT}Hello.\n`)],
    ['as SRT', heard('srt'), bytes('text/plain', `${SRT}Hello.\n`)],
    [
      'as a stream',
      heard('json', { model: 'gpt-4o-transcribe', stream: 'true' }),
      sse([event({ type: 'transcript.text.done', text: 'Hello.', ...duration })]),
    ],
  ],
  [
    ['nothing in JSON', heard('json'), json({ text: '', ...duration })],
    ['nothing as text', heard('text'), bytes('text/plain', '\n')],
    ['nothing as VTT', heard('vtt'), bytes('text/plain', VTT)],
    ['nothing as SRT', heard('srt'), bytes('text/plain', SRT)],
    [
      'nothing as a stream',
      heard('json', { model: 'gpt-4o-transcribe', stream: 'true' }),
      sse([event({ type: 'transcript.text.done', text: ' ', ...duration })]),
    ],
  ],
);

const COMPLETE = { model: 'gpt-3.5-turbo-instruct', prompt: ['one', 'two'] };
const completion = (...choices: readonly (readonly [text: string, reason: string])[]) =>
  json({
    id: 'cmpl-1',
    object: 'text_completion',
    model: COMPLETE.model,
    choices: choices.map(([text, finish_reason], index) => ({ index, text, finish_reason })),
    usage: { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 },
  });

answersOf(
  'a completion, if each prompt has one, by the rules of a chat',
  '/completions',
  [
    [
      'two of two, one at the length that is the default',
      COMPLETE,
      completion(['x', 'stop'], ['y', 'length']),
    ],
    ['four of two prompts', { ...COMPLETE, n: 2 }, completion(...Array(4).fill(['x', 'stop']))],
  ],
  [
    ['one of two', COMPLETE, completion(['x', 'stop'])],
    ['one filtered', COMPLETE, completion(['x', 'stop'], ['y', 'content_filter'])],
    ['one empty', COMPLETE, completion(['x', 'stop'], ['', 'stop'])],
  ],
);
