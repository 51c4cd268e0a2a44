import type { EstimateContext, WorstCase } from './endpoint.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { textBytes } from './json-members.ts';
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
import { serviceTier } from './service-tier.ts';
import { recordingOf } from './sound/measure.ts';

/** What chat templates wrap around a request as a whole. */
const REQUEST_OVERHEAD_TOKENS = 256;

/** "1 token per 100 ms" of sound ("Managing costs" of the Realtime guide), and as much again as a margin. */
export const AUDIO_TOKENS_PER_SECOND = 20;

/** How much input a request can become, by the kind of its tokens. */
export interface InputBound {
  readonly textTokens: number;
  readonly images: number;
  readonly audioTokens: number;
  /** It refers to something whose size cannot be seen from here: the whole context window, of any kind of token. */
  readonly unseen: boolean;
  /** The most tokens that it can be in one turn, where that is not the model's context window. */
  readonly window?: number;
  /** The longest lifetime of a prompt cache entry that it asks for. */
  readonly cacheTtl: '30m' | '12h';
}

/** What the content of a request refers to, found by the readers of content parts. */
export interface Media {
  images: number;
  /** In seconds. */
  audio: number;
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
  /** Whether it may be audio, or an image. */
  readonly audio?: boolean;
  readonly image?: boolean;
  readonly sendMaximum?: boolean;
  /** How often the model may read its input in one request; 1 without hosted tools. */
  readonly turns?: number;
  /** The model may search the web once for each choice, as search models always do. */
  readonly searches?: boolean;
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
    audioTokens: Math.ceil(media.audio * AUDIO_TOKENS_PER_SECOND),
    unseen: media.unseen,
    cacheTtl: cacheTtlOf(body),
  };
}

/** Puts the worst case of an endpoint together, at the dearest rates that could apply. */
export function worstCaseOf(
  body: JsonObject,
  price: Price,
  context: EstimateContext,
  input: InputBound,
  output: OutputAndFees,
): WorstCase {
  const turns = output.turns ?? 1;
  const searches = output.searches === true || price.searchPerCall === true;
  // What a search or another hosted tool brings is billed as input.
  const unseen = turns > 1 || input.unseen || searches;
  const seenTokens = input.textTokens + input.images * price.maxImageTokens + input.audioTokens;
  const windowTokens = turns * (input.window ?? price.contextWindow);
  const rates = dearestRates(price, {
    requestedTier: serviceTier(body),
    autoTier: context.autoTier,
    ...(context.servedTier === undefined ? {} : { servedTier: context.servedTier }),
    maxInputTokens: unseen ? windowTokens : Math.min(windowTokens, seenTokens),
  });
  const searchFee = max([rates.web_search, rates.web_search_preview]);
  const searchCost = searches ? BigInt(Math.max(1, output.choices)) * searchFee : 0n;
  const inputCost = inputCostOf({ ...input, unseen }, price, rates, windowTokens);
  return {
    fixed: inputCost + searchCost + (output.fees?.(rates) ?? 0n),
    perOutputToken:
      dearestOutput(rates, { audio: output.audio === true, image: output.image === true }) *
      BigInt(output.choices),
    maxOutputTokens: output.maxOutputTokens,
    explicit: output.explicit,
    ...(output.sendMaximum === true ? { sendMaximum: true } : {}),
  };
}

/** What is seen, or all that the model can take in, whichever costs less; all, where not all can be seen. */
function inputCostOf(input: InputBound, price: Price, rates: FullRates, windowTokens: number): Picodollars {
  const text = dearestTextInput(rates, input.cacheTtl);
  const image = dearestImageInput(rates, input.cacheTtl);
  const audio = dearestAudioInput(rates, input.cacheTtl);
  const canHaveImages = input.unseen || input.images > 0;
  const canHaveAudio = input.audioTokens > 0 || (input.unseen && takesAudio(price));
  const any = max([text, canHaveImages ? image : 0n, canHaveAudio ? audio : 0n]);
  const windowCost = BigInt(windowTokens) * any;
  const seenCost =
    BigInt(input.textTokens) * text +
    BigInt(input.images * price.maxImageTokens) * image +
    BigInt(input.audioTokens) * audio;
  return input.unseen || seenCost > windowCost ? windowCost : seenCost;
}

/** Whether a model is known to take audio: the input of any other is text and images. */
function takesAudio(price: Price): boolean {
  return Object.values(price.rates).some((rates) => rates.audio_input !== undefined);
}

/** An integer member of a request, also 0 or less; `undefined` where it is anything else, or absent. */
export function integer(body: JsonObject, name: string): number | undefined {
  const value = body[name];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** Counts an image that is given as a URL; the bytes of a `data:` URL are the image's and no text. */
export function addImage(media: Media, url: JsonValue | undefined): void {
  media.images += 1;
  if (typeof url === 'string' && url.startsWith('data:')) media.mediaBytes += textBytes(url);
}

/** Counts audio that is given as base64, by how long it plays at most. */
export function addAudio(media: Media, data: JsonValue | undefined): void {
  if (typeof data !== 'string') {
    media.unseen = true;
    return;
  }
  media.mediaBytes += textBytes(data);
  const recording = isBase64(data) ? recordingOf(Buffer.from(data, 'base64')) : undefined;
  if (recording === undefined) media.unseen = true;
  else media.audio += recording.seconds;
}

/** Whether all decoders read the same bytes: whatever else is in such a text, some skip it, and others end there. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

export function noMedia(): Media {
  return { images: 0, audio: 0, mediaBytes: 0, unseen: false };
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
