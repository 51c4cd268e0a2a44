import { isObject, type JsonObject, type JsonValue } from './json.ts';
import type { UsageClass, UsageCounts } from './usage.ts';

/** The counts of an answer's `usage`, before they are told apart by class. */
interface Reported {
  readonly input: number;
  readonly cached: number;
  readonly written: number;
  readonly written12h: number;
  readonly audio: number;
  readonly image: number;
}

/** What a class takes out of a stock of tokens, and what it leaves. */
class Stock {
  left: number;

  constructor(tokens: number) {
    this.left = tokens;
  }

  take(wanted: number): number {
    const taken = Math.min(this.left, wanted);
    this.left -= taken;
    return taken;
  }
}

/**
 * Reads the `usage` of chat completions and completions.
 *
 * @returns `undefined` when it has no usable `prompt_tokens` or `completion_tokens`: a count that is missing is not 0
 */
export function chatUsage(usage: JsonValue | undefined): UsageCounts | undefined {
  return generationUsage(usage, 'prompt', 'completion');
}

/** Reads the `usage` of responses; `undefined` as in `chatUsage`. */
export function responsesUsage(usage: JsonValue | undefined): UsageCounts | undefined {
  return generationUsage(usage, 'input', 'output');
}

/** Reads the `usage` of embeddings; `undefined` as in `chatUsage`. */
export function embeddingsUsage(usage: JsonValue | undefined): UsageCounts | undefined {
  const input = isObject(usage) ? count(usage['prompt_tokens']) : undefined;
  return input === undefined ? undefined : dropZeros({ input });
}

/** A whole number of 0 or more that JavaScript holds exactly; anything else is no count. */
export function count(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function generationUsage(
  usage: JsonValue | undefined,
  inputName: string,
  outputName: string,
): UsageCounts | undefined {
  if (!isObject(usage)) return undefined;
  const input = count(usage[`${inputName}_tokens`]);
  const output = count(usage[`${outputName}_tokens`]);
  if (input === undefined || output === undefined) return undefined;
  return dropZeros({
    ...inputClasses(input, usage[`${inputName}_tokens_details`]),
    ...outputClasses(output, usage[`${outputName}_tokens_details`]),
  });
}

function inputClasses(input: number, value: JsonValue | undefined): UsageCounts {
  const details = isObject(value) ? value : {};
  const lifetimes = details['cache_write_tokens_details'];
  const written12h = isObject(lifetimes) ? part(lifetimes, 'ttl_12h_tokens') : 0;
  const written30m = isObject(lifetimes) ? part(lifetimes, 'ttl_30m_tokens') : 0;
  return divide({
    input,
    cached: part(details, 'cached_tokens'),
    written: Math.max(part(details, 'cache_write_tokens'), written12h + written30m),
    written12h,
    audio: part(details, 'audio_tokens'),
    image: part(details, 'image_tokens'),
  });
}

/**
 * Counts every input token in one class. OpenAI says how many tokens were cached and how many were audio or images,
 * but not how many were both. Cached tokens are taken for text first, then for images, then for audio: the way that
 * costs most, as text saves least by being cached. Tokens written to the cache are taken for text first, then for
 * images; audio that was written stays audio, whose rate is the higher one. Parts that exceed the whole are cut.
 */
function divide(reported: Reported): UsageCounts {
  const audio = new Stock(Math.min(reported.audio, reported.input));
  const image = new Stock(Math.min(reported.image, reported.input - audio.left));
  const text = new Stock(reported.input - audio.left - image.left);
  const cachedText = text.take(reported.cached);
  const cachedImage = image.take(reported.cached - cachedText);
  const cachedAudio = audio.take(reported.cached - cachedText - cachedImage);
  const writtenText = text.take(reported.written);
  const written = writtenText + image.take(reported.written - writtenText);
  const written12h = Math.min(reported.written12h, written);
  return {
    input: text.left,
    cached_input: cachedText,
    cache_write: written - written12h,
    cache_write_12h: written12h,
    audio_input: audio.left,
    cached_audio_input: cachedAudio,
    image_input: image.left,
    cached_image_input: cachedImage,
  };
}

/** Reasoning and predictions are parts of the output that are billed with it; a part is never more than the whole. */
function outputClasses(output: number, value: JsonValue | undefined): UsageCounts {
  const details = isObject(value) ? value : {};
  const audio = Math.min(part(details, 'audio_tokens'), output);
  return {
    output: output - audio,
    audio_output: audio,
    reasoning: Math.min(part(details, 'reasoning_tokens'), output),
    accepted_prediction: Math.min(part(details, 'accepted_prediction_tokens'), output),
    rejected_prediction: Math.min(part(details, 'rejected_prediction_tokens'), output),
  };
}

/** A part that is missing or unreadable is not told apart: its tokens stay in the whole. */
function part(details: JsonObject, name: string): number {
  return count(details[name]) ?? 0;
}

function dropZeros(counts: UsageCounts): UsageCounts {
  const entries = Object.entries(counts) as [UsageClass, number][];
  return Object.fromEntries(entries.filter(([, units]) => units > 0));
}
