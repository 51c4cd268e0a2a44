import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { promptError } from './context-window.ts';
import { findModel, isAudio, isReasoning, type SimulatedModel } from './models.ts';
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
import { chatPrompt, type Prompt, soundIn } from './prompt.ts';
import { apiError, isReply, type JsonReply } from './reply.ts';
import type { Simulation } from './simulation.ts';

const RULES: Rules = {
  audio: OBJECT,
  frequency_penalty: number(-2, 2),
  function_call: ANY,
  functions: ARRAY,
  logit_bias: OBJECT,
  logprobs: BOOLEAN,
  max_completion_tokens: integer(1),
  max_tokens: integer(1),
  messages: ARRAY,
  metadata: OBJECT,
  modalities: ARRAY,
  model: STRING,
  moderation: OBJECT,
  n: integer(1, 128),
  parallel_tool_calls: BOOLEAN,
  prediction: OBJECT,
  presence_penalty: number(-2, 2),
  prompt_cache_key: STRING,
  prompt_cache_options: OBJECT,
  prompt_cache_retention: STRING,
  reasoning_effort: STRING,
  response_format: OBJECT,
  safety_identifier: STRING,
  seed: integer(Number.MIN_SAFE_INTEGER),
  service_tier: STRING,
  stop: ANY,
  store: BOOLEAN,
  stream: BOOLEAN,
  stream_options: OBJECT,
  temperature: number(0, 2),
  tool_choice: ANY,
  tools: ARRAY,
  top_logprobs: integer(0, 20),
  top_p: number(0, 1),
  user: STRING,
  verbosity: STRING,
  web_search_options: OBJECT,
};

const ROLES = ['developer', 'system', 'user', 'assistant', 'tool', 'function'];

/** A chat request that can be answered. */
export interface ChatRequest {
  readonly body: JsonObject;
  readonly model: SimulatedModel;
  readonly prompt: Prompt;
  /** The most tokens that one choice may put out. */
  readonly maxTokens: number;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly obfuscate: boolean;
  /** The answer is sound. */
  readonly spoken: boolean;
}

/** Checks a chat request in the order in which OpenAI does. */
export function readChatRequest(body: JsonObject, simulation: Simulation): ChatRequest | JsonReply {
  const model = findModel(simulation.models, body['model'], ['chat'], 'v1/chat/completions');
  if (isReply(model)) return model;
  const error =
    checkParameters(body, RULES) ??
    checkMessages(body) ??
    checkSounds(body, simulation) ??
    checkOptions(body, model);
  if (error !== undefined) return error;
  const prompt = chatPrompt(body, model, simulation.sounds);
  const streamOptions = isObject(body['stream_options']) ? body['stream_options'] : {};
  const request: ChatRequest = {
    body,
    model,
    prompt,
    maxTokens: Math.min(
      Number(body['max_completion_tokens'] ?? body['max_tokens'] ?? model.maxOutputTokens),
      model.maxOutputTokens,
    ),
    stream: body['stream'] === true,
    includeUsage: streamOptions['include_usage'] === true,
    obfuscate: streamOptions['include_obfuscation'] !== false,
    spoken: asksForSound(body),
  };
  return tooLong(request) ?? request;
}

function tooLong({ model, prompt }: ChatRequest): JsonReply | undefined {
  return promptError(model, prompt, 'messages');
}

function checkMessages(body: JsonObject): JsonReply | undefined {
  const { messages } = body;
  if (!Array.isArray(messages)) return missing('messages');
  if (messages.length === 0) {
    const message =
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
    return apiError(400, message, { param: 'messages', code: 'empty_array' });
  }
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`;
    if (!isObject(message)) return wrongType(at, 'an object', message);
    if (message['role'] === undefined) return missing(`${at}.role`);
    if (typeof message['role'] !== 'string' || !ROLES.includes(message['role'])) {
      const known = ROLES.map((role) => `'${role}'`).join(', ');
      const text = `Invalid value for '${at}.role'. Supported values are: ${known}.`;
      return apiError(400, text, { param: `${at}.role`, code: 'invalid_value' });
    }
  }
  return undefined;
}

/** Sound of an earlier answer must be there still. */
function checkSounds({ messages }: JsonObject, { sounds }: Simulation): JsonReply | undefined {
  for (const [index, message] of (Array.isArray(messages) ? messages : []).entries()) {
    const id = soundIn(message);
    if (id !== undefined && !sounds.has(id)) {
      const param = `messages[${index}].audio.id`;
      return apiError(404, `Audio with id '${id}' not found.`, { param });
    }
  }
  return undefined;
}

function checkOptions(body: JsonObject, model: SimulatedModel): JsonReply | undefined {
  if (isObject(body['stream_options']) && body['stream'] !== true) {
    const message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
    return apiError(400, message, { param: 'stream_options' });
  }
  if (isReasoning(model) && typeof body['max_tokens'] === 'number') {
    const message =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    return apiError(400, message, { param: 'max_tokens', code: 'unsupported_parameter' });
  }
  const named = body['max_completion_tokens'] ?? body['max_tokens'];
  if (typeof named === 'number' && named > model.maxOutputTokens) {
    const message =
      `max_tokens is too large: ${named}. This model supports at most ${model.maxOutputTokens} completion tokens, ` +
      `whereas you provided ${named}.`;
    return apiError(400, message, { param: 'max_tokens', code: 'invalid_value' });
  }
  if (asksForSound(body) && !isAudio(model)) {
    const message = "Invalid value: 'audio'. This model does not support the 'audio' modality.";
    return apiError(400, message, { param: 'modalities', code: 'invalid_value' });
  }
  return undefined;
}

function asksForSound(body: JsonObject): boolean {
  return Array.isArray(body['modalities']) && body['modalities'].includes('audio');
}
