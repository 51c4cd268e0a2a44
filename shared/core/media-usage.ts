import { isObject, type JsonValue } from './json.ts';
import type { UsageClass, UsageCounts } from './usage.ts';
import { count } from './usage-reader.ts';

/**
 * Reads the `usage` of generated images, and the `image_gen` of a response's `tool_usage`. Tokens that are not told apart
 * are those of images in the output, and of text in the input, where images are counted beside them.
 *
 * @returns `undefined` when it has no usable `input_tokens` or `output_tokens`: a count that is missing is not 0
 */
export function imageUsage(usage: JsonValue | undefined): UsageCounts | undefined {
  const { input, output } = totals(usage);
  if (!isObject(usage) || input === undefined || output === undefined) return undefined;
  const images = part(usage['input_tokens_details'], 'image_tokens', input);
  const cachedImages = part(usage['cached_tokens_details'], 'cached_image_tokens', images);
  const cached = Math.min(count(usage['cached_tokens']) ?? cachedImages, input);
  const cachedText = Math.min(cached - Math.min(cached, cachedImages), input - images);
  const text = part(usage['output_tokens_details'], 'text_tokens', output);
  return withoutZeros({
    input: input - images - cachedText,
    cached_input: cachedText,
    image_input: images - cachedImages,
    cached_image_input: cachedImages,
    output: text,
    image_output: output - text,
  });
}

/** Reads the usage of who wrote an SVG: plain tokens of a text model. `undefined` as in `imageUsage`. */
export function authorUsage(usage: JsonValue | undefined): UsageCounts | undefined {
  const { input, output } = totals(usage);
  if (input === undefined || output === undefined) return undefined;
  return withoutZeros({ input, output, reasoning: part(usage, 'reasoning_tokens', output) });
}

/** Reads the usage of speech: text in, sound out. `undefined` as in `imageUsage`. */
export function speechUsage(usage: JsonValue | undefined): UsageCounts | undefined {
  const { input, output } = totals(usage);
  if (input === undefined || output === undefined) return undefined;
  return withoutZeros({ input, audio_output: output });
}

/**
 * Reads the usage of a transcript, in tokens or in seconds, begun ones counted whole. Input that is not told apart is
 * sound. `undefined` as in `imageUsage`.
 */
export function transcriptUsage(usage: JsonValue | undefined): UsageCounts | undefined {
  if (isObject(usage) && usage['type'] === 'duration') return secondsUsage(usage['seconds']);
  const { input, output } = totals(usage);
  if (!isObject(usage) || input === undefined || output === undefined) return undefined;
  const text = part(usage['input_token_details'], 'text_tokens', input);
  return withoutZeros({ input: text, audio_input: input - text, output });
}

/** What so many seconds of sound are billed as: begun ones whole. `undefined` of what is no duration. */
export function secondsUsage(seconds: JsonValue | undefined): UsageCounts | undefined {
  if (typeof seconds !== 'number' || !(seconds >= 0)) return undefined;
  const whole = count(Math.ceil(seconds));
  return whole === undefined ? undefined : withoutZeros({ audio_seconds: whole });
}

function totals(usage: JsonValue | undefined): { readonly input?: number; readonly output?: number } {
  if (!isObject(usage)) return {};
  const input = count(usage['input_tokens']);
  const output = count(usage['output_tokens']);
  return { ...(input === undefined ? {} : { input }), ...(output === undefined ? {} : { output }) };
}

/** A part of a whole, never more than it; 0 where it is not told. */
function part(details: JsonValue | undefined, name: string, whole: number): number {
  return isObject(details) ? Math.min(count(details[name]) ?? 0, whole) : 0;
}

function withoutZeros(counts: UsageCounts): UsageCounts {
  const entries = Object.entries(counts) as [UsageClass, number][];
  return Object.fromEntries(entries.filter(([, units]) => units > 0));
}
