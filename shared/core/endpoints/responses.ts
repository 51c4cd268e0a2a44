import type { EstimateContext, MeteredEndpoint, WorstCase } from '../endpoint.ts';
import { isObject, type JsonObject } from '../json.ts';
import { pictureLevers, tierLevers } from '../levers.ts';
import type { Price } from '../price.ts';
import { firstUnpriced, pricesCacheLifetime, pricesTier } from '../priced-options.ts';
import type { FullRates } from '../rates.ts';
import type { Refusal } from '../refusal.ts';
import {
  booleans,
  firstRefusal,
  integers,
  isGiven,
  knowsCacheLifetime,
  knowsTier,
  namesModel,
  objects,
  reasonsOnce,
  refuseMember,
  refuseUnmetered,
  texts,
} from '../request-checks.ts';
import { arrays, itemsWithContent } from '../request-shapes.ts';
import { withServiceTier } from '../service-tier.ts';
import { contextTokens, inputBound, integer, worstCaseOf } from '../token-bounds.ts';
import { addsCallerTools } from './added-tools.ts';
import { canCompact, compactionLever } from './compaction.ts';
import { goodResponse } from './good-answers.ts';
import { imageCallCost, imageToolModels, withImageModels } from './image-tool.ts';
import { moderationModels, namesModeration } from './inline-moderation.ts';
import { HARMLESS_MEMBERS, knownMembers } from './request-members.ts';
import { leansOnStored, responseMedia } from './response-media.ts';
import {
  deferredResponse,
  keptResponse,
  RESPONSE_READS,
  responseMeter,
  servedResponse,
} from './response-meter.ts';
import {
  boundTools,
  checkTools,
  containersOf,
  defaultToolCalls,
  hasContainers,
  hasHostedTools,
  pricesTools,
} from './response-tools.ts';

const CHECKS = [
  namesModel(': also a request with a stored prompt must name the model that it will run on'),
  knownMembers('responses'),
  texts('instructions'),
  arrays('context_management', 'include'),
  textOrItems,
  itemsWithContent('input', ['content']),
  booleans('stream', 'store', 'background', 'parallel_tool_calls'),
  integers(1, Number.MAX_SAFE_INTEGER, 'max_output_tokens', 'max_tool_calls'),
  objects('prompt', 'reasoning', 'stream_options', 'background_options'),
  tellsLater,
  endsSoonest,
  promptNamesTools,
  checkTools,
  addsCallerTools('input'),
  knowsCacheLifetime,
  knowsTier,
  namesModeration,
  reasonsOnce,
];

/** `POST /responses`: tokens of every internal turn, and the fees of hosted tools. */
export const responses: MeteredEndpoint = {
  harmless: HARMLESS_MEMBERS,
  check: (body) => firstRefusal(body, CHECKS),
  unpriced: (body, price) => firstUnpriced(body, price, [pricesTier, pricesCacheLifetime, pricesTools]),
  worstCase,
  otherModels: imageToolModels,
  freeModels: moderationModels,
  containers: containersOf,
  withDefaults: (body, prices, at) => withImageModels(body, prices.defaultImageModel(at)),
  withOutputCap: (body, maxOutputTokens) => ({ ...body, max_output_tokens: maxOutputTokens }),
  forMetering,
  reads: RESPONSE_READS,
  served: servedResponse,
  goesOn: ({ background }) => background === true,
  deferred: deferredResponse,
  kept: keptResponse,
  streamMeter: responseMeter,
  good: goodResponse,
  cacheable: (body) =>
    body['store'] === false && !hasHostedTools(body) && body['background'] !== true && !leansOnStored(body),
};

/** The input of a response: a text, or a list. */
export function textOrItems(body: JsonObject): Refusal | undefined {
  const { input } = body;
  return !isGiven(body, 'input') || typeof input === 'string' || Array.isArray(input)
    ? undefined
    : refuseMember('input', 'input must be a string or an array of items.');
}

/** A background response tells its usage when it is asked for later, so that it must be kept, and end. */
function tellsLater(body: JsonObject): Refusal | undefined {
  if (body['background'] !== true) return undefined;
  if (body['store'] === false) {
    return refuseUnmetered(
      'store',
      'A background response must be stored: what it cost is asked for when it has ended.',
    );
  }
  return hasContainers(body)
    ? refuseUnmetered(
        'background',
        'A background response may not run code in a container, which is billed for as long as it lasts. Leave background out.',
      )
    : undefined;
}

/** The other windows cost less than the tiers whose rates are known, by how much no answer says. */
function endsSoonest({ background_options: options }: JsonObject): Refusal | undefined {
  const window = isObject(options) ? options['completion_window'] : undefined;
  return window === undefined || window === null || window === 'soonest'
    ? undefined
    : refuseUnmetered(
        'background_options.completion_window',
        'Only background_options.completion_window "soonest" is served: the price of the others is not in the price table.',
      );
}

/** A stored prompt can bring tools of its own, unless the request says which ones to use. */
function promptNamesTools(body: JsonObject): Refusal | undefined {
  return isGiven(body, 'prompt') && !Array.isArray(body['tools'])
    ? refuseUnmetered(
        'tools',
        'A request with a stored prompt must name its tools, [] for none: they can cost a fee.',
      )
    : undefined;
}

function forMetering(body: JsonObject): JsonObject {
  return withServiceTier(withCallLimit(body));
}

/** Bounds the internal turns: OpenAI itself sets no limit to the calls of hosted tools. */
function withCallLimit(body: JsonObject): JsonObject {
  return hasHostedTools(body) && !isGiven(body, 'max_tool_calls')
    ? { ...body, max_tool_calls: defaultToolCalls(body) }
    : body;
}

function worstCase(body: JsonObject, price: Price, context: EstimateContext): WorstCase {
  const named = integer(body, 'max_output_tokens');
  const tools = boundTools(body, price, context.containerSize);
  const loops = tools.turns > 1;
  const media = responseMedia(body);
  const seen = inputBound(body, context.bodyBytes, media, tools.extraTokens, price);
  const input = { ...seen, imageTokens: seen.imageTokens + tools.pictures * price.maxImageTokens };
  const imageCall = imageCallCost(body, tools.turns - 1, media, context);
  const output = {
    choices: 1,
    // Over several turns the outputs add up, so that only what is sent bounds them.
    maxOutputTokens:
      named === undefined || loops
        ? (named ?? price.maxOutputTokens)
        : Math.min(named, price.maxOutputTokens),
    explicit: named !== undefined,
    turns: tools.turns,
    brings: tools.brings,
    fees: (rates: FullRates) => tools.fees(rates, imageCall),
  };
  const most = contextTokens(input, output, price);
  const compacts = canCompact(body, most);
  return worstCaseOf(body, price, context, input, {
    ...output,
    compacts,
    sendMaximum: named === undefined && (loops || compacts || isGiven(body, 'prompt')),
    levers: [
      ...(loops ? ['name a lower max_tool_calls'] : []),
      ...(compacts ? [compactionLever(body, most)] : []),
      ...pictureLevers(media),
      ...tierLevers(body, context),
    ],
  });
}
