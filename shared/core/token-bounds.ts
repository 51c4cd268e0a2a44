import type { EstimateContext, WorstCase } from './endpoint.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import type { Media } from './media.ts';
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
import { pictureTokens } from './vision.ts';

/** What chat templates wrap around a request as a whole. */
const REQUEST_OVERHEAD_TOKENS = 256;

/** "1 token per 100 ms" of sound ("Managing costs" of the Realtime guide), and as much again as a margin. */
export const AUDIO_TOKENS_PER_SECOND = 20;

/** "Up to 1,500 images" in a request (guide "Images and vision"), each of which is rounded up twice. */
const MOST_PICTURES = 1_500;
const ROUNDING_TOKENS = 2;

/** How much input a request can become, by the kind of its tokens. */
export interface InputBound {
  readonly textTokens: number;
  /** What its pictures are billed as, however much of the context window they fill. */
  readonly imageTokens: number;
  readonly audioTokens: number;
  /** It refers to something whose size cannot be seen from here: the whole context window, of any kind of token. */
  readonly unseen: boolean;
  /** The most tokens that can be read at a time, where that is not the model's context window. */
  readonly window?: number;
  /** The longest lifetime of a prompt cache entry that it asks for. */
  readonly cacheTtl: '30m' | '12h';
}

/** The input of an endpoint that takes nothing but text, or counts what else it takes itself. */
export const NO_MEDIA = { imageTokens: 0, audioTokens: 0, unseen: false } as const;

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
  /** What hosted tools may put into the context between its turns. */
  readonly brings?: 'text' | 'any';
  /** The context may be read once more after each turn, with what was put out in it, to be made shorter. */
  readonly compacts?: boolean;
  /** The model may search the web once for each choice, as search models always do. */
  readonly searches?: boolean;
  /** See `WorstCase`. */
  readonly levers?: readonly string[];
  /** Hosted tools, and output that no maximum covers. */
  readonly fees?: (rates: FullRates) => Picodollars;
}

/** How often, and how much, the model can read. */
interface Reading extends InputBound {
  readonly times: number;
  /** Of what kind there may be more than is seen, up to all windows. */
  readonly unseenKind: 'none' | 'text' | 'any';
  /** All windows of all times together, in tokens that fill a window. */
  readonly windowTokens: number;
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
  price: Price,
): InputBound {
  const { vision, maxImageTokens } = price;
  return {
    textTokens: Math.max(0, bodyBytes - media.mediaBytes) + REQUEST_OVERHEAD_TOKENS + extraTokens,
    imageTokens: media.pictures.reduce(
      (sum, picture) => sum + (vision === undefined ? maxImageTokens : pictureTokens(vision, picture)),
      0,
    ),
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
  const searches = output.searches === true || price.searchPerCall === true;
  const compacts = output.compacts === true;
  const reading = readingOf(input, price, output, searches);
  const rates = dearestRates(price, {
    requestedTier: serviceTier(body),
    autoTier: context.autoTier,
    ...(context.servedTier === undefined ? {} : { servedTier: context.servedTier }),
    maxInputTokens: mostTokens(reading, price) + (compacts ? output.maxOutputTokens : 0),
  });
  const searchFee = max([rates.web_search, rates.web_search_preview]);
  const searchCost = searches ? BigInt(Math.max(1, output.choices)) * searchFee : 0n;
  const inputCost = inputCostOf(reading, price, rates);
  const readAgain = compacts && reading.unseenKind === 'none' ? dearestTextInput(rates, input.cacheTtl) : 0n;
  const put = dearestOutput(rates, { audio: output.audio === true, image: output.image === true });
  return {
    fixed: inputCost + searchCost + (output.fees?.(rates) ?? 0n),
    perOutputToken: (put + readAgain) * BigInt(output.choices),
    maxOutputTokens: output.maxOutputTokens,
    explicit: output.explicit,
    ...(output.sendMaximum === true ? { sendMaximum: true } : {}),
    ...(output.levers === undefined || output.levers.length === 0 ? {} : { levers: output.levers }),
  };
}

/** The most tokens that can be in the context of a response, with all that is put out in it. */
export function contextTokens(input: InputBound, output: OutputAndFees, price: Price): number {
  const { unseenKind } = readingOf(input, price, output, price.searchPerCall === true);
  const all = input.textTokens + input.audioTokens + input.imageTokens + output.maxOutputTokens;
  const full = Math.ceil((price.contextWindow * (price.vision?.inflation ?? 100)) / 100);
  return unseenKind === 'none' ? all : Math.max(full, all);
}

function readingOf(input: InputBound, price: Price, output: OutputAndFees, searches: boolean): Reading {
  const turns = output.turns ?? 1;
  const times = output.compacts === true ? 2 * turns : turns;
  // What a search or another hosted tool brings is billed as input.
  const bringsText = turns > 1 || searches;
  const isAny = input.unseen || (turns > 1 && output.brings !== 'text');
  return {
    ...input,
    times,
    unseenKind: isAny ? 'any' : bringsText ? 'text' : 'none',
    windowTokens: times * (input.window ?? price.contextWindow),
  };
}

/** The most tokens that are billed as input: what is seen, or all that fits, whichever is less. */
function mostTokens(reading: Reading, price: Price): number {
  const { windowTokens, times, textTokens, audioTokens, imageTokens, unseenKind } = reading;
  const full = Math.ceil((windowTokens * (price.vision?.inflation ?? 100)) / 100) + rounding(times, price);
  const pictures = times * imageTokens;
  if (unseenKind === 'any') return price.vision === undefined ? full + pictures : full;
  const heard =
    unseenKind === 'text' ? windowTokens : Math.min(windowTokens, times * (textTokens + audioTokens));
  const all = heard + pictures;
  return price.vision === undefined ? all : Math.min(full, all);
}

/**
 * What is seen, or all that the model can take in, whichever costs less; all, where not all can be seen. Only what is
 * known to fill the window is cut at it: a picture can be billed as many times what it fills.
 */
function inputCostOf(reading: Reading, price: Price, rates: FullRates): Picodollars {
  const { times, unseenKind, windowTokens, cacheTtl } = reading;
  const text = dearestTextInput(rates, cacheTtl);
  const image = dearestImageInput(rates, cacheTtl);
  const audio = dearestAudioInput(rates, cacheTtl);
  const canHaveAudio = reading.audioTokens > 0 || (unseenKind === 'any' && takesAudio(price));
  const heard = max([text, canHaveAudio ? audio : 0n]);
  const windows = BigInt(windowTokens);
  const shown = (image * BigInt(price.vision?.inflation ?? 100) + 99n) / 100n;
  const full = windows * max([heard, shown]) + BigInt(rounding(times, price)) * image;
  const pictures = BigInt(times * reading.imageTokens) * image;
  if (unseenKind === 'any') return price.vision === undefined ? full + pictures : full;
  const seen = BigInt(times) * (BigInt(reading.textTokens) * text + BigInt(reading.audioTokens) * audio);
  const most = windows * heard;
  const heardCost = unseenKind === 'text' || seen > most ? most : seen;
  const all = heardCost + pictures;
  return price.vision === undefined || all < full ? all : full;
}

/** What the tokens of pictures that nobody sees are rounded up by. */
function rounding(times: number, { vision }: Price): number {
  return vision === undefined ? 0 : times * MOST_PICTURES * ROUNDING_TOKENS;
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

/** Whether a member of this name, with any value but `null`, is anywhere in a value. */
export function mentions(value: JsonValue | undefined, name: string): boolean {
  return some(value, (object) => object[name] !== undefined && object[name] !== null);
}

/** `12h` as soon as any part of the request asks for a lifetime other than the default `30m`. */
export function cacheTtlOf(body: JsonObject): '30m' | '12h' {
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
