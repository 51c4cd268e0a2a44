import { describe, expect, it } from 'vitest';
import {
  audioTranscriptions,
  audioTranslations,
} from '../../../../shared/core/endpoints/audio-transcriptions.ts';
import type { JsonObject } from '../../../../shared/core/json.ts';
import { PRICE, RATES } from './support.ts';

const SECONDS = { ...PRICE, rates: { default: { audio_seconds: RATES.audio_seconds } } };
const exact = { seconds: 9.2, exact: true };
const loose = { seconds: 9.2, exact: false };
const ask = (file: JsonObject, response_format?: string): JsonObject => ({
  model: 'test-model',
  file,
  ...(response_format === undefined ? {} : { response_format }),
});

const VERBOSE = {
  text: 'Ein Igel --> zwei Igel.',
  duration: 3_723.4,
  segments: [
    { start: 0, end: 1.5, text: ' Ein Igel -->' },
    { start: 1.5, end: 3_723.4, text: ' zwei Igel. ' },
  ],
};

describe('a form of transcript that does not tell what it cost', () => {
  it.each<[string, string | undefined]>([
    ['text', 'json'],
    ['srt', 'verbose_json'],
    ['vtt', 'verbose_json'],
    ['json', 'json'],
    ['verbose_json', 'verbose_json'],
    ['diarized_json', 'diarized_json'],
  ])('is asked for as one that does, unless the recording tells: %s', (format, asked) => {
    const isText = ['text', 'srt', 'vtt'].includes(format);
    expect(audioTranscriptions.forMetering(ask(loose, format), SECONDS)['response_format']).toBe(asked);
    expect(audioTranscriptions.forMetering(ask(exact, format), SECONDS)).toEqual(ask(exact, format));
    // By a model of tokens, no recording tells what they are.
    expect(audioTranscriptions.forMetering(ask(exact, format), PRICE)['response_format']).toBe(asked);
    const served = audioTranscriptions.plain?.(ask(exact, format), PRICE)?.served;
    expect(served).toBeUndefined();
    expect(audioTranscriptions.plain?.(ask(exact, format), SECONDS)?.served !== undefined).toBe(isText);
    expect(audioTranscriptions.plain?.(ask(loose, format), SECONDS)?.served).toBeUndefined();
  });

  it.each([undefined, 'json', 'text', 'srt', 'vtt', 'verbose_json'])(
    'is asked for as the one that tells how long a translation’s recording is: %s',
    (format) => {
      expect(audioTranslations.forMetering(ask(loose, format), SECONDS)).toMatchObject({
        response_format: 'verbose_json',
      });
      expect(audioTranslations.forMetering(ask(exact, format), SECONDS)).toEqual(ask(exact, format));
    },
  );
});

describe('what the caller asked for is made of what OpenAI was asked for:', () => {
  const shown = (format: string | undefined, answer: JsonObject = VERBOSE) =>
    audioTranslations.rendered?.(ask(loose, format), answer);

  it('text', () => {
    expect(shown('text')).toEqual({
      contentType: 'text/plain; charset=utf-8',
      text: 'Ein Igel --> zwei Igel.\n',
    });
  });

  it('JSON with nothing but the text', () => {
    const json = { contentType: 'application/json', text: '{"text":"Ein Igel --> zwei Igel."}' };
    expect(shown('json')).toEqual(json);
    expect(shown(undefined)).toEqual(json);
    expect(shown('json', { text: 'as it came', usage: { type: 'duration', seconds: 1 } })).toBeUndefined();
  });

  it('subtitles, in which no text looks like a time', () => {
    expect(shown('srt')?.text).toBe(
      '1\n00:00:00,000 --> 00:00:01,500\nEin Igel ->\n\n2\n00:00:01,500 --> 01:02:03,400\nzwei Igel.\n\n',
    );
    expect(shown('vtt')?.text).toBe(
      'WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nEin Igel ->\n\n00:00:01.500 --> 01:02:03.400\nzwei Igel.\n\n',
    );
    expect(shown('srt', { text: 'all', duration: 2 })?.text).toBe(
      '1\n00:00:00,000 --> 00:00:02,000\nall\n\n',
    );
  });

  it('nothing else is changed, nor what is no transcript', () => {
    expect(shown('verbose_json')).toBeUndefined();
    expect(shown('text', { error: { message: 'm' } })).toBeUndefined();
  });
});
