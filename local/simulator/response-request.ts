import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import { promptError } from './context-window.ts';
import { conversationOf } from './conversations.ts';
import { findModel, type SimulatedModel } from './models.ts';
import {
  ANY,
  ARRAY,
  BOOLEAN,
  checkParameters,
  integer,
  missing,
  number,
  OBJECT,
  type Rules,
  STRING,
  wrongType,
} from './parameters.ts';
import { type Prompt, responsePrompt } from './prompt.ts';
import { apiError, isReply, type JsonReply } from './reply.ts';
import type { StoredResponse } from './response-store.ts';
import type { Simulation } from './simulation.ts';
import { resolveItems } from './stored-items.ts';
import type { StoredConversation } from './stored-things.ts';

/** OpenAI's lowest `max_output_tokens`. */
const LEAST_OUTPUT_TOKENS = 16;

/** What `/responses/input_tokens` knows too. */
const INPUT_RULES: Rules = {
  conversation: ANY,
  input: ANY,
  instructions: STRING,
  model: STRING,
  parallel_tool_calls: BOOLEAN,
  previous_response_id: STRING,
  reasoning: OBJECT,
  text: OBJECT,
  tool_choice: ANY,
  tools: ARRAY,
  truncation: STRING,
};

const COMPACT_RULES: Rules = {
  image: OBJECT,
  input: ANY,
  instructions: STRING,
  model: STRING,
  previous_response_id: STRING,
  prompt_cache_key: STRING,
  prompt_cache_options: OBJECT,
  prompt_cache_retention: STRING,
  service_tier: STRING,
};

const RULES: Rules = {
  ...INPUT_RULES,
  access_programs: OBJECT,
  background: BOOLEAN,
  context_management: ARRAY,
  image: OBJECT,
  include: ARRAY,
  max_output_tokens: integer(LEAST_OUTPUT_TOKENS),
  max_tool_calls: integer(1),
  metadata: OBJECT,
  moderation: OBJECT,
  prompt: OBJECT,
  prompt_cache_key: STRING,
  prompt_cache_options: OBJECT,
  prompt_cache_retention: STRING,
  safety_identifier: STRING,
  service_tier: STRING,
  store: BOOLEAN,
  stream: BOOLEAN,
  stream_options: OBJECT,
  temperature: number(0, 2),
  top_logprobs: integer(0, 20),
  top_p: number(0, 1),
  user: STRING,
};

/** A request for a response that can be given. */
export interface ResponseRequest {
  readonly body: JsonObject;
  readonly model: SimulatedModel;
  readonly prompt: Prompt;
  /** The most tokens that it may put out, reasoning included. */
  readonly maxTokens: number;
  readonly stream: boolean;
  readonly background: boolean;
  readonly store: boolean;
  readonly obfuscate: boolean;
}

/** Checks a request for a response in the order in which OpenAI does. */
export function readResponseRequest(body: JsonObject, simulation: Simulation): ResponseRequest | JsonReply {
  const read = readInput(body, RULES, simulation);
  if (isReply(read)) return read;
  const { model, prompt } = read;
  const background = body['background'] === true;
  const store = body['store'] !== false;
  if (background && !store) {
    return apiError(400, 'Background mode requires store=true.', { param: 'store', code: 'invalid_value' });
  }
  const options = isObject(body['stream_options']) ? body['stream_options'] : {};
  return {
    body,
    model,
    prompt,
    maxTokens: Math.min(Number(body['max_output_tokens'] ?? model.maxOutputTokens), model.maxOutputTokens),
    stream: body['stream'] === true,
    background,
    store,
    obfuscate: options['include_obfuscation'] !== false,
  };
}

/** Checks a request for a conversation to be compacted. */
export function readCompactRequest(
  body: JsonObject,
  simulation: Simulation,
): { readonly model: SimulatedModel; readonly prompt: Prompt } | JsonReply {
  return readInput(body, COMPACT_RULES, simulation);
}

/** Checks a request for an input's count of tokens. */
export function readInputTokensRequest(
  body: JsonObject,
  simulation: Simulation,
): { prompt: Prompt } | JsonReply {
  return readInput(body, INPUT_RULES, simulation);
}

function readInput(
  body: JsonObject,
  rules: Rules,
  simulation: Simulation,
): { model: SimulatedModel; prompt: Prompt } | JsonReply {
  if (body['model'] === undefined) return missing('model');
  const model = findModel(simulation.models, body['model'], ['chat'], 'v1/responses');
  if (isReply(model)) return model;
  const { input, previous_response_id: previous } = body;
  const error = checkParameters(body, rules) ?? checkInput(input, continues(body));
  if (error !== undefined) return error;
  const conversation = conversationOf(body, simulation);
  if (conversation !== undefined && isReply(conversation)) return conversation;
  const earlier = typeof previous === 'string' ? simulation.responses.get(previous) : undefined;
  if (typeof previous === 'string' && earlier === undefined) {
    const message = `Previous response with id '${previous}' not found.`;
    return apiError(400, message, { param: 'previous_response_id', code: 'previous_response_not_found' });
  }
  const resolved = resolveItems(input, simulation);
  if (isReply(resolved)) return resolved;
  const prompt = responsePrompt({ ...body, ...resolved }, earlierText(conversation, earlier), model);
  return promptError(model, prompt, 'input') ?? { model, prompt };
}

/** Whether a request goes on with something, so that it needs no input of its own. */
function continues(body: JsonObject): boolean {
  return ['previous_response_id', 'conversation', 'prompt'].some((name) => (body[name] ?? null) !== null);
}

function checkInput(input: JsonValue | undefined, isOptional: boolean): JsonReply | undefined {
  if (input === undefined || input === null) return isOptional ? undefined : missing('input');
  if (typeof input === 'string') return undefined;
  if (!Array.isArray(input)) return wrongType('input', 'one of an array of objects or string', input);
  const at = input.findIndex((item) => !isObject(item));
  const odd = input[at];
  return odd === undefined ? undefined : wrongType(`input[${at}]`, 'an object', odd);
}

/** What was said before: in the conversation, or in the responses that this one continues. */
function earlierText(
  conversation: StoredConversation | undefined,
  previous: StoredResponse | undefined,
): string {
  if (conversation === undefined) return previous?.conversation ?? '';
  return conversation.items.map((item) => JSON.stringify(item)).join('\n');
}
