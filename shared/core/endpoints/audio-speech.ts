import type { EstimateContext, MeteredEndpoint, StreamMeter, Unwrapping, WorstCase } from '../endpoint.ts';
import type { JsonObject } from '../json.ts';
import { textBytes, textOf } from '../json-members.ts';
import { speechUsage } from '../media-usage.ts';
import type { Price } from '../price.ts';
import { dearestRates } from '../pricing.ts';
import type { Refusal } from '../refusal.ts';
import { firstRefusal, isGiven, namesModel, refuseMember, texts } from '../request-checks.ts';
import { NO_MEDIA, worstCaseOf } from '../token-bounds.ts';
import type { Served } from '../usage.ts';
import { goodSpeech } from './good-answers.ts';
import { knownMembers } from './request-members.ts';

/** What OpenAI may say to the model around the text that it is to speak. */
const OVERHEAD_TOKENS = 256;

/** The formats of speech (API reference of speech) and the media types that OpenAI gives them; the first is the default. */
const MEDIA_TYPES = {
  mp3: 'audio/mpeg',
  opus: 'audio/opus',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
} as const;

const CHECKS = [
  namesModel(),
  knownMembers('speech'),
  speaksText,
  texts('instructions'),
  knowsFormat,
  knowsStreamFormat,
];

/**
 * `POST /audio/speech`: by the character (tts-1), or tokens of text and sound. Sound alone carries no usage, so that a
 * model of tokens is asked for events in its place, and the caller is given what they carry.
 */
export const audioSpeech: MeteredEndpoint = {
  check: (body) => firstRefusal(body, CHECKS),
  worstCase,
  withOutputCap: (body) => body,
  forMetering: (body, price) => (isByCharacter(price) ? body : { ...body, stream_format: 'sse' }),
  reads: { usage: true },
  served: servedOf,
  plain: (body, price) => ({ form: 'binary', served: isByCharacter(price) ? spoken(body) : undefined }),
  unwrapping: (body) => (body['stream_format'] === 'sse' ? undefined : unwrapping(body)),
  streamMeter: speechMeter,
  cacheable: () => true,
  good: goodSpeech,
};

function speaksText({ input }: JsonObject): Refusal | undefined {
  return typeof input === 'string' ? undefined : refuseMember('input', 'input must be the text to speak.');
}

function knowsFormat(body: JsonObject): Refusal | undefined {
  return !isGiven(body, 'response_format') || isFormat(body['response_format'])
    ? undefined
    : refuseMember('response_format', `response_format must be ${Object.keys(MEDIA_TYPES).join(', ')}.`);
}

function knowsStreamFormat(body: JsonObject): Refusal | undefined {
  const format = body['stream_format'];
  return !isGiven(body, 'stream_format') || format === 'sse' || format === 'audio'
    ? undefined
    : refuseMember('stream_format', 'stream_format must be sse or audio.');
}

function isFormat(format: unknown): format is keyof typeof MEDIA_TYPES {
  return typeof format === 'string' && Object.hasOwn(MEDIA_TYPES, format);
}

/**
 * Whether a model bills the text that it speaks, and nothing that it puts out. Such a model gives no events ("`sse` is
 * not supported for tts-1", API reference).
 */
function isByCharacter({ rates }: Price): boolean {
  const { characters, output, audio_output: audio } = rates.default ?? {};
  return characters !== undefined && output === undefined && audio === undefined;
}

/**
 * The characters of the text. OpenAI does not say what it counts as one; its limit of 4,096 for a text counts code
 * points, and the bill is taken to count the same.
 */
function spoken({ input }: JsonObject): Served {
  return { counts: { characters: [...(textOf(input) ?? '')].length } };
}

function worstCase(body: JsonObject, price: Price, context: EstimateContext): WorstCase {
  const textTokens = textBytes(body['input']) + textBytes(body['instructions']) + OVERHEAD_TOKENS;
  const input = { ...NO_MEDIA, textTokens, cacheTtl: '30m' } as const;
  const worst = worstCaseOf(body, price, context, input, {
    choices: 1,
    maxOutputTokens: price.maxOutputTokens,
    explicit: true,
    audio: true,
  });
  const { autoTier } = context;
  const rates = dearestRates(price, { autoTier, maxInputTokens: textTokens });
  const characters = BigInt(spoken(body).counts.characters ?? 0) * rates.characters;
  return { ...worst, fixed: worst.fixed + characters };
}

function servedOf({ usage }: JsonObject): Served | undefined {
  const counts = speechUsage(usage);
  return counts === undefined ? undefined : { counts };
}

function unwrapping(body: JsonObject): Unwrapping {
  const format = isFormat(body['response_format']) ? body['response_format'] : 'mp3';
  return {
    contentType: MEDIA_TYPES[format],
    contentOf: (data) => (data['type'] === 'speech.audio.delta' ? textOf(data['audio']) : undefined),
  };
}

/** The usage comes with the last event. What is heard before bounds nothing: tokens of sound are no bytes. */
function speechMeter(): StreamMeter {
  let served: Served | undefined;
  let done = false;
  let begun = false;
  return {
    see(data) {
      begun ||= data['type'] === 'speech.audio.delta';
      if (data['type'] === 'speech.audio.done') {
        done = true;
        served = servedOf(data);
      }
      return 'pass';
    },
    served: () => served,
    isFinal: () => done,
    hasBegun: () => begun || done,
    seenOutputBytes: () => undefined,
  };
}
