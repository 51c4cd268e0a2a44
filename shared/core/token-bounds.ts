import type { EstimateContext, WorstCase } from './endpoint.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import type { Picodollars } from './money.ts';
import type { Price } from './price.ts';
import {
  dearestAudioInput,
  dearestImageInput,
  dearestOutput,
  dearestRates,
  dearestTextInput,
} from './pricing.ts';
import { type FullRates, max } from './rates.ts';

/** What chat templates wrap around a request as a whole. */
const REQUEST_OVERHEAD_TOKENS = 256;

/**
 * How many bytes of encoded audio make a token, at least. OpenAI counts a token for every 100 ms of input ("Managing
 * costs" of its Realtime guide), and MP3 begins at 8 kbit/s, which is 100 bytes in that time; half of it is a margin.
 */
const BYTES_PER_AUDIO_TOKEN = 50;

/** How much input a request can become, by the kind of its tokens. */
export interface InputBound {
  readonly textTokens: number;
  readonly images: number;
  readonly audioTokens: number;
  /** It refers to something whose size cannot be seen from here: the whole context window, of any kind of token. */
  readonly unseen: boolean;
  /** The longest lifetime of a prompt cache entry that it asks for. */
  readonly cacheTtl: '30m' | '12h';
}

/** What the content of a request refers to, found by the readers of content parts. */
export interface Media {
  images: number;
  audioBytes: number;
  /** Bytes of base64 that are media and no text. */
  mediaBytes: number;
  unseen: boolean;
}

/** What a request can be charged beside its input. */
export interface OutputAndFees {
  readonly maxOutputTokens: number;
  /** How often the maximum can be put out: `n`, times prompts. */
  readonly choices: number;
  readonly explicit: boolean;
  readonly audio?: boolean;
  readonly sendMaximum?: boolean;
  /** How often the model may read its input in one request; 1 without hosted tools. */
  readonly turns?: number;
  /** Hosted tools, and output that no maximum covers. */
  readonly fees?: (rates: FullRates) => Picodollars;
}

/**
 * Bounds the tokens of a request by its bytes: a token is never less than one byte of UTF-8. JSON's own marks pay for
 * what chat templates put around each message.
 *
 * @param bodyBytes the request as it came
 * @param extraTokens what OpenAI adds of its own, such as the description of a tool
 */
export function inputBound(
  body: JsonObject,
  bodyBytes: number,
  media: Media,
  extraTokens: number,
): InputBound {
  return {
    textTokens: Math.max(0, bodyBytes - media.mediaBytes) + REQUEST_OVERHEAD_TOKENS + extraTokens,
    images: media.images,
    audioTokens: Math.ceil(media.audioBytes / BYTES_PER_AUDIO_TOKEN),
    unseen: media.unseen,
    cacheTtl: cacheTtlOf(body),
  };
}

/** Puts the worst case of a generating endpoint together, at the dearest rates that could apply. */
export function worstCaseOf(
  body: JsonObject,
  price: Price,
  context: EstimateContext,
  input: InputBound,
  output: OutputAndFees,
): WorstCase {
  const turns = output.turns ?? 1;
  const window = price.contextWindow;
  const readsAnything = turns > 1 || input.unseen;
  const seen = input.textTokens + input.images * price.maxImageTokens + input.audioTokens;
  const maxInputTokens = readsAnything ? turns * window : Math.min(window, seen);
  const rates = dearestRates(price, {
    requestedTier: serviceTier(body),
    autoTier: context.autoTier,
    maxInputTokens,
  });
  const text = dearestTextInput(rates, input.cacheTtl);
  const image = dearestImageInput(rates, input.cacheTtl);
  const audio = dearestAudioInput(rates, input.cacheTtl);
  const canHaveImages = readsAnything || input.images > 0;
  const canHaveAudio = input.audioTokens > 0 || (readsAnything && takesAudio(price));
  const any = max([text, canHaveImages ? image : 0n, canHaveAudio ? audio : 0n]);
  const seenCost =
    BigInt(input.textTokens) * text +
    BigInt(input.images * price.maxImageTokens) * image +
    BigInt(input.audioTokens) * audio;
  const windowCost = BigInt(turns * window) * any;
  const inputCost = readsAnything || seenCost > windowCost ? windowCost : seenCost;
  return {
    fixed: inputCost + (output.fees?.(rates) ?? 0n),
    perOutputToken: dearestOutput(rates, { audio: output.audio === true }) * BigInt(output.choices),
    maxOutputTokens: output.maxOutputTokens,
    explicit: output.explicit,
    ...(output.sendMaximum === true ? { sendMaximum: true } : {}),
  };
}

/** Whether a model is known to take audio: the input of any other is text and images. */
function takesAudio(price: Price): boolean {
  return Object.values(price.rates).some((rates) => rates.audio_input !== undefined);
}

/** The `service_tier` of a request, where it names one. */
export function serviceTier(body: JsonObject): string | undefined {
  const tier = body['service_tier'];
  return typeof tier === 'string' ? tier : undefined;
}

/** A positive integer member of a request; `undefined` when it is absent or `null`. */
export function integer(body: JsonObject, name: string): number | undefined {
  const value = body[name];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** How many bytes a text takes in UTF-8. */
export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** How many bytes a base64 text decodes to, at most. */
export function base64Bytes(text: string): number {
  return Math.ceil((text.length * 3) / 4);
}

/** Counts an image that is given as a URL; the bytes of a `data:` URL are the image's and no text. */
export function addImage(media: Media, url: JsonValue | undefined): void {
  media.images += 1;
  if (typeof url === 'string' && url.startsWith('data:')) media.mediaBytes += utf8Bytes(url);
}

/** Counts audio that is given as base64. */
export function addAudio(media: Media, data: JsonValue | undefined): void {
  if (typeof data !== 'string') {
    media.unseen = true;
    return;
  }
  media.audioBytes += base64Bytes(data);
  media.mediaBytes += utf8Bytes(data);
}

export function noMedia(): Media {
  return { images: 0, audioBytes: 0, mediaBytes: 0, unseen: false };
}

/** Whether a member of this name, with any value but `null`, is anywhere in a value. */
export function mentions(value: JsonValue | undefined, name: string): boolean {
  return some(value, (object) => object[name] !== undefined && object[name] !== null);
}

/** `12h` as soon as any part of the request asks for a lifetime other than the default `30m`. */
function cacheTtlOf(body: JsonObject): '30m' | '12h' {
  const asksMore = (options: JsonValue | undefined) =>
    isObject(options) && typeof options['ttl'] === 'string' && options['ttl'] !== '30m';
  if (asksMore(body['prompt_cache_options'])) return '12h';
  return some(body, (object) => asksMore(object['prompt_cache_breakpoint'])) ? '12h' : '30m';
}

function some(value: JsonValue | undefined, test: (object: JsonObject) => boolean): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (isObject(value)) return test(value) || Object.values(value).some((child) => some(child, test));
  return value.some((child) => some(child, test));
}
