import { isKept } from '../created-objects.ts';
import type { EstimateContext, MeteredEndpoint, WorstCase } from '../endpoint.ts';
import { isObject, type JsonObject } from '../json.ts';
import { listOf, textBytes, textOf } from '../json-members.ts';
import type { Deferred } from '../ledger.ts';
import { pictureLevers, tierLevers } from '../levers.ts';
import type { Price } from '../price.ts';
import {
  firstUnpriced,
  pricesAudio,
  pricesCacheLifetime,
  pricesTier,
  refuseUnpriced,
} from '../priced-options.ts';
import { dearestOutput } from '../pricing.ts';
import { lists } from '../rates.ts';
import type { Refusal } from '../refusal.ts';
import {
  booleans,
  firstRefusal,
  integers,
  isGiven,
  knowsCacheLifetime,
  knowsTier,
  MAX_CHOICES,
  namesModel,
  objects,
  refuseUnmetered,
} from '../request-checks.ts';
import { arrays, itemsWithContent } from '../request-shapes.ts';
import { withServiceTier } from '../service-tier.ts';
import { inputBound, integer, mentions, worstCaseOf } from '../token-bounds.ts';
import { chatMedia } from './chat-media.ts';
import { chunkMeter, includeUsage, READS, servedWhole } from './chunk-meter.ts';
import { goodChat } from './good-choices.ts';
import { moderationModels, namesModeration } from './inline-moderation.ts';
import { HARMLESS_MEMBERS, knownMembers, knownModalities } from './request-members.ts';

/** What a template writes around one tool that the caller describes. */
const TOKENS_PER_TOOL = 64;

const CHECKS = [
  namesModel(),
  knownMembers('chatCompletions'),
  arrays('messages', 'tools', 'functions'),
  itemsWithContent('messages', ['content']),
  booleans('stream', 'store', 'logprobs', 'parallel_tool_calls'),
  integers(1, MAX_CHOICES, 'n'),
  integers(1, Number.MAX_SAFE_INTEGER, 'max_completion_tokens', 'max_tokens'),
  objects('stream_options', 'prediction', 'web_search_options', 'audio'),
  knowsCacheLifetime,
  knowsTier,
  namesModeration,
  knownModalities,
  callsOwnTools,
];

const PRICED = [pricesTier, pricesCacheLifetime, pricesAudio, pricesSearch];

/** `POST /chat/completions`: tokens, and a web search for each choice of a search model. */
export const chatCompletions: MeteredEndpoint = {
  harmless: HARMLESS_MEMBERS,
  check: (body) => firstRefusal(body, CHECKS),
  unpriced: (body, price) => firstUnpriced(body, price, PRICED),
  worstCase,
  freeModels: moderationModels,
  // The older `max_tokens` would be refused beside it, and by reasoning models.
  withOutputCap: (body, maxOutputTokens) => ({ ...body, max_completion_tokens: maxOutputTokens }),
  forMetering: (body) => withServiceTier(includeUsage(body)),
  reads: { ...READS, choices: { message: { annotations: { type: true } } } },
  served: (answer) =>
    servedWhole(answer, (choice) => isObject(choice['message']) && citesWeb(choice['message'])),
  streamMeter: (body) =>
    chunkMeter(body, {
      audible: listOf(body['modalities']).includes('audio'),
      outputBytes: (choice) => (isObject(choice['delta']) ? deltaBytes(choice['delta']) : 0),
      searched: (choice) => isObject(choice['delta']) && citesWeb(choice['delta']),
      kept: (chunk) => keptChat(chunk, body),
    }),
  kept: keptChat,
  good: goodChat,
  cacheable: (body) =>
    body['store'] !== true &&
    !isGiven(body, 'web_search_options') &&
    !mentions(body['messages'], 'file_id') &&
    !mentions(body['messages'], 'audio'),
};

/** What a chat completion that OpenAI stores is found by. */
function keptChat({ id }: JsonObject, body: JsonObject): Deferred | undefined {
  const isFound = typeof id === 'string' && id !== '' && isKept('chat_completion', body);
  return isFound ? { kind: 'chat_completion', object: id } : undefined;
}

/** Function and custom tools are run by the caller; a tool of any other type would be OpenAI's to run and to bill. */
function callsOwnTools(body: JsonObject): Refusal | undefined {
  const foreign = listOf(body['tools']).findIndex(
    (tool) => !isObject(tool) || (tool['type'] !== 'function' && tool['type'] !== 'custom'),
  );
  return foreign === -1
    ? undefined
    : refuseUnmetered(`tools[${foreign}].type`, 'Only tools of type function and custom are served here.');
}

function pricesSearch(body: JsonObject, price: Price): Refusal | undefined {
  return isGiven(body, 'web_search_options') && !lists(price, 'web_search')
    ? refuseUnpriced('web_search_options', price, 'web searches')
    : undefined;
}

function worstCase(body: JsonObject, price: Price, context: EstimateContext): WorstCase {
  const choices = integer(body, 'n') ?? 1;
  const named = namedMaximum(body);
  const tools = listOf(body['tools']).length + listOf(body['functions']).length;
  const media = chatMedia(body['messages']);
  const seen = inputBound(body, context.bodyBytes, media, tools * TOKENS_PER_TOOL, price);
  const predicted = predictionTokens(body);
  return worstCaseOf(body, price, context, seen, {
    choices,
    maxOutputTokens: Math.min(named ?? price.maxOutputTokens, price.maxOutputTokens),
    // OpenAI takes no `max_completion_tokens` with a prediction ("Predicted Outputs" guide, limitations).
    explicit: named !== undefined || predicted > 0,
    audio: listOf(body['modalities']).includes('audio'),
    searches: isGiven(body, 'web_search_options'),
    levers: [...pictureLevers(media), ...tierLevers(body, context)],
    fees: (rates) => BigInt(choices) * predicted * dearestOutput(rates),
  });
}

/** OpenAI refuses a request with both maxima; were it to take one, it could be the larger. */
function namedMaximum(body: JsonObject): number | undefined {
  const maxima = [integer(body, 'max_completion_tokens'), integer(body, 'max_tokens')].filter(
    (value) => value !== undefined,
  );
  return maxima.length === 0 ? undefined : Math.max(...maxima);
}

/**
 * How many tokens of a prediction can be rejected. They are billed as output ("Predicted Outputs" guide), and nothing
 * says that the maximum covers them.
 */
function predictionTokens(body: JsonObject): bigint {
  return isObject(body['prediction']) ? BigInt(textBytes(JSON.stringify(body['prediction']))) : 0n;
}

function citesWeb(message: JsonObject): boolean {
  return listOf(message['annotations']).some(
    (note) => isObject(note) && textOf(note['type']) === 'url_citation',
  );
}

/** Text, refusals, arguments of tool calls, and what is spoken. */
function deltaBytes(delta: JsonObject): number {
  const own =
    textBytes(delta['content']) + textBytes(delta['refusal']) + textBytes(delta['reasoning_content']);
  const calls = [...listOf(delta['tool_calls']), { function: delta['function_call'] }];
  const called = calls.reduce<number>((bytes, call) => bytes + (isObject(call) ? callBytes(call) : 0), 0);
  return own + called + (isObject(delta['audio']) ? textBytes(delta['audio']['transcript']) : 0);
}

function callBytes(call: JsonObject): number {
  const own = isObject(call['function']) ? call['function'] : {};
  const custom = isObject(call['custom']) ? call['custom'] : {};
  return (
    textBytes(own['name']) +
    textBytes(own['arguments']) +
    textBytes(custom['name']) +
    textBytes(custom['input'])
  );
}
