import type { ImagesResponse } from 'openai/resources/images';
import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import { findModel, type SimulatedModel } from './models.ts';
import { ANY, checkParameters, missing, type Rules, STRING } from './parameters.ts';
import { picture } from './picture.ts';
import { digest } from './random.ts';
import { apiError, frame, isReply, type JsonReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import { countTokens } from './tokens.ts';

/** Numbers and truths come as such in JSON, and as texts in a form. */
const RULES: Rules = {
  background: STRING,
  complexity: STRING,
  frame_count: ANY,
  frame_duration_ms: ANY,
  model: STRING,
  moderation: STRING,
  n: ANY,
  output_compression: ANY,
  output_format: STRING,
  partial_images: ANY,
  prompt: STRING,
  quality: STRING,
  response_format: STRING,
  safety_identifier: STRING,
  size: STRING,
  stream: ANY,
  user: STRING,
};
const GENERATION_RULES: Rules = { ...RULES, style: STRING, svg: ANY };
const EDIT_RULES: Rules = { ...RULES, images: ANY, input_fidelity: STRING, mask: ANY, markup: ANY };

/** The tokens of a square of 1,024 pixels, which all images here are, whatever size is asked for; `auto` is medium. */
const OUTPUT_TOKENS: Readonly<Record<string, number>> = {
  low: 196,
  medium: 439,
  high: 1_756,
  xhigh: 3_122,
  max: 7_024,
};
const DEFAULT_QUALITY = 'medium';
const INPUT_IMAGE_TOKENS = 323;
const PARTIAL_IMAGE_TOKENS = 100;
/** "On v1/images/generations, all models have the same 6 token overhead". */
const OVERHEAD_TOKENS = 6;

/** What an image model made, and used for it. */
export interface Drawn {
  readonly images: readonly string[];
  readonly usage: NonNullable<ImagesResponse['usage']>;
}

/** `POST /images/generations` */
export function imageGenerations(request: EndpointRequest, simulation: Simulation): Reply {
  return made(request, 'image_generation', GENERATION_RULES, 0, simulation);
}

/** `POST /images/edits` */
export function imageEdits(request: EndpointRequest, simulation: Simulation): Reply {
  const uploaded = ['image', 'mask', 'markup'].flatMap((name) => request.files.get(name) ?? []).length;
  const named = [request.body['images'], request.body['mask'], request.body['markup']].reduce<number>(
    (sum, value) => sum + (Array.isArray(value) ? value.length : isObject(value) ? 1 : 0),
    0,
  );
  if (uploaded + named === 0) return missing('image');
  return made(request, 'image_edit', EDIT_RULES, uploaded + named, simulation);
}

function made(
  { body }: EndpointRequest,
  event: 'image_generation' | 'image_edit',
  rules: Rules,
  inputImages: number,
  simulation: Simulation,
): Reply {
  if (body['model'] === undefined) return missing('model');
  const model = findModel(simulation.models, body['model'], ['image'], `v1/images/${event}s`);
  if (isReply(model)) return model;
  const error = checkParameters(body, rules);
  if (error !== undefined) return error;
  if (typeof body['prompt'] !== 'string') return missing('prompt');
  const author = svgAuthor(body, simulation);
  if (author !== undefined && isReply(author)) return author;
  const drawn = draw(body, model, inputImages, simulation);
  const created = simulation.now();
  if (String(body['stream']) === 'true') {
    return { kind: 'stream', frames: frames(drawn, body, event, created) };
  }
  const data = drawn.images.map((b64_json) => ({ b64_json: author === undefined ? b64_json : SVG }));
  const svg_usage = author === undefined ? {} : { svg_usage: authorUsage(author, simulation) };
  return ok({ created, ...shown(body), data, usage: drawn.usage, ...svg_usage });
}

/** Makes the images of a request, and bills them. */
export function draw(
  body: JsonObject,
  model: SimulatedModel,
  inputImages: number,
  simulation: Simulation,
): Drawn {
  const count = Number(body['n'] ?? 1);
  const partial = Number(body['partial_images'] ?? 0) * PARTIAL_IMAGE_TOKENS;
  const text_tokens = count * (countTokens(String(body['prompt'] ?? '')) + OVERHEAD_TOKENS);
  const image_tokens = count * inputImages * INPUT_IMAGE_TOKENS;
  const output =
    count * ((OUTPUT_TOKENS[String(body['quality'])] ?? OUTPUT_TOKENS[DEFAULT_QUALITY] ?? 0) + partial);
  const input_tokens = text_tokens + image_tokens;
  simulation.bill({
    kind: 'images',
    model: model.snapshot,
    inputTokens: input_tokens,
    units: { input: text_tokens, image_input: image_tokens, image_output: output },
  });
  const seed = digest(model.snapshot, JSON.stringify(body), simulation.newId(''));
  return {
    images: Array.from({ length: count }, (_, index) => picture(digest(seed, index))),
    usage: {
      input_tokens,
      input_tokens_details: { text_tokens, image_tokens },
      output_tokens: output,
      output_tokens_details: { image_tokens: output, text_tokens: 0 },
      total_tokens: input_tokens + output,
    },
  };
}

const SVG = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><rect width="16" height="16"/></svg>',
).toString('base64');

function svgAuthor(
  { output_format, svg }: JsonObject,
  simulation: Simulation,
): SimulatedModel | JsonReply | undefined {
  if (output_format !== 'svg') return undefined;
  if (!isObject(svg))
    return apiError(400, "Missing required parameter: 'svg.model'.", { param: 'svg.model' });
  return findModel(simulation.models, svg['model'], ['chat'], 'v1/images/generations');
}

function authorUsage(model: SimulatedModel, simulation: Simulation) {
  const usage = { input_tokens: 900, output_tokens: 600, reasoning_tokens: 200, total_tokens: 1_500 };
  const units = { input: usage.input_tokens, output: usage.output_tokens };
  simulation.bill({ kind: 'completions', model: model.snapshot, inputTokens: usage.input_tokens, units });
  return { model: model.snapshot, ...usage };
}

function shown({ background, output_format, quality }: JsonObject) {
  return {
    background: background === 'transparent' ? 'transparent' : 'opaque',
    output_format: textOr('png', output_format),
    quality: quality === 'auto' ? DEFAULT_QUALITY : textOr(DEFAULT_QUALITY, quality),
    size: '1024x1024',
  };
}

function textOr(otherwise: string, value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : otherwise;
}

/** Each image ends with an event that carries what it used: an equal share of the whole. */
function* frames(
  { images, usage }: Drawn,
  body: JsonObject,
  event: string,
  created_at: number,
): Generator<string> {
  const partials = Number(body['partial_images'] ?? 0);
  const share = shareOf(usage, images.length);
  for (const b64_json of images) {
    for (let partial_image_index = 0; partial_image_index < partials; partial_image_index += 1) {
      const type = `${event}.partial_image`;
      yield frame({ type, b64_json, partial_image_index, created_at, ...shown(body) }, type);
    }
    const type = `${event}.completed`;
    yield frame({ type, b64_json, created_at, ...shown(body), usage: share }, type);
  }
}

function shareOf({ input_tokens, input_tokens_details, output_tokens }: Drawn['usage'], images: number) {
  return {
    input_tokens: input_tokens / images,
    input_tokens_details: {
      text_tokens: input_tokens_details.text_tokens / images,
      image_tokens: input_tokens_details.image_tokens / images,
    },
    output_tokens: output_tokens / images,
    total_tokens: (input_tokens + output_tokens) / images,
  };
}
