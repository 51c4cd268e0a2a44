import { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatUsd, parseUsd } from '../../../shared/core/money.ts';
import { opus, wav } from '../../support/audio.ts';
import { type SimulatedStage, startSimulatedStage } from '../../support/simulated-stage.ts';
import { inProcess } from '../../support/targets.ts';
import { sdk, type World } from '../../support/world.ts';

/** A stage in front of the simulator, whose own account says what everything cost. */
let stage: SimulatedStage;
let world: World;
beforeAll(async () => {
  stage = await startSimulatedStage({ adminKey: 'sk-admin-tests' });
  world = stage.world;
});
afterAll(() => stage.close());

/** What the simulated account owes so far, in USD. */
async function owed(): Promise<bigint> {
  const start = Math.floor(Date.now() / 86_400_000) * 86_400 - 86_400;
  const response = await fetch(`${stage.simulator.url}/organization/costs?start_time=${start}`, {
    headers: { authorization: 'Bearer sk-admin-tests' },
  });
  expect(response.status).toBe(200);
  const text = await response.text();
  const amounts = [...text.matchAll(/"value":([\d.]+)/g)].map(([, amount]) => parseUsd(String(amount)) ?? 0n);
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}

/** Calls through the proxy; says what the books hold of it, and holds that against what the account owes for it. */
async function booked(call: (client: ReturnType<typeof sdk>) => Promise<unknown>, limit = '20') {
  const project = await world.project(limit);
  const before = await owed();
  await call(sdk(inProcess(world), project));
  const [entry, ...others] = await world.entries(project);
  expect(others).toEqual([]);
  if (entry?.outcome === undefined) throw new Error('nothing was booked');
  expect(formatUsd(entry.outcome.cost)).toBe(formatUsd((await owed()) - before));
  expect(entry.outcome).toMatchObject({ state: 'settled', flags: [] });
  expect(entry.outcome.cost).toBeGreaterThan(0n);
  expect(entry.outcome.cost).toBeLessThanOrEqual(entry.held);
  return entry.outcome;
}

const sound = (name = 'a.wav') => toFile(wav(12.3), name);
const image = () => toFile(Buffer.from('a picture'), 'a.png', { type: 'image/png' });

describe('is booked at what OpenAI bills, and never above its hold:', () => {
  it('speech by the character', async () => {
    const { tally } = await booked(async (client) => {
      const answer = await client.audio.speech.create({ model: 'tts-1', voice: 'ash', input: 'Ein Igel 🦔' });
      expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(1_000);
    });
    expect(tally).toEqual({ calls: 1, characters: 10 });
  });

  it('speech by tokens, whatever the caller asked for', async () => {
    const say = { model: 'gpt-4o-mini-tts', voice: 'ash', input: 'A hedgehog' };
    const sounds: Buffer[] = [];
    for (const stream_format of ['audio', undefined] as const) {
      await booked(async (client) => {
        const options = stream_format === undefined ? {} : { stream_format };
        const answer = await client.audio.speech.create({ ...say, ...options });
        expect(answer.headers.get('content-type')).toBe('audio/mpeg');
        sounds.push(Buffer.from(await answer.arrayBuffer()));
      });
    }
    expect(sounds[0]?.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xfb]));
    expect(sounds[0]).toEqual(sounds[1]);
    await booked(async (client) => {
      const events = await client.audio.speech.create({ ...say, stream_format: 'sse' });
      expect(events.headers.get('content-type')).toContain('text/event-stream');
      expect(await events.text()).toContain('speech.audio.done');
    });
  });

  it.each(['json', 'text', 'srt', 'vtt', 'verbose_json'] as const)(
    'a transcript in %s, by the second',
    async (response_format) => {
      const { tally } = await booked(async (client) =>
        client.audio.transcriptions.create({ model: 'whisper-1', file: await sound(), response_format }),
      );
      expect(tally).toEqual({ calls: 1, audio_seconds: 13 });
    },
  );

  it.each(['json', 'text', 'srt', 'vtt', 'verbose_json'] as const)(
    'a transcript and a translation in %s of a recording whose parts disagree',
    async (response_format) => {
      const joined = await toFile(Buffer.concat([opus(50), opus(565)]), 'a.ogg');
      const ask = { model: 'whisper-1', file: joined, response_format };
      const answers: unknown[] = [];
      await booked(async (client) => answers.push(await client.audio.transcriptions.create(ask)));
      await booked(async (client) => answers.push(await client.audio.translations.create(ask)));
      for (const answer of answers) {
        const isText = ['text', 'srt', 'vtt'].includes(response_format);
        expect(typeof answer).toBe(isText ? 'string' : 'object');
        if (response_format === 'vtt') expect(answer).toMatch(/^WEBVTT\n\n00:00:00\.000 --> 00:00:12\.300\n/);
      }
    },
  );

  it.each(['json', 'text', 'verbose_json'] as const)('a translation in %s', async (response_format) => {
    const { tally } = await booked(async (client) =>
      client.audio.translations.create({ model: 'whisper-1', file: await sound(), response_format }),
    );
    expect(tally).toEqual({ calls: 1, audio_seconds: 13 });
  });

  it('a transcript by tokens, whole and in events', async () => {
    const ask = {
      model: 'gpt-4o-transcribe',
      prompt: 'About hedgehogs.',
      include: ['logprobs' as const],
      temperature: 0.5,
    };
    const { tally } = await booked(async (client) =>
      client.audio.transcriptions.create({ ...ask, file: await sound() }),
    );
    expect(tally).toMatchObject({ audio_input: 123, input: 4 });
    await booked(async (client) => {
      let done = false;
      for await (const event of await client.audio.transcriptions.create({
        ...ask,
        file: await sound(),
        stream: true,
      })) {
        done = event.type === 'transcript.text.done';
      }
      expect(done).toBe(true);
    });
  });

  it('a transcript whose file is cut into chunks', async () => {
    await booked(async (client) =>
      client.audio.transcriptions.create({
        model: 'gpt-4o-transcribe-diarize',
        file: await sound(),
        response_format: 'diarized_json',
        chunking_strategy: { type: 'server_vad', threshold: 0.4 },
      }),
    );
  });

  it('images, whole and in events', async () => {
    const draw = { model: 'gpt-image-2', prompt: 'A hedgehog', quality: 'high', size: '1024x1024' } as const;
    const { tally } = await booked((client) => client.images.generate({ ...draw, n: 2 }));
    expect(tally).toMatchObject({ image_output: 2 * 1_756 });
    await booked(async (client) => {
      for await (const _event of await client.images.generate({ ...draw, stream: true, partial_images: 3 })) {
        // To its end.
      }
    });
  });

  it('images that are made from others, as a form and in JSON', async () => {
    const draw = { model: 'gpt-image-1.5', prompt: 'A hedgehog' };
    const { tally } = await booked(async (client) =>
      client.images.edit({
        ...draw,
        image: [await image(), await image()],
        mask: await image(),
        n: 2,
        quality: 'low',
      }),
    );
    expect(tally).toMatchObject({ image_input: 2 * 3 * 323, image_output: 2 * 196 });
    const images = [{ image_url: 'https://example.com/a.png' }];
    await booked((client) => client.post('/images/edits', { body: { ...draw, images } }));
  });

  it('an SVG, with its author at its own price', async () => {
    const { tally } = await booked((client) =>
      client.images.generate({
        model: 'gpt-image-2',
        prompt: 'x',
        quality: 'low',
        output_format: 'svg',
        svg: { model: 'gpt-6-luna' },
      }),
    );
    expect(tally).toMatchObject({ image_output: 196, output: 600 });
  });

  it('images that a response has made, at the price of their model', async () => {
    const tools = [
      { type: 'image_generation' as const, quality: 'low' as const, size: '1024x1024' as const },
    ];
    const ask = {
      model: 'gpt-5-mini',
      input: 'Draw a hedgehog.',
      tools,
      max_tool_calls: 1,
      max_output_tokens: 500,
    };
    const { tally } = await booked((client) => client.responses.create(ask));
    expect(tally).toMatchObject({ image_output: 196 });
    await booked(async (client) => {
      for await (const _event of await client.responses.create({ ...ask, stream: true })) {
        // To its end.
      }
    });
  });

  it('a compaction of what a stored response said, without an input of its own, in its own project alone', async () => {
    const project = await world.project('20');
    const client = sdk(inProcess(world), project);
    const input = 'Tell me of the sea. '.repeat(200);
    const first = await client.responses.create({ model: 'gpt-5-mini', input, max_output_tokens: 200 });
    await world.entries(project);
    const before = await owed();
    const goOn = { model: 'gpt-5-mini', previous_response_id: first.id };
    const { usage } = await client.responses.compact(goOn);
    expect(usage.input_tokens).toBeGreaterThan(first.usage?.input_tokens ?? Number.POSITIVE_INFINITY);
    const entry = (await world.entries(project)).find(({ endpoint }) => endpoint === 'responses.compact');
    const cost = entry?.outcome?.cost ?? 0n;
    expect(formatUsd(cost)).toBe(formatUsd((await owed()) - before));
    expect(entry?.outcome).toMatchObject({ state: 'settled', flags: [] });
    // What the response kept is unseen: as much is held for it as the model can read.
    expect(entry?.held).toBeGreaterThan(50n * cost);
    const theirs = sdk(inProcess(world), await world.project('20'));
    await expect(theirs.responses.compact(goOn)).rejects.toMatchObject({ status: 404, code: 'not_found' });
  });

  it('decisions, compactions, and nothing for counted tokens', async () => {
    await booked((client) =>
      client.decisions.create({
        model: 'gpt-6-luna',
        input: 'Hedgehogs are spiny.',
        questions: [{ type: 'predicate', instructions: 'Is it spiny?' }],
      }),
    );
    await booked((client) => client.responses.compact({ model: 'gpt-5-mini', input: 'A long story.' }));
    const project = await world.project('1');
    const counted = await sdk(inProcess(world), project).responses.inputTokens.count({
      model: 'gpt-5-mini',
      input: 'Hi',
    });
    expect(counted.input_tokens).toBeGreaterThan(0);
    expect((await world.entries(project)).map(({ outcome }) => outcome?.cost)).toEqual([0n]);
  });
});

describe('the cache', () => {
  it('knows a file by what is in it, whatever form it came in', async () => {
    const project = await world.project('5');
    const client = sdk(inProcess(world), project);
    const cacheOf = async (seconds: number, more: object = {}) => {
      const file = await toFile(wav(seconds), 'a.wav');
      const { response } = await client.audio.transcriptions
        .create({ model: 'whisper-1', file, ...more })
        .withResponse();
      await world.idle();
      return response.headers.get('openai-proxy-cache');
    };
    // Each form has a boundary of its own.
    expect(await cacheOf(2)).toBe('miss');
    expect(await cacheOf(2)).toBe('hit');
    expect(await cacheOf(3)).toBe('miss');
    expect(await cacheOf(2, { language: 'de' })).toBe('miss');
  });

  it('gives speech again as the sound that it was, and no image twice', async () => {
    const project = await world.project('20');
    const client = sdk(inProcess(world), project);
    const say = { model: 'gpt-4o-mini-tts', voice: 'ash', input: 'Twice.' };
    const first = Buffer.from(await (await client.audio.speech.create(say)).arrayBuffer());
    await world.idle();
    const again = await client.audio.speech.create(say);
    expect(again.headers.get('openai-proxy-cache')).toBe('hit');
    expect(again.headers.get('content-type')).toBe('audio/mpeg');
    expect(Buffer.from(await again.arrayBuffer())).toEqual(first);
    const draw = { model: 'gpt-image-2', prompt: 'A hedgehog', quality: 'low', size: '1024x1024' } as const;
    for (let time = 0; time < 2; time++) {
      const { response } = await client.images.generate(draw).withResponse();
      expect(response.headers.get('openai-proxy-cache')).toBe('bypass');
    }
  });
});
