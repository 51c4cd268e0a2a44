import type { EstimateContext, MeteredEndpoint, StreamMeter, WorstCase } from '../endpoint.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { textBytes, textOf } from '../json-members.ts';
import { tallySum } from '../ledger-rules.ts';
import { authorUsage, imageUsage } from '../media-usage.ts';
import type { Picodollars } from '../money.ts';
import type { Price } from '../price.ts';
import { dearestImageInput, dearestOutput, dearestRates, dearestTextInput } from '../pricing.ts';
import { max } from '../rates.ts';
import type { Refusal } from '../refusal.ts';
import {
  booleans,
  firstRefusal,
  integers,
  isGiven,
  namesModel,
  objects,
  refuseMember,
  texts,
} from '../request-checks.ts';
import { integer, NO_MEDIA, worstCaseOf } from '../token-bounds.ts';
import type { Served, UsageCounts } from '../usage.ts';
import { countImages, framesOf, imageOutputTokens } from './image-bounds.ts';
import { knownMembers } from './request-members.ts';

/** "Must be between 1 and 10" (API reference of images). */
const MAX_IMAGES = 10;

/** What OpenAI says to the model around a prompt, and counts as text for each image that it is handed. */
const OVERHEAD_TOKENS = 256;
const TEXT_TOKENS_PER_IMAGE = 256;

const COMMON = [
  namesModel(': OpenAI has a default of its own, which has a price of its own'),
  texts('prompt', 'size', 'quality', 'output_format', 'background', 'complexity', 'input_fidelity'),
  integers(1, MAX_IMAGES, 'n'),
  integers(0, 3, 'partial_images'),
  integers(2, 16, 'frame_count'),
  booleans('stream'),
];

/** `POST /images/generations`: tokens of the prompt and of images; of an SVG also those of the model that writes it. */
export const imageGenerations: MeteredEndpoint = {
  check: (body) =>
    firstRefusal(body, [...COMMON, knownMembers('imageGenerations'), objects('svg'), namesAuthor]),
  worstCase,
  otherModels: (body) => (authorOf(body) === undefined ? [] : [String(authorOf(body))]),
  withOutputCap: (body) => body,
  forMetering: (body) => body,
  reads: { usage: true, svg_usage: true },
  served: servedImages,
  streamMeter: imageMeter,
  cacheable: () => false,
};

/** `POST /images/edits`, as JSON or as a form: tokens of the prompt, and of images in and out. */
export const imageEdits: MeteredEndpoint = {
  ...imageGenerations,
  check: (body) => firstRefusal(body, [...COMMON, knownMembers('imageEdits'), objects('svg'), namesAuthor]),
  form: {
    files: ['image', 'mask', 'markup'],
    integers: ['n', 'partial_images', 'output_compression', 'frame_count', 'frame_duration_ms'],
    booleans: ['stream'],
  },
};

function authorOf({ svg }: JsonObject): string | undefined {
  return isObject(svg) ? textOf(svg['model']) : undefined;
}

function namesAuthor(body: JsonObject): Refusal | undefined {
  const author = authorOf(body);
  const isNamed = author !== undefined && author !== '';
  if (isNamed || (body['output_format'] !== 'svg' && !isGiven(body, 'svg'))) return undefined;
  return refuseMember(
    'svg.model',
    'svg.model must name the model that writes the SVG: it has a price of its own.',
  );
}

/** Several images "are billed as though they were separately performed", prompt and all, and so are frames here. */
function worstCase(body: JsonObject, price: Price, context: EstimateContext): WorstCase {
  const images = countImages(body['image'], body['images'], body['mask'], body['markup']);
  const count = integer(body, 'n') ?? 1;
  const times = count * framesOf(body);
  const textTokens = textBytes(body['prompt']) + OVERHEAD_TOKENS + images * TEXT_TOKENS_PER_IMAGE;
  const input = {
    ...NO_MEDIA,
    textTokens: times * textTokens,
    imageTokens: times * images * price.maxImageTokens,
    // No page states a context window of these models: nothing is cut.
    window: Number.MAX_SAFE_INTEGER,
    cacheTtl: '30m',
  } as const;
  return worstCaseOf(body, price, context, input, {
    choices: 1,
    maxOutputTokens: count * imageOutputTokens(body, price),
    explicit: true,
    image: true,
    fees: () => authorCost(body, context, textTokens),
  });
}

/** What the writer of an SVG can cost: nothing says how often it looks at the image, but it has one window to do so. */
function authorCost(
  body: JsonObject,
  { autoTier, prices }: EstimateContext,
  textTokens: number,
): Picodollars {
  const price = prices?.get(String(authorOf(body)));
  if (price === undefined) return 0n;
  const { contextWindow, maxOutputTokens } = price;
  const rates = dearestRates(price, { autoTier, maxInputTokens: contextWindow });
  const input = max([dearestTextInput(rates, '30m'), dearestImageInput(rates, '30m')]);
  const tokens = Math.max(contextWindow, textTokens);
  return BigInt(tokens) * input + BigInt(maxOutputTokens) * dearestOutput(rates);
}

function servedImages(answer: JsonObject): Served | undefined {
  const counts = imageUsage(answer['usage']);
  if (counts === undefined) return undefined;
  const author = answer['svg_usage'];
  if (!isObject(author)) return { counts };
  const written = authorUsage(author);
  const model = textOf(author['model']);
  // An author that does not tell what it used is billed all the same.
  if (written === undefined || model === undefined) return undefined;
  return { counts, also: [{ model, counts: written }] };
}

const DONE = new Set(['image_generation.completed', 'image_edit.completed']);
const PARTIAL = new Set(['image_generation.partial_image', 'image_edit.partial_image']);

/** Each image ends with an event of its own, and the usage of its own. Images in base64 are no text that bounds tokens. */
function imageMeter(body: JsonObject): StreamMeter {
  const images = integer(body, 'n') ?? 1;
  let done = 0;
  let begun = false;
  let sum: UsageCounts | undefined = {};
  return {
    see({ type, usage }) {
      begun = PARTIAL.has(String(type)) || (begun && !DONE.has(String(type)));
      if (DONE.has(String(type))) {
        done += 1;
        sum = plus(sum, usage);
      }
      return 'pass';
    },
    served: () => (done === 0 || sum === undefined ? undefined : { counts: sum }),
    isFinal: () => done >= images,
    // What is done and did not tell its usage is begun still: it costs more than is known.
    hasBegun: () => begun || sum === undefined,
    seenOutputBytes: () => undefined,
  };
}

function plus(sum: UsageCounts | undefined, usage: JsonValue | undefined): UsageCounts | undefined {
  const counts = imageUsage(usage);
  if (sum === undefined || counts === undefined) return undefined;
  return tallySum(sum, counts);
}
