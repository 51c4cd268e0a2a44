import { describe, expect, it, test } from 'vitest';
import { audioSpeech } from '../../../../shared/core/endpoints/audio-speech.ts';
import {
  audioTranscriptions,
  audioTranslations,
} from '../../../../shared/core/endpoints/audio-transcriptions.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import { PRICE, RATES } from './support.ts';

const { longContext: _, ...SHORT } = PRICE;
const TTS = { ...SHORT, rates: { default: { characters: RATES.characters } }, maxOutputTokens: 0 };
const TOKENS = {
  ...SHORT,
  rates: { default: { input: RATES.input, output: RATES.output, audio_input: RATES.audio_input } },
};
const SECONDS = {
  ...SHORT,
  rates: { default: { audio_seconds: RATES.audio_seconds } },
  contextWindow: 1,
  maxOutputTokens: 0,
};
const context = { bodyBytes: 500, autoTier: 'default' } as const;

describe('speech', () => {
  const say = (more: JsonObject = {}) => ({ model: 'tts-1', input: 'Zürich 🦔', voice: 'ash', ...more });
  const mini = (more: JsonObject = {}) => say({ model: 'gpt-4o-mini-tts', ...more });
  const DONE = { type: 'speech.audio.done', usage: { input_tokens: 7, output_tokens: 90, total_tokens: 97 } };

  it('by the character costs its characters, an emoji as one of them, before and after', () => {
    expect(audioSpeech.plain?.(say(), TTS)).toEqual({
      form: 'binary',
      served: { counts: { characters: 8 } },
    });
    expect(audioSpeech.worstCase(say(), TTS, context)).toMatchObject({
      fixed: 8n * RATES.characters,
      perOutputToken: 0n,
      explicit: true,
    });
    expect(audioSpeech.forMetering(say(), TTS)).toEqual(say());
  });

  it('is by the character wherever the price says so, whatever the model is called', () => {
    const named = (model: string) => say({ model });
    expect(audioSpeech.forMetering(named('speak-9'), TTS)).toEqual(named('speak-9'));
    expect(audioSpeech.plain?.(named('speak-9'), TTS)?.served).toEqual({ counts: { characters: 8 } });
    expect(audioSpeech.forMetering(named('tts-1'), TOKENS)).toMatchObject({ stream_format: 'sse' });
    expect(audioSpeech.plain?.(named('tts-1'), TOKENS)?.served).toBeUndefined();
    // With both, only the events tell what the sound came to.
    const both = { ...TOKENS, rates: { default: { ...TOKENS.rates.default, ...TTS.rates.default } } };
    expect(audioSpeech.forMetering(named('tts-1'), both)).toMatchObject({ stream_format: 'sse' });
  });

  it('by any other model is asked for in events, which alone carry the usage, and given as sound', () => {
    expect(audioSpeech.forMetering(mini(), TOKENS)).toEqual(mini({ stream_format: 'sse' }));
    expect(audioSpeech.plain?.(mini(), TOKENS)).toEqual({ form: 'binary', served: undefined });
    const unwrapping = audioSpeech.unwrapping?.(mini({ response_format: 'opus' }));
    expect(unwrapping?.contentType).toBe('audio/opus');
    expect(unwrapping?.contentOf({ type: 'speech.audio.delta', audio: 'QUJD' })).toBe('QUJD');
    expect(unwrapping?.contentOf(DONE)).toBeUndefined();
    expect(audioSpeech.unwrapping?.(mini())?.contentType).toBe('audio/mpeg');
  });

  it('in events is given in events to who asked for them', () => {
    expect(audioSpeech.unwrapping?.(mini({ stream_format: 'sse' }))).toBeUndefined();
  });

  it('is billed what its last event says, and nothing bounds what was heard before', () => {
    const meter = audioSpeech.streamMeter(mini());
    expect(meter.see({ type: 'speech.audio.delta', audio: 'QUJD' })).toBe('pass');
    expect([meter.isFinal(), meter.served(), meter.seenOutputBytes()]).toEqual([false, undefined, undefined]);
    meter.see(DONE);
    expect(meter.isFinal()).toBe(true);
    expect(meter.served()).toEqual({ counts: { input: 7, audio_output: 90 } });
  });

  it('whose last event says nothing is not known to cost nothing', () => {
    const meter = audioSpeech.streamMeter(mini());
    meter.see({ type: 'speech.audio.done' });
    expect([meter.isFinal(), meter.served()]).toEqual([true, undefined]);
  });

  it.each<[string, JsonObject]>([
    ['model', say({ model: null })],
    ['input', say({ input: ['x'] })],
    ['instructions', say({ instructions: {} })],
    ['response_format', say({ response_format: 'midi' })],
    ['stream_format', say({ stream_format: 'websocket' })],
    ['pitch', say({ pitch: 2 })],
  ])('with a wrong %s is refused', (param, body) => {
    expect(audioSpeech.check(body)).toMatchObject({ status: 400, param });
  });
});

describe('a transcript', () => {
  const file = {
    bytes: 10_000,
    sha256: 'x',
    content_type: 'audio/wav',
    extension: 'wav',
    seconds: 9.2,
    exact: true,
  };
  const ask = (more: JsonObject = {}) => ({ model: 'whisper-1', file, ...more });
  const DURATION = { type: 'duration', seconds: 10 };

  it.each<[string, JsonObject, object]>([
    [
      'tokens, told apart',
      {
        usage: {
          type: 'tokens',
          input_tokens: 100,
          output_tokens: 20,
          total_tokens: 120,
          input_token_details: { audio_tokens: 92, text_tokens: 8 },
        },
      },
      { input: 8, audio_input: 92, output: 20 },
    ],
    [
      'tokens, taken for sound',
      { usage: { type: 'tokens', input_tokens: 100, output_tokens: 20, total_tokens: 120 } },
      { audio_input: 100, output: 20 },
    ],
    ['seconds', { usage: DURATION }, { audio_seconds: 10 }],
    ['a begun second whole', { usage: { type: 'duration', seconds: 8.01 } }, { audio_seconds: 9 }],
    ['its duration', { duration: 9.4 }, { audio_seconds: 10 }],
    ['the duration of the file, where it says nothing', { text: 'x' }, { audio_seconds: 10 }],
  ])('is billed %s', (_what, answer, counts) => {
    expect(audioTranscriptions.served(answer, ask())).toEqual({ counts });
    expect(audioTranslations.served(answer, ask())).toEqual({ counts });
  });

  it('is not known to cost nothing where neither it nor the file says anything', () => {
    const { seconds: _seconds, ...unknown } = file;
    expect(audioTranscriptions.served({ text: 'x' }, ask({ file: unknown }))).toBeUndefined();
    expect(audioTranscriptions.plain?.(ask({ file: unknown, response_format: 'srt' }), SECONDS)).toEqual({
      form: 'text',
      served: undefined,
    });
  });

  it.each(['text', 'srt', 'vtt'])('as %s is billed the duration of the file', (response_format) => {
    const plain = { form: 'text', served: { counts: { audio_seconds: 10 } } };
    expect(audioTranscriptions.plain?.(ask({ response_format }), SECONDS)).toEqual(plain);
    expect(audioTranscriptions.plain?.(ask(), SECONDS)).toBeUndefined();
  });

  it('in events is billed what the last of them says', () => {
    const meter = audioTranscriptions.streamMeter(ask());
    meter.see({ type: 'transcript.text.delta', delta: 'Zürich' });
    expect([meter.isFinal(), meter.seenOutputBytes()]).toEqual([false, 7]);
    meter.see({
      type: 'transcript.text.done',
      text: 'Zürich',
      usage: { type: 'tokens', input_tokens: 9, output_tokens: 3, total_tokens: 12 },
    });
    expect([meter.isFinal(), meter.served()]).toEqual([true, { counts: { audio_input: 9, output: 3 } }]);
  });

  it('is held at its seconds by a model that bills these', () => {
    expect(audioTranscriptions.worstCase(ask(), SECONDS, context)).toMatchObject({
      fixed: 10n * RATES.audio_seconds,
      perOutputToken: 0n,
    });
  });

  it('is held at no more sound than fits into the model, but where it is cut into chunks', () => {
    const long = ask({ file: { ...file, seconds: 100_000 } });
    const whole = audioTranscriptions.worstCase(long, TOKENS, context);
    expect(whole.fixed).toBe(BigInt(TOKENS.contextWindow) * RATES.audio_input);
    const cut = audioTranscriptions.worstCase({ ...long, chunking_strategy: 'auto' }, TOKENS, context);
    expect(cut.fixed).toBeGreaterThan(2_000_000n * RATES.audio_input);
    expect(cut.maxOutputTokens).toBe(TOKENS.maxOutputTokens + 1_000_000);
  });

  it.each<[string, JsonObject]>([
    ['model', ask({ model: '' })],
    ['file', ask({ file: 'https://example.com/a.mp3' })],
    ['response_format', ask({ response_format: 'morse' })],
    ['include', ask({ include: 'logprobs' })],
    ['teleport', ask({ teleport: '1' })],
  ])('with a wrong %s is refused', (param, body) => {
    expect(audioTranscriptions.check(body)).toMatchObject({ status: 400, param });
  });
});

test('a translation takes no option of transcripts', () => {
  expect(audioTranslations.check({ model: 'whisper-1', file: { seconds: 1 }, language: 'en' })).toMatchObject(
    {
      param: 'language',
    },
  );
});
