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

/** The models before gpt-image-2, whose sizes are three ("Image generation" guide, "Cost and latency"). */
const FIRST_MODELS = /^gpt-image-1(\.5|-mini)?(-\d{4}-\d\d-\d\d)?$/;
const FIRST_TOKENS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  low: { '1024x1024': 272, '1024x1536': 408, '1536x1024': 400 },
  medium: { '1024x1024': 1_056, '1024x1536': 1_584, '1536x1024': 1_568 },
  high: { '1024x1024': 4_160, '1024x1536': 6_240, '1536x1024': 6_208 },
};
const FIRST_MOST = 6_240;

/** The models of any size, whose tokens the calculator of the guide "Image generation" works out as `sizedTokens` does. */
const SIZED_MODELS = /^gpt-image-2(\.5-(sunburst|flare))?(-\d{4}-\d\d-\d\d)?$/;

/**
 * Units on the longer edge, by quality: of gpt-image-2 low, medium and high are 16, 48 and 96; of gpt-image-2.5 low to
 * max are 16, 24, 48, 64 and 96. The dearer of both; and of a quality that is not named, the dearest.
 */
const UNITS: Readonly<Record<string, number>> = { low: 16, medium: 48 };
const MOST_UNITS = 96;

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

function oneImage({ size, quality }: JsonObject, { model, maxOutputTokens }: Price): number {
  if (FIRST_MODELS.test(model)) return FIRST_TOKENS[String(quality)]?.[String(size)] ?? FIRST_MOST;
  if (!SIZED_MODELS.test(model)) return maxOutputTokens;
  const units = UNITS[String(quality)] ?? MOST_UNITS;
  const edges = edgesOf(size);
  return edges === undefined ? sizedTokens(units, SQUARE_EDGE, SQUARE_EDGE) : sizedTokens(units, ...edges);
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
