import type { JsonObject } from '../json.ts';
import { invalidRequest, type Refusal } from '../refusal.ts';
import type { Check } from '../request-checks.ts';

/** How much of an unknown name is repeated to the caller. */
const MOST_SHOWN = 64;

/** Members that more than one endpoint has. */
const SAMPLING = ['temperature', 'top_p'];
const STREAMING = ['stream', 'stream_options'];
const PENALTIES = ['frequency_penalty', 'presence_penalty', 'logit_bias', 'seed', 'stop'];
const CALLER = ['metadata', 'safety_identifier', 'user'];
const PROMPT_CACHE = ['prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention'];
const TOOLS = ['parallel_tool_calls', 'tool_choice', 'tools'];
const IMAGES = [
  'model',
  'prompt',
  'background',
  'complexity',
  'frame_count',
  'frame_duration_ms',
  'n',
  'output_compression',
  'output_format',
  'partial_images',
  'quality',
  'response_format',
  'safety_identifier',
  'size',
  'stream',
  'user',
];

/** All members that a request of each endpoint can have, as in the types of OpenAI's SDK. */
export const REQUEST_MEMBERS = {
  chatCompletions: [
    'model',
    'messages',
    'audio',
    'function_call',
    'functions',
    'logprobs',
    'max_completion_tokens',
    'max_tokens',
    'modalities',
    'moderation',
    'n',
    'prediction',
    'reasoning_effort',
    'response_format',
    'service_tier',
    'store',
    'top_logprobs',
    'verbosity',
    'web_search_options',
    ...SAMPLING,
    ...STREAMING,
    ...PENALTIES,
    ...CALLER,
    ...PROMPT_CACHE,
    ...TOOLS,
  ],
  responses: [
    'model',
    'input',
    'instructions',
    'access_programs',
    'background',
    'background_options',
    'context_management',
    'conversation',
    'image',
    'include',
    'max_output_tokens',
    'max_tool_calls',
    'moderation',
    'previous_response_id',
    'prompt',
    'reasoning',
    'service_tier',
    'store',
    'text',
    'top_logprobs',
    'truncation',
    ...SAMPLING,
    ...STREAMING,
    ...CALLER,
    ...PROMPT_CACHE,
    ...TOOLS,
  ],
  completions: [
    'model',
    'prompt',
    'best_of',
    'echo',
    'logprobs',
    'max_tokens',
    'n',
    'suffix',
    'user',
    ...SAMPLING,
    ...STREAMING,
    ...PENALTIES,
  ],
  conversations: ['items', 'metadata'],
  conversationItems: ['include', 'items'],
  metadata: ['metadata'],
  batches: ['input_file_id', 'endpoint', 'completion_window', 'metadata', 'output_expires_after'],
  embeddings: ['model', 'input', 'dimensions', 'encoding_format', 'user'],
  moderations: ['model', 'input'],
  speech: ['model', 'input', 'instructions', 'response_format', 'speed', 'stream_format', 'voice'],
  transcriptions: [
    'model',
    'file',
    'chunking_strategy',
    'include',
    'keywords',
    'known_speaker_names',
    'known_speaker_references',
    'language',
    'languages',
    'prompt',
    'response_format',
    'stream',
    'temperature',
    'timestamp_granularities',
  ],
  translations: ['model', 'file', 'prompt', 'response_format', 'temperature'],
  imageGenerations: [...IMAGES, 'moderation', 'style', 'svg'],
  imageEdits: [...IMAGES, 'image', 'images', 'input_fidelity', 'markup', 'mask', 'moderation', 'svg'],
  containers: ['name', 'expires_after', 'file_ids', 'memory_limit', 'network_policy', 'skills'],
  containerFiles: ['file', 'file_id'],
  decisions: ['model', 'input', 'prompt_cache_key', 'prompt_cache_options', 'questions', 'safety_identifier'],
  compact: [
    'model',
    'image',
    'input',
    'instructions',
    'previous_response_id',
    'service_tier',
    ...PROMPT_CACHE,
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/**
 * Members beside these that bill nothing and change no answer. `client_metadata` says which program asks: Codex sends it
 * with every request (openai/codex#16912).
 */
export const HARMLESS_MEMBERS: ReadonlySet<string> = new Set(['client_metadata']);

/**
 * Refuses a member that is not known, as OpenAI does: it could be an option that is billed in a way of its own. The
 * name is repeated, but not at any length.
 */
export function knownMembers(endpoint: keyof typeof REQUEST_MEMBERS): Check {
  const known = new Set<string>(REQUEST_MEMBERS[endpoint]);
  return (body) => {
    const unknown = Object.keys(body).find((name) => !known.has(name));
    return unknown === undefined ? undefined : unknownParameter(unknown);
  };
}

function unknownParameter(name: string): Refusal {
  const param = name.length > MOST_SHOWN ? `${name.slice(0, MOST_SHOWN)}…` : name;
  const message = `Unknown parameter: ${JSON.stringify(param)}. This endpoint's parameters are those of OpenAI's API reference.`;
  return invalidRequest('unknown_parameter', message, { param });
}

/** Output other than text and audio would be billed at rates that no bound here has. */
export function knownModalities(body: JsonObject): Refusal | undefined {
  const { modalities } = body;
  if (modalities === undefined || modalities === null) return undefined;
  const known = Array.isArray(modalities) && modalities.every((each) => each === 'text' || each === 'audio');
  return known
    ? undefined
    : invalidRequest('unmetered_option', 'modalities must be an array of "text" and "audio".', {
        param: 'modalities',
      });
}
