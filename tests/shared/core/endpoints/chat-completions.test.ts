import { describe, expect, test } from 'vitest';
import { chatCompletions } from '../../../../shared/core/endpoints/chat-completions.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import { REFUSAL } from '../../../../shared/core/refusal.ts';
import { MP3_FRAME_SECONDS, mp3, SLOW_FRAME_SECONDS, slowMp3, wav } from '../../../support/audio.ts';
import { bytesOf, PRICE, RATES, replay } from './support.ts';

/** Some decoders end after the first of them, and some go on. */
const TWO_TEXTS = `${wav(0).toString('base64')}=${wav(9).toString('base64')}`;

const messages = [{ role: 'user', content: 'Hello' }];
const ask = (more: JsonObject = {}): JsonObject => ({ model: 'test-model', messages, ...more });
const worst = (body: JsonObject, price = PRICE) =>
  chatCompletions.worstCase(body, price, { bodyBytes: bytesOf(body), autoTier: 'default' });
const userSays = (...content: JsonObject[]) => ask({ messages: [{ role: 'user', content }] });
const USAGE = {
  input: 163,
  cached_input: 1024,
  output: 62,
  reasoning: 32,
};

describe('a request that cannot be bounded or metered is refused, naming the member at fault', () => {
  const cases: [string, JsonObject][] = [
    ['model', { messages }],
    ['model', ask({ model: '' })],
    ['model', ask({ model: 7 })],
    ['stream', ask({ stream: 'yes' })],
    ['n', ask({ n: 0 })],
    ['n', ask({ n: 129 })],
    ['n', ask({ n: 1.5 })],
    ['max_completion_tokens', ask({ max_completion_tokens: -1 })],
    ['max_completion_tokens', ask({ max_completion_tokens: '100' })],
    ['max_tokens', ask({ max_tokens: { rawJSON: '99999999999999999999' } })],
    ['service_tier', ask({ service_tier: 'warp' })],
    ['service_tier', ask({ service_tier: 3 })],
    ['tools[1].type', ask({ tools: [{ type: 'function' }, { type: 'web_search' }] })],
    ['moderation.model', ask({ moderation: {} })],
    ['moderation.model', ask({ moderation: { model: 7 } })],
    ['moderation.model', ask({ moderation: 'omni-moderation-latest' })],
    ['reasoning', ask({ reasoning: { mode: 'pro' } })],
    ['teleport', ask({ teleport: true })],
    ['model', ask({ model: 'm'.repeat(257) })],
    ['modalities', ask({ modalities: ['text', 'video'] })],
    ['modalities', ask({ modalities: 'audio' })],
    ['messages', ask({ messages: { role: 'user', content: 'x' } })],
    ['messages[1]', ask({ messages: [...messages, 'x'] })],
    ['messages[0].content', ask({ messages: [{ role: 'user', content: { type: 'file' } }] })],
    ['messages[0].content', ask({ messages: [{ role: 'user', content: ['x'] }] })],
    ['tools', ask({ tools: { type: 'web_search' } })],
    ['stream_options', ask({ stream_options: [] })],
  ];
  test.each(cases)('%s', (param, body) => {
    expect(chatCompletions.check(body)).toMatchObject({ kind: REFUSAL, status: 400, param });
  });

  test('and no error repeats more than a few words of the request', () => {
    const long = 'x'.repeat(1_000_000);
    for (const body of [ask({ model: long }), ask({ [long]: 1 })]) {
      const refusal = chatCompletions.check(body);
      expect(refusal).toMatchObject({ status: 400 });
      expect(JSON.stringify(refusal).length).toBeLessThan(500);
    }
  });

  test('and an ordinary one is not', () => {
    const tools = [
      { type: 'function', function: { name: 'f' } },
      { type: 'custom', custom: { name: 'c' } },
    ];
    const full = {
      modalities: ['text', 'audio'],
      stream: true,
      n: 2,
      max_completion_tokens: 5,
      service_tier: 'flex',
      store: null,
      tools,
    };
    expect(chatCompletions.check(ask())).toBeUndefined();
    expect(
      chatCompletions.check(ask({ ...full, moderation: { model: 'omni-moderation-latest' } })),
    ).toBeUndefined();
  });
});

describe('the worst case', () => {
  test('takes the maximum that the caller names, in either spelling, for every choice', () => {
    expect(worst(ask({ max_completion_tokens: 50, n: 3 }))).toMatchObject({
      maxOutputTokens: 50,
      explicit: true,
      perOutputToken: 3n * RATES.output,
    });
    expect(worst(ask({ max_tokens: 60 }))).toMatchObject({ maxOutputTokens: 60, explicit: true });
    expect(worst(ask({ max_tokens: 60, max_completion_tokens: 50 })).maxOutputTokens).toBe(60);
  });

  test('takes the maximum of the model where the caller names none, or more than that', () => {
    expect(worst(ask())).toMatchObject({ maxOutputTokens: 8_000, explicit: false });
    expect(worst(ask({ max_tokens: null }))).toMatchObject({ maxOutputTokens: 8_000, explicit: false });
    expect(worst(ask({ max_tokens: 999_999 })).maxOutputTokens).toBe(8_000);
  });

  test('counts spoken output at its own rate', () => {
    expect(worst(ask({ modalities: ['text', 'audio'] })).perOutputToken).toBe(RATES.audio_output);
  });

  test('counts an image by its most tokens, and not by its base64', () => {
    const link = worst(userSays({ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }));
    const data = `data:image/png;base64,${'A'.repeat(400_000)}`;
    const inline = worst(userSays({ type: 'image_url', image_url: { url: data } }));
    expect(link.fixed).toBeGreaterThan(1_500n * RATES.image_input);
    expect(inline.fixed).toBeLessThanOrEqual(link.fixed);
  });

  test('counts text that only looks like an image by its bytes', () => {
    const text = `data:image/png;base64,${'A'.repeat(10_000)}`;
    expect(worst(userSays({ type: 'text', text })).fixed).toBeGreaterThan(10_000n * RATES.input);
  });

  test.each<[string, Buffer, number]>([
    ['WAV', wav(30), 30],
    ['WAV whose head lies about its blocks', wav(30, { blockAlign: 60_000 }), 30],
    ['MP3 at the lowest rate', slowMp3(400), 400 * SLOW_FRAME_SECONDS],
    [
      'joined MP3',
      Buffer.concat([mp3(100), slowMp3(300)]),
      100 * MP3_FRAME_SECONDS + 300 * SLOW_FRAME_SECONDS,
    ],
  ])('counts audio by how long it plays, with as much again as a margin: %s', (_what, file, seconds) => {
    const data = file.toString('base64');
    const { fixed } = worst(userSays({ type: 'input_audio', input_audio: { data, format: 'wav' } }));
    expect(fixed).toBeGreaterThanOrEqual(BigInt(Math.ceil(seconds * 20)) * RATES.audio_input);
    expect(fixed).toBeLessThan(BigInt(Math.ceil(seconds * 20) + 40) * RATES.audio_input);
  });

  const whole = BigInt(PRICE.contextWindow) * 2n * RATES.audio_input;
  test.each([
    ['a file', userSays({ type: 'file', file: { file_id: 'file-1' } })],
    ['a part of an unknown type', userSays({ type: 'hologram', hologram: {} })],
    ['audio without data', userSays({ type: 'input_audio', input_audio: {} })],
    ['audio of no known format', userSays({ type: 'input_audio', input_audio: { data: 'AAAA' } })],
    ['audio that is no base64 to some', userSays({ type: 'input_audio', input_audio: { data: TWO_TEXTS } })],
    ['audio of an earlier answer', ask({ messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] })],
  ])('counts %s as the whole context window', (_name, body) => {
    expect(worst(body).fixed).toBe(whole);
  });

  test('is never more than the context window, however long the text', () => {
    const fixed = worst(ask({ messages: [{ role: 'user', content: 'x'.repeat(9_000_000) }] })).fixed;
    expect(fixed).toBe(BigInt(PRICE.contextWindow) * 2n * RATES.cache_write);
  });

  test('does not take unseen input for audio where the model takes none', () => {
    const { audio_input: _, cached_audio_input: __, ...silent } = RATES;
    const { fixed } = worst(userSays({ type: 'file', file: { file_id: 'file-1' } }), {
      ...PRICE,
      rates: { default: silent },
      longContext: { over: 20_000, rates: { default: silent } },
    });
    expect(fixed).toBe(BigInt(PRICE.contextWindow) * RATES.image_input);
  });

  test('adds a search for each choice of a search model, and the window for what it brings', () => {
    const { fixed } = worst(ask({ n: 2 }), { ...PRICE, searchPerCall: true });
    const text = BigInt(PRICE.contextWindow) * 2n * RATES.cache_write;
    expect(fixed).toBe(text + 2n * 2n * RATES.web_search_preview);
    expect(worst(ask({ web_search_options: {} })).fixed).toBe(text + 2n * RATES.web_search_preview);
  });

  test('adds a prediction as output, and lets no maximum be set beside it, as OpenAI takes none', () => {
    const prediction = { type: 'content', content: 'y'.repeat(1_000) };
    const [plain, predicted] = [worst(ask()), worst(ask({ prediction }))];
    expect(predicted.explicit).toBe(true);
    expect(predicted.fixed - plain.fixed).toBeGreaterThan(1_000n * RATES.output);
  });

  test('takes the tier that was asked for, or the dearest that auto can be', () => {
    const auto = (tier: 'default' | 'priority') =>
      chatCompletions.worstCase(ask(), PRICE, { bodyBytes: 10, autoTier: tier }).perOutputToken;
    expect(worst(ask({ service_tier: 'fast' })).perOutputToken).toBe((RATES.output * 5n) / 2n);
    expect([auto('default'), auto('priority')]).toEqual([RATES.output, (RATES.output * 5n) / 2n]);
  });

  test('takes the long-context rates only when the input can be that long', () => {
    expect(worst(ask()).perOutputToken).toBe(RATES.output);
    const long = ask({ messages: [{ role: 'user', content: 'x'.repeat(20_000) }] });
    expect(worst(long).perOutputToken).toBe(2n * RATES.output);
  });

  test('takes the rate of the longest prompt cache that is asked for', () => {
    const short = worst(ask()).fixed;
    const body = userSays({
      type: 'text',
      text: 'x',
      prompt_cache_breakpoint: { mode: 'explicit', ttl: '12h' },
    });
    expect(worst(body).fixed).toBeGreaterThan((short * 19n) / 10n);
  });
});

describe('what is sent', () => {
  test('asks for the usage of a stream, and keeps the other options', () => {
    const body = ask({ stream: true, stream_options: { include_obfuscation: false } });
    expect(chatCompletions.forMetering(body, PRICE)).toEqual({
      ...body,
      service_tier: 'auto',
      stream_options: { include_obfuscation: false, include_usage: true },
    });
  });

  test('names the tier, as OpenAI tells the one that served a request only to who names one', () => {
    for (const body of [ask(), ask({ service_tier: null })]) {
      expect(chatCompletions.forMetering(body, PRICE)).toEqual(ask({ service_tier: 'auto' }));
    }
    expect(chatCompletions.forMetering(ask({ service_tier: 'flex' }), PRICE)).toEqual(
      ask({ service_tier: 'flex' }),
    );
  });

  test('carries the cap as max_completion_tokens', () => {
    expect(chatCompletions.withOutputCap(ask(), 300)).toEqual(ask({ max_completion_tokens: 300 }));
  });
});

describe('a whole answer', () => {
  const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
  test('tells its model, tier, tokens and choices', () => {
    const answer = { model: 'm-2026-01-01', service_tier: 'priority', choices: [{}, {}], usage };
    expect(chatCompletions.served(answer, {})).toEqual({
      model: 'm-2026-01-01',
      serviceTier: 'priority',
      counts: { input: 5, output: 7 },
      choices: 2,
    });
  });

  test('with citations of the web owes a search for each choice that has them', () => {
    const message = { annotations: [{ type: 'url_citation', url_citation: {} }] };
    const answer = { choices: [{ message }, { message: { annotations: [] } }], usage };
    expect(chatCompletions.served(answer, {})?.counts).toEqual({ input: 5, output: 7, web_search: 1 });
  });

  test('without usage is not served for nothing: it is unknown', () => {
    expect(chatCompletions.served({ model: 'm', choices: [] }, {})).toBeUndefined();
    expect(chatCompletions.served({ error: { message: 'no' } }, {})).toBeUndefined();
  });
});

describe('a stream', () => {
  test('loses its usage chunk, and nothing else, where the caller did not ask for it', () => {
    const meter = chatCompletions.streamMeter(ask({ stream: true }));
    expect(replay('chat-text', meter)).toEqual(['pass', 'pass', 'pass', 'pass', 'pass', 'strip']);
    expect(meter.served()).toEqual({
      model: 'gpt-5.1-2025-11-13',
      serviceTier: 'default',
      counts: USAGE,
      choices: 1,
    });
  });

  test('keeps its usage chunk where the caller asked for it', () => {
    const meter = chatCompletions.streamMeter(ask({ stream: true, stream_options: { include_usage: true } }));
    expect(replay('chat-text', meter)).not.toContain('strip');
    expect(meter.served()?.counts).toEqual(USAGE);
  });

  test('counts the bytes of text, in UTF-8', () => {
    const meter = chatCompletions.streamMeter(ask({ stream: true }));
    replay('chat-text', meter);
    expect(meter.seenOutputBytes()).toBe(Buffer.byteLength('Zürich liegt am See 🏔️\nund an der Limmat.'));
  });

  test('counts the bytes of tool calls', () => {
    const meter = chatCompletions.streamMeter(ask({ stream: true }));
    replay('chat-tools', meter);
    expect(meter.seenOutputBytes()).toBe(Buffer.byteLength('get_weather{"city":"Zürich"}shellls'));
  });

  test('with several choices counts all of them, and their refusals', () => {
    const meter = chatCompletions.streamMeter(ask({ stream: true, n: 2 }));
    replay('chat-two-choices', meter);
    expect(meter.seenOutputBytes()).toBe(Buffer.byteLength("yesnoI can't."));
    expect(meter.served()).toMatchObject({ choices: 2, counts: { output: 9 } });
  });

  test('that ends in an error is unknown, with what was seen of it', () => {
    const meter = chatCompletions.streamMeter(ask({ stream: true }));
    expect(replay('chat-error', meter)).toEqual(['pass', 'pass', 'pass']);
    expect(meter.served()).toBeUndefined();
    expect(meter.seenOutputBytes()).toBe(4);
  });

  test('that repeats its usage counts the last one, once', () => {
    const meter = chatCompletions.streamMeter(ask({ stream: true }));
    for (const completion_tokens of [1, 2, 3])
      meter.see({ choices: [], usage: { prompt_tokens: 9, completion_tokens } });
    expect(meter.served()?.counts).toEqual({ input: 9, output: 3 });
  });
});

describe('an answer may be given again', () => {
  test.each([
    [true, ask()],
    [true, ask({ stream: true, seed: 1 })],
    [true, userSays({ type: 'image_url', image_url: { url: 'https://x.test/a.png' } })],
    [false, ask({ store: true })],
    [false, ask({ web_search_options: {} })],
    [false, userSays({ type: 'file', file: { file_id: 'file-1' } })],
    [false, ask({ messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] })],
  ])('%s', (expected, body) => {
    expect(chatCompletions.cacheable(body)).toBe(expected);
  });
});
