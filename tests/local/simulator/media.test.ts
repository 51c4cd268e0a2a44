import { toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { recordingOf } from '../../../shared/core/sound/measure.ts';
import { mp3, wav } from '../../support/audio.ts';
import { useSimulator } from '../../support/simulated-client.ts';

const { client, url } = useSimulator();
const PNG = [0x89, 0x50, 0x4e, 0x47];
const file = (name = 'a.wav') => toFile(wav(3), name);

describe('simulated speech', () => {
  const say = { input: 'Hello, hedgehog.', voice: 'ash' } as const;

  it.each(['mp3', 'wav'] as const)('is %s that plays', async (response_format) => {
    const answer = await client().audio.speech.create({ ...say, model: 'tts-1', response_format });
    expect(answer.headers.get('content-type')).toMatch(/^audio\//);
    const recording = recordingOf(new Uint8Array(await answer.arrayBuffer()));
    expect(recording?.seconds).toBeGreaterThan(0.4);
  });

  it('comes in events that carry the same sound, and its usage', async () => {
    const model = 'gpt-4o-mini-tts';
    const whole = Buffer.from(await (await client().audio.speech.create({ ...say, model })).arrayBuffer());
    const events = await client().audio.speech.create({ ...say, model, stream_format: 'sse' });
    const data = (await events.text()).match(/^data: .*/gm)?.map((line) => JSON.parse(line.slice(6))) ?? [];
    const sound = Buffer.concat(data.map(({ audio = '' }) => Buffer.from(audio, 'base64')));
    expect(sound.equals(whole)).toBe(true);
    expect(data.at(-1)).toMatchObject({
      type: 'speech.audio.done',
      usage: { total_tokens: expect.any(Number) },
    });
  });

  it('refuses what OpenAI refuses', async () => {
    const ask = (more: object) => client().audio.speech.create({ ...say, model: 'tts-1', ...more });
    await expect(ask({ stream_format: 'sse' })).rejects.toMatchObject({ status: 400 });
    await expect(ask({ input: 'x'.repeat(4_097) })).rejects.toMatchObject({ status: 400 });
    await expect(ask({ model: 'gpt-4o' })).rejects.toMatchObject({ status: 404 });
  });
});

describe('a simulated transcript', () => {
  it('is billed in seconds or in tokens, as its model is', async () => {
    const heard = await client().audio.transcriptions.create({ model: 'whisper-1', file: await file() });
    expect(heard.usage).toEqual({ type: 'duration', seconds: 3 });
    const prompted = { model: 'gpt-4o-transcribe', file: await file(), prompt: 'Hedgehogs.' };
    const tokens = await client().audio.transcriptions.create(prompted);
    expect(tokens.usage).toMatchObject({
      type: 'tokens',
      input_token_details: { audio_tokens: 30, text_tokens: 3 },
    });
    expect(tokens.text).toBe(heard.text);
  });

  it('comes in every format that the model has', async () => {
    const ask = async (response_format: 'text' | 'srt' | 'vtt') =>
      client().audio.transcriptions.create({ model: 'whisper-1', file: await file(), response_format });
    expect(await ask('text')).toMatch(/simulator/);
    expect(await ask('srt')).toMatch(/^1\n00:00:00,000 --> 00:00:03,000\n/);
    expect(await ask('vtt')).toMatch(/^WEBVTT\n/);
    const verbose = { model: 'whisper-1', file: await file(), response_format: 'verbose_json' } as const;
    expect(await client().audio.transcriptions.create(verbose)).toMatchObject({ duration: 3 });
    await expect(
      client().audio.transcriptions.create({
        model: 'gpt-4o-transcribe',
        file: await file(),
        response_format: 'srt',
      }),
    ).rejects.toMatchObject({ status: 400 });
  });

  it('streams its text, with its usage at the end', async () => {
    const body = { model: 'gpt-4o-transcribe', file: await file() };
    const whole = await client().audio.transcriptions.create(body);
    let text = '';
    let usage: unknown;
    for await (const event of await client().audio.transcriptions.create({
      ...body,
      file: await file(),
      stream: true,
    })) {
      if (event.type === 'transcript.text.delta') text += event.delta;
      if (event.type === 'transcript.text.done') usage = event.usage;
    }
    expect(text).toBe(whole.text);
    expect(usage).toEqual(whole.usage);
  });

  it('of a translation says nothing of what it cost', async () => {
    const english = await client().audio.translations.create({
      model: 'whisper-1',
      file: await toFile(mp3(100), 'a.mp3'),
    });
    expect(Object.keys(english)).toEqual(['text']);
  });
});

describe('simulated images', () => {
  const draw = { model: 'gpt-image-2', prompt: 'A hedgehog', quality: 'low' } as const;

  it('are PNGs, and billed by quality and number', async () => {
    const { data = [], usage } = await client().images.generate({ ...draw, n: 2 });
    expect(data).toHaveLength(2);
    expect([...Buffer.from(data[0]?.b64_json ?? '', 'base64').subarray(0, 4)]).toEqual(PNG);
    expect(data[0]).not.toEqual(data[1]);
    expect(usage?.output_tokens).toBe(2 * 196);
  });

  it('are streamed with partial images, 100 tokens each', async () => {
    const types: string[] = [];
    let tokens = 0;
    for await (const event of await client().images.generate({ ...draw, stream: true, partial_images: 2 })) {
      types.push(event.type);
      if (event.type === 'image_generation.completed') tokens = event.usage.output_tokens;
    }
    expect(types).toEqual([
      'image_generation.partial_image',
      'image_generation.partial_image',
      'image_generation.completed',
    ]);
    expect(tokens).toBe(196 + 2 * 100);
  });

  it('are made from others, sent as a form or named in JSON', async () => {
    const image = [await toFile(Buffer.from('a'), 'a.png'), await toFile(Buffer.from('b'), 'b.png')];
    const edited = await client().images.edit({ ...draw, image, n: 2 });
    expect(edited.data).toHaveLength(2);
    expect(edited.usage?.input_tokens_details.image_tokens).toBe(2 * 2 * 323);
    const named = await client().post<typeof edited>('/images/edits', {
      body: { ...draw, images: [{ image_url: 'https://example.com/a.png' }] },
    });
    expect(named.usage?.input_tokens_details.image_tokens).toBe(323);
  });

  it('as SVG name their author and what it used', async () => {
    const svg = await client().images.generate({
      ...draw,
      output_format: 'svg',
      svg: { model: 'gpt-6-sol' },
    });
    expect(svg.svg_usage).toMatchObject({ model: 'gpt-6-sol', total_tokens: 1_500 });
  });

  it('are made for a response, by a model of their own', async () => {
    const tools = [{ type: 'image_generation' as const, quality: 'low' as const }];
    const { output, tool_usage } = await client().responses.create({ model: 'gpt-5', input: 'Draw.', tools });
    expect(output).toContainEqual(
      expect.objectContaining({ type: 'image_generation_call', status: 'completed' }),
    );
    expect(tool_usage?.image_gen.output_tokens).toBe(196);
  });
});

describe('simulated decisions and compactions', () => {
  it('answer every question in its own form', async () => {
    const { answers, usage } = await client().decisions.create({
      model: 'gpt-6-luna',
      input: 'Hedgehogs are spiny.',
      questions: [
        { type: 'predicate', name: 'spiny', instructions: 'Is it spiny?' },
        { type: 'choice', instructions: 'Which?', choices: [{ value: 'a' }, { value: true }] },
        { type: 'score', instructions: 'How much?', levels: [{ label: 'low' }, { label: 'high' }] },
      ],
    });
    expect(answers.map(({ type, name }) => [type, name])).toEqual([
      ['predicate', 'spiny'],
      ['choice', null],
      ['score', null],
    ]);
    expect(usage.input_tokens).toBeGreaterThan(0);
  });

  it('keep what the user said, and the rest in one item', async () => {
    const input = [
      { role: 'user' as const, content: 'Hi' },
      { role: 'assistant' as const, content: 'Hello' },
    ];
    const { output, usage, object } = await client().responses.compact({ model: 'gpt-5', input });
    expect(object).toBe('response.compaction');
    expect(output.map((item) => item.type)).toEqual([undefined, 'compaction']);
    expect(usage.output_tokens).toBeGreaterThan(0);
  });

  it('go on from a stored response, without an input of their own', async () => {
    const ask = { model: 'gpt-5', max_output_tokens: 200 };
    const first = await client().responses.create({ ...ask, input: 'Tell me of the sea. '.repeat(50) });
    const compacted = await client().responses.compact({ model: 'gpt-5', previous_response_id: first.id });
    const [said, compaction] = compacted.output;
    expect(said).toMatchObject({ role: 'user' });
    expect(compaction?.type).toBe('compaction');
    const read = (first.usage?.input_tokens ?? 0) + (first.usage?.output_tokens ?? 0);
    expect(compacted.usage.input_tokens).toBeGreaterThan((first.usage?.input_tokens ?? 0) + 1);
    expect(compacted.usage.input_tokens).toBeLessThanOrEqual(read + 10);
    const more = await client().responses.compact({
      model: 'gpt-5',
      previous_response_id: first.id,
      input: [{ role: 'user', content: 'And the rivers?' }],
    });
    expect(more.usage.input_tokens).toBeGreaterThan(compacted.usage.input_tokens);
    await expect(client().responses.compact({ model: 'gpt-5' })).rejects.toMatchObject({
      status: 400,
      param: 'input',
    });
    await expect(
      client().responses.compact({ model: 'gpt-5', previous_response_id: 'resp_none' }),
    ).rejects.toMatchObject({ code: 'previous_response_not_found' });
    // A compaction is not stored: nothing goes on from it by its id.
    await expect(
      client().responses.create({ ...ask, previous_response_id: compacted.id, input: 'And?' }),
    ).rejects.toMatchObject({ code: 'previous_response_not_found' });
    const rest = [...compacted.output, { role: 'user', content: 'And?' }] as typeof compacted.output;
    const after = await client().responses.create({ ...ask, input: rest as never });
    expect(after.status).toBe('completed');
  });
});

it('a form that is none is an error', async () => {
  const response = await fetch(`${url()}/audio/transcriptions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${client().apiKey}`,
      'content-type': 'multipart/form-data; boundary=x',
    },
    body: 'no form',
  });
  expect(response.status).toBe(400);
});
