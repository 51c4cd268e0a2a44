import { toFile } from 'openai';
import { expect } from 'vitest';
import { opus, wav } from '../../../support/audio.ts';
import { event, json, type Script, sse } from '../../../support/scripted-upstream.ts';
import { sdk, type Target, type World } from '../../../support/world.ts';
import { ask, CHAT, type HttpCase, of, post, refusalOf } from './fixtures.ts';

const BOUNDARY = 'a-boundary-of-the-test';
const FORM = `multipart/form-data; boundary=${BOUNDARY}`;
const field = (name: string, value: string) =>
  `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`;
const file = (bytes: Buffer) =>
  `Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n${bytes.toString('latin1')}`;
const formOf = (...parts: readonly string[]) =>
  Buffer.from(`${parts.map((part) => `--${BOUNDARY}\r\n${part}\r\n`).join('')}--${BOUNDARY}--\r\n`, 'latin1');

function send(target: Target, path: string, project: string, body: Buffer, contentType = FORM) {
  return target.fetchAs('developer')(`${target.baseURL}${path}`, {
    method: 'POST',
    headers: { 'content-type': contentType, ...of(project) },
    body: new Uint8Array(body),
  });
}

/** Answers with bytes that are neither JSON nor events. */
const bytes =
  (contentType: string, ...chunks: readonly (string | Uint8Array)[]): Script =>
  async (_request, response) => {
    response.writeHead(200, { 'content-type': contentType, 'x-request-id': 'req_upstream' });
    for (const chunk of chunks) await new Promise((resolve) => response.write(chunk, resolve));
    response.end();
  };

const WHISPER = field('model', 'whisper-1');
const HEARD = { text: 'x', usage: { type: 'duration', seconds: 3 } };
const TTS = { model: 'tts-1', input: 'Ein Igel 🦔', voice: 'ash' };
const MINI = { ...TTS, model: 'gpt-4o-mini-tts' };
const DONE = event({
  type: 'speech.audio.done',
  usage: { input_tokens: 9, output_tokens: 30, total_tokens: 39 },
});
const delta = (audio: string) =>
  event({ type: 'speech.audio.delta', audio: Buffer.from(audio).toString('base64') });

async function refusedForm(world: World, target: Target, body: Buffer, contentType?: string) {
  const project = await world.project('5');
  const before = world.upstream.received.length;
  const refusal = await refusalOf(await send(target, '/v1/audio/transcriptions', project, body, contentType));
  expect(world.upstream.received).toHaveLength(before);
  expect(await world.entries(project)).toEqual([]);
  return refusal;
}

export const MEDIA: readonly HttpCase[] = [
  {
    name: 'a form reaches OpenAI byte for byte, under its own boundary',
    async run(world, target) {
      world.upstream.on('/audio/transcriptions', json(HEARD));
      const project = await world.project('5');
      const body = formOf(WHISPER, file(wav(2.5)), field('language', 'de'));
      const response = await send(target, '/v1/audio/transcriptions', project, body);
      expect(await response.json()).toEqual(HEARD);
      expect(response.headers.get('openai-proxy-cost')).toBe('0.0003');
      const received = world.upstream.received.at(-1);
      expect(received?.headers['content-type']).toBe(FORM);
      expect(received?.body.equals(body)).toBe(true);
      const [entry] = await world.entries(project);
      expect(entry).toMatchObject({ endpoint: 'audio.transcriptions', model: 'whisper-1' });
      expect(entry?.outcome).toMatchObject({
        cost: 300_000_000n,
        tally: { calls: 1, audio_seconds: 3 },
        flags: [],
      });
    },
  },
  {
    name: 'a form that only its sender writes so reaches OpenAI as one that everybody reads',
    async run(world, target) {
      world.upstream.on('/audio/transcriptions', json(HEARD));
      const project = await world.project('5');
      const sound = file(wav(2.5));
      const spring = field('temperature', '0.7').replace('\r\n', '\r\nContent-Type: application/json\r\n');
      const apache = WHISPER.replace('\r\n', '\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n');
      const cases: [Buffer, string?][] = [
        [formOf(WHISPER, spring, sound)],
        [formOf(apache, sound), `multipart/form-data; charset=ISO-8859-1; boundary=${BOUNDARY}`],
        [Buffer.concat([formOf(WHISPER, sound), Buffer.from('\r\n')])],
      ];
      for (const [at, [body, contentType]] of cases.entries()) {
        const headers = { 'openai-proxy-caching': '0', 'content-type': contentType ?? FORM };
        const url = `${target.baseURL}/v1/audio/transcriptions?model=o1-pro`;
        const response = await target.fetchAs('developer')(url, {
          method: 'POST',
          headers: { ...headers, ...of(project) },
          body: new Uint8Array(body),
        });
        expect([at, response.status]).toEqual([at, 200]);
        const received = world.upstream.received.at(-1);
        expect(received?.headers['content-type']).toBe(FORM);
        expect(received?.url).not.toContain('o1-pro');
        const read = await new Response(new Uint8Array(received?.body ?? []), {
          headers: { 'content-type': FORM },
        }).formData();
        expect(read.get('model')).toBe('whisper-1');
      }
    },
  },
  {
    name: 'a body that was written here goes on as JSON, without a query, and with known betas alone',
    async run(world, target) {
      world.upstream.on('/chat/completions', json(CHAT));
      const project = await world.project('5');
      const response = await target.fetchAs('developer')(
        `${target.baseURL}/v1/chat/completions?model=o1-pro&api-version=1`,
        {
          method: 'POST',
          headers: {
            'content-type': 'application/x-www-form-urlencoded; charset=utf-7',
            'openai-beta': 'unheard-of=v9, assistants=v2',
            ...of(project),
          },
          body: JSON.stringify(ask(project)),
        },
      );
      expect(response.status).toBe(200);
      const received = world.upstream.received.at(-1);
      expect(received?.headers).toMatchObject({
        'content-type': 'application/json',
        'openai-beta': 'assistants=v2',
      });
      expect(received?.url).toBe('/v1/chat/completions');
    },
  },
  {
    name: 'what a form could mean beside what it says is refused, and nothing of it is forwarded',
    async run(world, target) {
      const sound = file(wav(0.1));
      const whole = formOf(WHISPER, sound);
      const cases: [Buffer, string?][] = [
        [formOf(WHISPER, field('model', 'gpt-4o-transcribe'), sound)],
        [formOf(WHISPER, field('model[]', 'gpt-4o-transcribe'), sound)],
        [formOf(WHISPER.replace('"model"', '"model"; filename="m"'), sound)],
        [formOf(`X-Name: model\r\n${WHISPER}`, sound)],
        [formOf(field('stream', 'yes'), WHISPER, sound)],
        [Buffer.concat([Buffer.from('preamble\r\n'), whole])],
        [Buffer.concat([whole, whole])],
        [whole.subarray(0, -4)],
        [whole, `${FORM}; boundary=other`],
        [whole, `${FORM}, application/json`],
        [whole, 'multipart/form-data'],
        [Buffer.from('{"model":"whisper-1"}'), 'application/json'],
      ];
      for (const [body, contentType] of cases) {
        const refusal = await refusedForm(world, target, body, contentType);
        expect(refusal).toMatchObject({
          status: 400,
          code: 'invalid_multipart',
          type: 'invalid_request_error',
        });
      }
      expect(await refusedForm(world, target, formOf(WHISPER, sound, field('teleport', '1')))).toMatchObject({
        code: 'unknown_parameter',
        param: 'teleport',
      });
      expect(await refusedForm(world, target, formOf(WHISPER))).toMatchObject({ param: 'file' });
    },
  },
  {
    name: 'a form to an endpoint of JSON is no JSON, and JSON to one of both is read as such',
    async run(world, target) {
      const project = await world.project('5');
      const chat = await send(target, '/v1/chat/completions', project, formOf(field('model', 'gpt-4o')));
      expect(await refusalOf(chat)).toMatchObject({ status: 400, code: 'invalid_json' });
      const edit = await post(target, '/v1/images/edits', { prompt: 'x' }, of(project));
      expect(await refusalOf(edit)).toMatchObject({ status: 400, param: 'model' });
    },
  },
  {
    name: 'a recording whose head lies about its length is held for all that it has',
    async run(world, target) {
      world.upstream.on('/audio/transcriptions', json(HEARD));
      const project = await world.project('0.0001');
      const body = formOf(WHISPER, file(wav(100, { claimed: 800 })));
      const response = await send(target, '/v1/audio/transcriptions', project, body);
      expect(await refusalOf(response)).toMatchObject({ status: 429, code: 'insufficient_quota' });
      const [entry] = await world.entries(project);
      expect(entry?.held).toBe(100n * 100_000_000n);
    },
  },
  {
    name: 'a transcript in text says nothing of what it cost: the sound that was sent does',
    async run(world, target) {
      world.upstream.on('/audio/transcriptions', bytes('text/plain; charset=utf-8', 'Ein Igel.\n'));
      const project = await world.project('5');
      const text = await sdk(target, project).audio.transcriptions.create({
        model: 'whisper-1',
        file: await toFile(wav(7.5), 'a.wav'),
        response_format: 'text',
      });
      expect(text).toBe('Ein Igel.\n');
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: 800_000_000n, tally: { audio_seconds: 8 }, flags: [] });
    },
  },
  {
    name: 'a transcript in text of joined recordings is asked for as JSON, which tells its usage, and given as text',
    async run(world, target) {
      world.upstream.on('/audio/transcriptions', json(HEARD));
      const project = await world.project('5');
      const joined = Buffer.concat([opus(50), opus(30_000)]);
      const body = formOf(WHISPER, file(joined), field('response_format', 'text'), field('language', 'de'));
      const response = await send(target, '/v1/audio/transcriptions', project, body);
      expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      expect(await response.text()).toBe('x\n');
      const received = world.upstream.received.at(-1)?.body.toString('latin1') ?? '';
      expect(received).toContain(joined.toString('latin1'));
      expect(received).toMatch(/name="response_format"\r\n\r\njson\r\n/);
      expect(received).toMatch(/name="language"\r\n\r\nde\r\n/);
      const [entry] = await world.entries(project);
      expect(entry?.held).toBe(601n * 100_000_000n);
      expect(entry?.outcome).toMatchObject({ cost: 300_000_000n, tally: { audio_seconds: 3 }, flags: [] });
    },
  },
  {
    name: 'text that comes all the same is given, and what nobody tells is booked at the hold',
    async run(world, target) {
      world.upstream.on('/audio/transcriptions', bytes('text/plain; charset=utf-8', 'Ein Igel.\n'));
      const project = await world.project('5');
      const lying = wav(100, { rate: 1_000, blockAlign: 65_535 });
      const body = formOf(WHISPER, file(lying), field('response_format', 'text'));
      const response = await send(target, '/v1/audio/transcriptions', project, body);
      expect(await response.text()).toBe('Ein Igel.\n');
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: 10_000_000_000n, flags: ['no_usage'] });
    },
  },
  {
    name: 'a recording that nobody can measure is refused, and nothing of it is forwarded',
    async run(world, target) {
      const refusal = await refusedForm(world, target, formOf(WHISPER, file(Buffer.alloc(7_500))));
      expect(refusal).toMatchObject({ status: 400, code: 'unmeasured_audio', param: 'file' });
      expect(refusal.message).toContain('ffmpeg');
    },
  },
  {
    name: 'speech by the character passes as it comes, and costs its text',
    async run(world, target) {
      const sound = [Buffer.from([0xff, 0xfb, 0, 1]), Buffer.alloc(200_000, 7), Buffer.from([0])];
      world.upstream.on('/audio/speech', bytes('audio/mpeg', ...sound));
      const project = await world.project('5');
      const answer = await sdk(target, project).audio.speech.create(TTS);
      expect(answer.headers.get('content-type')).toBe('audio/mpeg');
      expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.concat(sound))).toBe(true);
      expect(world.upstream.received.at(-1)?.json()).toEqual(TTS);
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: 150_000_000n, tally: { characters: 10 }, flags: [] });
    },
  },
  {
    name: 'speech by tokens is asked for in events, and given as the sound in them',
    async run(world, target) {
      const whole = [delta('one '), ': comment\n\n', delta('two'), DONE].join('');
      // Cut in the middle of an event.
      world.upstream.on('/audio/speech', sse([whole.slice(0, 90), whole.slice(90)]));
      const project = await world.project('5');
      const response = await post(
        target,
        '/v1/audio/speech',
        { ...MINI, response_format: 'pcm' },
        of(project, { 'openai-proxy-stream-cost': '1' }),
      );
      expect(response.headers.get('content-type')).toBe('audio/pcm');
      expect(await response.text()).toBe('one two');
      expect(world.upstream.received.at(-1)?.json()).toEqual({
        ...MINI,
        response_format: 'pcm',
        stream_format: 'sse',
      });
      const [entry] = await world.entries(project);
      // 9 x $0.60 + 30 x $12, per million tokens.
      expect(entry?.outcome).toMatchObject({
        cost: 365_400_000n,
        tally: { input: 9, audio_output: 30 },
        flags: [],
      });
    },
  },
  {
    name: 'speech by tokens that comes as sound all the same is given, and booked at its hold',
    async run(world, target) {
      world.upstream.on('/audio/speech', bytes('audio/mpeg', 'sound'));
      const project = await world.project('5');
      const response = await post(target, '/v1/audio/speech', MINI, of(project));
      expect(await response.text()).toBe('sound');
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: entry?.held, flags: ['no_usage'] });
    },
  },
  {
    name: 'an error of OpenAI in the place of sound is an error, and costs nothing',
    async run(world, target) {
      const error = {
        error: { message: 'no such voice', type: 'invalid_request_error', param: 'voice', code: null },
      };
      world.upstream.on('/audio/speech', json(error, 400));
      const project = await world.project('5');
      const response = await post(target, '/v1/audio/speech', MINI, of(project));
      expect([response.status, await response.json()]).toEqual([400, error]);
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({ cost: 0n, flags: [] });
    },
  },
  {
    name: 'a project may use no model under the roof of another',
    async run(world, target) {
      const project = await world.project('20', { models: ['gpt-4o', 'gpt-image-1.5'] });
      const ask = (tool: object) =>
        post(
          target,
          '/v1/responses',
          { model: 'gpt-4o', input: 'x', tools: [{ type: 'image_generation', ...tool }] },
          of(project),
        );
      expect(await refusalOf(await ask({}))).toMatchObject({ status: 403, code: 'model_not_allowed' });
      expect(await refusalOf(await ask({ model: 'gpt-image-9' }))).toMatchObject({
        status: 400,
        code: 'unpriced_model',
      });
      const svg = { model: 'gpt-image-1.5', prompt: 'x', output_format: 'svg', svg: { model: 'gpt-4.1' } };
      const refusal = await refusalOf(await post(target, '/v1/images/generations', svg, of(project)));
      expect(refusal).toMatchObject({ status: 403, message: expect.stringContaining('gpt-4.1') });
    },
  },
  {
    name: 'images of any size pass with their usage read, wherever it stands',
    async run(world, target) {
      const usage = {
        input_tokens: 10,
        input_tokens_details: { text_tokens: 10, image_tokens: 0 },
        output_tokens: 196,
        total_tokens: 206,
      };
      const answer = { created: 1, data: [{ b64_json: 'A'.repeat(9_000_000) }], usage };
      world.upstream.on('/images/generations', json(answer));
      const project = await world.project('5');
      const draw = { model: 'gpt-image-2', prompt: 'x', quality: 'low', size: '1024x1024' };
      const response = await post(target, '/v1/images/generations', draw, of(project));
      expect((await response.text()).length).toBe(JSON.stringify(answer).length);
      const [entry] = await world.entries(project);
      expect(entry?.outcome).toMatchObject({
        cost: 5_930_000_000n,
        tally: { input: 10, image_output: 196 },
        flags: [],
      });
    },
  },
];
