import type { EstimateContext, MeteredEndpoint, PlainAnswer, StreamMeter, WorstCase } from '../endpoint.ts';
import { isObject, type JsonObject } from '../json.ts';
import { listOf, textBytes, textOf } from '../json-members.ts';
import { secondsUsage, transcriptUsage } from '../media-usage.ts';
import type { Price } from '../price.ts';
import { dearestRates } from '../pricing.ts';
import { max } from '../rates.ts';
import { invalidRequest, type Refusal } from '../refusal.ts';
import { firstRefusal, isGiven, namesModel, refuseMember, texts } from '../request-checks.ts';
import { arrays } from '../request-shapes.ts';
import { AUDIO_TOKENS_PER_SECOND, NO_MEDIA, worstCaseOf } from '../token-bounds.ts';
import type { Served } from '../usage.ts';
import { goodTranscript } from './good-answers.ts';
import { knownMembers } from './request-members.ts';
import {
  askingForDuration,
  askingForUsage,
  isToldByFile,
  JSON_FORMATS,
  renderedTranscript,
  TEXT_FORMATS,
} from './transcript-formats.ts';

/** What is said in a second, at most, with as much again as a margin: people speak some five tokens. */
const OUTPUT_TOKENS_PER_SECOND = 10;

/** "Each sample must be between 2 and 10 seconds" (API reference of transcriptions). */
const REFERENCE_SECONDS = 10;

/** What OpenAI may say to the model around the prompt. */
const OVERHEAD_TOKENS = 16;

/** A chunk is cut where somebody stops to speak, or after 30 seconds; this is short of any useful one. */
const LEAST_CHUNK_SECONDS = 2;

const COMMON = [namesModel(), texts('prompt', 'language'), hasFile, knowsFormat];

/** `POST /audio/transcriptions`: tokens, or seconds of sound, whichever the model bills. */
export const audioTranscriptions: MeteredEndpoint = {
  check: (body) =>
    firstRefusal(body, [
      ...COMMON,
      knownMembers('transcriptions'),
      arrays('include', 'keywords', 'known_speaker_names', 'known_speaker_references', 'languages'),
    ]),
  worstCase,
  withOutputCap: (body) => body,
  forMetering: (body, price) => (isToldByFile(body, price) ? body : askingForUsage(body)),
  form: { files: ['file'], audio: ['file'], numbers: ['temperature'], booleans: ['stream'] },
  formOnly: true,
  reads: { usage: true, duration: true },
  served: servedOf,
  plain: plainText,
  rendered: renderedTranscript,
  streamMeter: transcriptMeter,
  cacheable: () => true,
  good: goodTranscript,
};

/** `POST /audio/translations`: seconds of sound, of which its answers tell only in `verbose_json`. */
export const audioTranslations: MeteredEndpoint = {
  ...audioTranscriptions,
  check: (body) => firstRefusal(body, [...COMMON, knownMembers('translations')]),
  forMetering: (body, price) => (isToldByFile(body, price) ? body : askingForDuration(body)),
  form: { files: ['file'], audio: ['file'], numbers: ['temperature'] },
};

function hasFile({ file }: JsonObject): Refusal | undefined {
  if (!isObject(file)) return refuseMember('file', 'file must be an audio file, as a part of the form.');
  return typeof file['seconds'] === 'number' ? undefined : UNMEASURED;
}

const UNMEASURED = invalidRequest(
  'unmeasured_audio',
  'It cannot be told how long this recording plays at most, and so not what it can cost. Send it as WAV, FLAC, MP3, ' +
    'M4A, WebM, or Ogg with Opus, Vorbis or FLAC in it; `ffmpeg -i recording recording.flac` makes one.',
  { param: 'file' },
);

/** An answer in another format could come without anything that tells what it cost. */
function knowsFormat(body: JsonObject): Refusal | undefined {
  const format = String(body['response_format']);
  return !isGiven(body, 'response_format') || JSON_FORMATS.has(format) || TEXT_FORMATS.has(format)
    ? undefined
    : refuseMember(
        'response_format',
        `response_format must be ${[...JSON_FORMATS, ...TEXT_FORMATS].join(', ')}.`,
      );
}

/** Tokens or seconds are billed, never both: the dearer of the two. */
function worstCase(body: JsonObject, price: Price, context: EstimateContext): WorstCase {
  const seconds = Math.ceil(mostSeconds(body));
  const references = listOf(body['known_speaker_references']).length;
  const audioTokens = (seconds + references * REFERENCE_SECONDS) * AUDIO_TOKENS_PER_SECOND;
  // In one block it must fit into the model; cut into chunks, each of them has the model, and the prompt, to itself.
  const isCut = isGiven(body, 'chunking_strategy');
  const blocks = isCut ? 1 + Math.ceil(seconds / LEAST_CHUNK_SECONDS) : 1;
  const textTokens = blocks * (promptBytes(body) + OVERHEAD_TOKENS);
  const window = isCut ? textTokens + audioTokens : price.contextWindow;
  const output = price.maxOutputTokens + (isCut ? seconds * OUTPUT_TOKENS_PER_SECOND : 0);
  const input = { ...NO_MEDIA, textTokens, audioTokens, window };
  const worst = worstCaseOf(
    body,
    price,
    context,
    { ...input, cacheTtl: '30m' },
    {
      choices: 1,
      maxOutputTokens: output,
      explicit: true,
    },
  );
  const rates = dearestRates(price, { autoTier: context.autoTier, maxInputTokens: window });
  return { ...worst, fixed: max([worst.fixed, BigInt(seconds) * rates.audio_seconds]) };
}

/** What is read as text beside the sound. */
function promptBytes({ prompt, keywords, known_speaker_names: names }: JsonObject): number {
  return [prompt, ...listOf(keywords), ...listOf(names)].reduce<number>(
    (sum, text) => sum + textBytes(text),
    0,
  );
}

function servedOf({ usage, duration }: JsonObject, body: JsonObject): Served | undefined {
  const counts = transcriptUsage(usage) ?? secondsUsage(duration);
  return counts === undefined ? heard(body) : { counts };
}

/** What an answer that does not tell is billed: the sound that was sent, if it plays as long for every decoder. */
function heard({ file }: JsonObject): Served | undefined {
  const counts = isObject(file) && file['exact'] === true ? secondsUsage(file['seconds']) : undefined;
  return counts === undefined ? undefined : { counts };
}

function mostSeconds({ file }: JsonObject): number {
  const seconds = isObject(file) ? file['seconds'] : undefined;
  return typeof seconds === 'number' ? seconds : 0;
}

function plainText(body: JsonObject, price: Price): PlainAnswer | undefined {
  return TEXT_FORMATS.has(String(body['response_format']))
    ? { form: 'text', served: isToldByFile(body, price) ? heard(body) : undefined }
    : undefined;
}

function transcriptMeter(body: JsonObject): StreamMeter {
  let served: Served | undefined;
  let done = false;
  let outputBytes = 0;
  let begun = false;
  return {
    see(data) {
      begun ||= textOf(data['type'])?.startsWith('transcript.') === true;
      outputBytes += textBytes(data['delta']);
      if (textOf(data['type']) === 'transcript.text.done') {
        done = true;
        served = servedOf(data, body);
      }
      return 'pass';
    },
    served: () => served,
    isFinal: () => done,
    hasBegun: () => begun,
    seenOutputBytes: () => outputBytes,
  };
}
