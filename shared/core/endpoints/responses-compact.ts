import type { EstimateContext, MeteredEndpoint, WorstCase } from '../endpoint.ts';
import type { JsonObject } from '../json.ts';
import { pictureLevers, tierLevers } from '../levers.ts';
import type { Price } from '../price.ts';
import { firstUnpriced, pricesCacheLifetime, pricesTier } from '../priced-options.ts';
import {
  firstRefusal,
  knowsCacheLifetime,
  knowsTier,
  namesModel,
  objects,
  texts,
} from '../request-checks.ts';
import { itemsWithContent } from '../request-shapes.ts';
import { withServiceTier } from '../service-tier.ts';
import { inputBound, worstCaseOf } from '../token-bounds.ts';
import { addsCallerTools } from './added-tools.ts';
import { HARMLESS_MEMBERS, knownMembers } from './request-members.ts';
import { responseMedia } from './response-media.ts';
import { RESPONSE_READS, servedResponse } from './response-meter.ts';
import { textOrItems } from './responses.ts';
import { unstreamed } from './unstreamed.ts';

const CHECKS = [
  namesModel(),
  knownMembers('compact'),
  texts('instructions', 'previous_response_id'),
  objects('image', 'prompt_cache_options'),
  textOrItems,
  itemsWithContent('input', ['content']),
  addsCallerTools('input'),
  knowsCacheLifetime,
  knowsTier,
];

/**
 * `POST /responses/compact`: the tokens of one pass over a conversation. It takes no maximum of output, so that the
 * model's own bounds it, and no tools.
 */
export const responsesCompact: MeteredEndpoint = {
  harmless: HARMLESS_MEMBERS,
  check: (body) => firstRefusal(body, CHECKS),
  unpriced: (body, price) => firstUnpriced(body, price, [pricesTier, pricesCacheLifetime]),
  worstCase,
  withOutputCap: (body) => body,
  forMetering: withServiceTier,
  reads: RESPONSE_READS,
  served: servedResponse,
  streamMeter: unstreamed,
  cacheable: () => false,
};

function worstCase(body: JsonObject, price: Price, context: EstimateContext): WorstCase {
  const media = responseMedia(body);
  const input = inputBound(body, context.bodyBytes, media, 0, price);
  return worstCaseOf(body, price, context, input, {
    choices: 1,
    maxOutputTokens: price.maxOutputTokens,
    explicit: true,
    levers: [...pictureLevers(media), ...tierLevers(body, context)],
  });
}
