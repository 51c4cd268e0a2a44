import type { CreateEmbeddingResponse } from 'openai/resources/embeddings';
import type { JsonValue } from '../../shared/core/json.ts';
import { findModel, type SimulatedModel } from './models.ts';
import { ANY, checkParameters, integer, missing, type Rules, STRING, wrongType } from './parameters.ts';
import { digest, numbers } from './random.ts';
import { apiError, isReply, type JsonReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import { countTokens } from './tokens.ts';

const RULES: Rules = {
  dimensions: integer(1),
  encoding_format: STRING,
  input: ANY,
  model: STRING,
  user: STRING,
};

/** The limits that OpenAI's reference names: inputs in one request, and tokens in one input. */
const MAX_INPUTS = 2_048;
const MAX_INPUT_TOKENS = 8_192;

const LARGE_DIMENSIONS = 3_072;
const SMALL_DIMENSIONS = 1_536;

interface Input {
  readonly key: string;
  readonly tokens: number;
}

/** `POST /embeddings` */
export function embeddings({ body }: EndpointRequest, simulation: Simulation): Reply {
  const model = findModel(simulation.models, body['model'], ['embedding'], 'v1/embeddings');
  if (isReply(model)) return model;
  const { input, dimensions: asked, encoding_format: format = 'float' } = body;
  const error = checkParameters(body, RULES) ?? checkDimensions(asked, model) ?? checkFormat(format);
  if (error !== undefined) return error;
  if (input === undefined || input === null) return missing('input');
  const inputs = readInputs(input);
  if ('status' in inputs) return inputs;
  const dimensions = typeof asked === 'number' ? asked : fullDimensions(model);
  const vectors = inputs.map(({ key }) => unitVector(digest(model.snapshot, key), dimensions));
  const tokens = inputs.reduce((total, one) => total + one.tokens, 0);
  const data = vectors.map((vector, index) => ({
    object: 'embedding' as const,
    index,
    embedding: format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector],
  }));
  const usage: CreateEmbeddingResponse.Usage = { prompt_tokens: tokens, total_tokens: tokens };
  simulation.bill({
    kind: 'embeddings',
    model: model.snapshot,
    inputTokens: tokens,
    units: { input: tokens },
  });
  return ok({ object: 'list', data, model: model.snapshot, usage });
}

function fullDimensions({ id }: SimulatedModel): number {
  return id.includes('large') ? LARGE_DIMENSIONS : SMALL_DIMENSIONS;
}

function checkDimensions(dimensions: JsonValue | undefined, model: SimulatedModel): JsonReply | undefined {
  if (typeof dimensions !== 'number') return undefined;
  if (model.id.includes('ada')) return apiError(400, 'This model does not support specifying dimensions.');
  const most = fullDimensions(model);
  if (dimensions <= most) return undefined;
  const message = `Invalid value for 'dimensions' = ${dimensions}. Must be less than or equal to ${most}.`;
  return apiError(400, message, { param: 'dimensions' });
}

function checkFormat(format: JsonValue): JsonReply | undefined {
  if (format === null || format === 'float' || format === 'base64') return undefined;
  const message = "Invalid value for 'encoding_format'. Supported values are: 'float' and 'base64'.";
  return apiError(400, message, { param: 'encoding_format', code: 'invalid_value' });
}

/** One text or list of tokens, or a list of either. */
function readInputs(input: JsonValue): Input[] | JsonReply {
  const single = !Array.isArray(input) || (input.length > 0 && input.every(Number.isInteger));
  const list: readonly JsonValue[] = single ? [input] : input;
  if (list.length === 0 || list.length > MAX_INPUTS) {
    return apiError(400, `'input' must hold between 1 and ${MAX_INPUTS} items.`, { param: 'input' });
  }
  const read: Input[] = [];
  for (const one of list) {
    const counted = readInput(one);
    if ('status' in counted) return counted;
    read.push(counted);
  }
  return read;
}

function readInput(input: JsonValue): Input | JsonReply {
  const tokens = Array.isArray(input) && input.length > 0 && input.every(Number.isInteger);
  if (!tokens && typeof input !== 'string') return wrongType('input', 'a string or an array', input);
  if (input === '') return apiError(400, "'input' cannot be an empty string.", { param: 'input' });
  const count = Array.isArray(input) ? input.length : countTokens(String(input));
  if (count <= MAX_INPUT_TOKENS) return { key: JSON.stringify(input), tokens: count };
  const message = `This model's maximum context length is ${MAX_INPUT_TOKENS} tokens, however you requested ${count} tokens.`;
  return apiError(400, `${message} Please reduce the length of your input.`, { param: 'input' });
}

/** A vector of length one; a shorter one for the same seed is the beginning of the longer, scaled up again. */
function unitVector(seed: string, dimensions: number): Float32Array<ArrayBuffer> {
  const vector = new Float32Array(dimensions);
  const source = numbers(seed);
  for (let at = 0; at < dimensions; at += 1) vector[at] = source.next().value;
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}
