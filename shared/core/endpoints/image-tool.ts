import type { EstimateContext } from '../endpoint.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf, textOf } from '../json-members.ts';
import type { Media } from '../media.ts';
import { imageUsage } from '../media-usage.ts';
import type { Picodollars } from '../money.ts';
import type { Price } from '../price.ts';
import { dearestImageInput, dearestOutput, dearestRates, dearestTextInput } from '../pricing.ts';
import { max } from '../rates.ts';
import { isGiven } from '../request-checks.ts';
import type { Served } from '../usage.ts';
import { countImages, framesOf, imageOutputTokens } from './image-bounds.ts';

export const IMAGE_TOOL = 'image_generation';

/** "You can provide up to 16 images", and "the maximum length is 32000 characters" of a prompt (of images). */
const MOST_IMAGES = 16;
const PROMPT_TOKENS = 32_000;

/** Why an image tool is refused, if it is. */
export function imageToolProblem(tool: JsonObject): string | undefined {
  if (textOf(tool['model']) === undefined)
    return 'The model of an image tool must be named, as a string: which one OpenAI would choose is not known here.';
  if (tool['output_format'] === 'svg' || isGiven(tool, 'svg')) {
    return 'SVG is not served by this tool, as its author has a price of its own. Ask /images/generations for it.';
  }
  const isCounted = ['partial_images', 'frame_count'].every(
    (name) => !isGiven(tool, name) || isSmall(tool[name]),
  );
  return isCounted ? undefined : 'partial_images and frame_count must be integers from 0 to 16.';
}

/**
 * The body with the model of each image tool named: what is billed is then what was asked for.
 *
 * @param model that OpenAI uses where none is named; `undefined` where nobody knows which it is
 */
export function withImageModels(body: JsonObject, model: string | undefined): JsonObject {
  if (model === undefined || imageTools(body).every((tool) => isGiven(tool, 'model'))) return body;
  const named = (tool: JsonValue) =>
    isImageTool(tool) && !isGiven(tool, 'model') ? { ...tool, model } : tool;
  return { ...body, tools: listOf(body['tools']).map(named) };
}

/** The models that make the images of a request. */
export function imageToolModels(body: JsonObject): readonly string[] {
  return [...new Set(imageTools(body).map(modelOf))].filter((model) => model !== undefined);
}

/**
 * The most that one call of the image tools can cost: a prompt, the images that it can be handed, and the image that it
 * makes.
 *
 * @param calls how many images the response can have made, each of which the next call can be handed
 * @param media what the request shows of images
 */
export function imageCallCost(
  body: JsonObject,
  calls: number,
  media: Media,
  { autoTier, prices }: EstimateContext,
): Picodollars {
  return max(
    imageTools(body).map((tool) => {
      const price = prices?.get(modelOf(tool) ?? '');
      return price === undefined ? 0n : oneCall(tool, price, autoTier, handed(tool, calls, media));
    }),
  );
}

function oneCall(
  tool: JsonObject,
  price: Price,
  autoTier: EstimateContext['autoTier'],
  images: number,
): Picodollars {
  const frames = framesOf(tool);
  const imageTokens = images * price.maxImageTokens;
  const rates = dearestRates(price, { autoTier, maxInputTokens: PROMPT_TOKENS + imageTokens });
  const input =
    BigInt(PROMPT_TOKENS) * dearestTextInput(rates, '30m') +
    BigInt(imageTokens) * dearestImageInput(rates, '30m');
  return (
    BigInt(frames) * input + BigInt(imageOutputTokens(tool, price)) * dearestOutput(rates, { image: true })
  );
}

/** How many images a call can be handed: those that are seen, those that were made before it, and its mask. */
function handed(tool: JsonObject, calls: number, media: Media): number {
  const known = media.unseen ? MOST_IMAGES : Math.min(MOST_IMAGES, media.pictures.length + calls - 1);
  return known + countImages(tool['input_image_mask']);
}

/**
 * What the image model did for a response, by its own price.
 *
 * @returns `unknown` where images were made, and their usage is missing: it "may be skipped" (API reference of
 *   `tool_usage`), which is not the same as nothing
 */
export function servedImages(response: JsonObject): Served | 'unknown' | undefined {
  const made = listOf(response['output']).some(
    (item) => isObject(item) && item['type'] === 'image_generation_call' && item['status'] !== 'failed',
  );
  const usage = isObject(response['tool_usage']) ? response['tool_usage']['image_gen'] : undefined;
  const counts = imageUsage(usage);
  const isNothing = counts === undefined || Object.keys(counts).length === 0;
  if (isNothing) return made ? 'unknown' : undefined;
  const [model] = imageToolModels(response);
  return { ...(model === undefined ? {} : { model }), counts };
}

function imageTools({ tools }: JsonObject): readonly JsonObject[] {
  return listOf(tools).filter(isImageTool);
}

function isImageTool(tool: JsonValue): tool is JsonObject {
  return isObject(tool) && tool['type'] === IMAGE_TOOL;
}

function modelOf({ model }: JsonObject): string | undefined {
  return textOf(model);
}

function isSmall(value: JsonValue | undefined): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= MOST_IMAGES;
}
