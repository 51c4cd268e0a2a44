import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import type { Price } from '../price.ts';
import { integer } from '../token-bounds.ts';

/** What each partial image adds to the output ("Image generation" guide, "Partial images cost"). */
const PARTIAL_IMAGE_TOKENS = 100;

/**
 * What a model may put out as text for one image, while it plans: no page has a bound. Plans are some hundred tokens
 * long where they are seen (`output_tokens_details.text_tokens`).
 */
const PLANNING_TOKENS = 4_096;

/** "Number of frames for GIF output … from 2 through 16. Defaults to 9" (API reference of images). */
const DEFAULT_FRAMES = 9;

/** "The maximum supported resolution is 3840x2160" (API reference of images); a square of as many pixels costs most. */
const MOST_EDGE = 3_840;
const SQUARE_EDGE = 2_880;

/** How often one image is made: the frames of a GIF are images of their own. */
export function framesOf(options: JsonObject): number {
  return options['output_format'] === 'gif' ? (integer(options, 'frame_count') ?? DEFAULT_FRAMES) : 1;
}

/**
 * The most tokens that one image, with all its frames and partial images, and what was planned for it, can put out: by
 * its size and quality, where OpenAI publishes what they come to; else what the model can at most.
 */
export function imageOutputTokens(options: JsonObject, price: Price): number {
  const image = framesOf(options) * oneImage(options, price);
  return image + (integer(options, 'partial_images') ?? 0) * PARTIAL_IMAGE_TOKENS + PLANNING_TOKENS;
}

function oneImage({ size, quality }: JsonObject, { imageOutput, maxOutputTokens }: Price): number {
  if (imageOutput === undefined) return maxOutputTokens;
  if ('sizes' in imageOutput) return listedTokens(imageOutput.sizes, String(quality), String(size));
  const units = ownOf(imageOutput.units, String(quality)) ?? Math.max(...Object.values(imageOutput.units));
  const edges = edgesOf(size);
  return edges === undefined ? sizedTokens(units, SQUARE_EDGE, SQUARE_EDGE) : sizedTokens(units, ...edges);
}

/** What is listed for a size and quality; the most of all that is listed, where one of the two is not. */
function listedTokens(
  sizes: Readonly<Record<string, Readonly<Record<string, number>>>>,
  quality: string,
  size: string,
): number {
  const listed = ownOf(ownOf(sizes, quality) ?? {}, size);
  return listed ?? Math.max(...Object.values(sizes).flatMap((bySize) => Object.values(bySize)));
}

/** A caller's word as a key: `constructor` is none. */
function ownOf<V>(record: Readonly<Record<string, V>>, key: string): V | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The edges of a size that is no larger than the largest; of `auto` and of any other, nothing is known. */
function edgesOf(size: JsonValue | undefined): readonly [number, number] | undefined {
  const [, width, height] = /^(\d{2,4})x(\d{2,4})$/.exec(String(size)) ?? [];
  const [w, h] = [Number(width), Number(height)];
  const fits = w <= MOST_EDGE && h <= MOST_EDGE && w * h <= SQUARE_EDGE * SQUARE_EDGE && w * h > 0;
  return fits ? [w, h] : undefined;
}

/** Units of both edges, in proportion, for each of which the pixels weigh in over a constant. */
function sizedTokens(units: number, width: number, height: number): number {
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  const across = Math.floor((2 * units * short + long) / (2 * long));
  return Math.ceil((units * across * (2_000_000 + width * height)) / 4_000_000);
}

/** The images that a request hands to the model: in lists, in objects, or as files of a form. */
export function countImages(...members: readonly (JsonValue | undefined)[]): number {
  return members.reduce<number>((sum, member) => {
    if (Array.isArray(member)) return sum + member.length;
    return sum + (isObject(member) || typeof member === 'string' ? 1 : 0);
  }, 0);
}
