import { isObject, type JsonObject } from './json.ts';
import { listOf } from './json-members.ts';
import { type Price, TIERS, type Tier } from './price.ts';
import { lists, tierOf } from './rates.ts';
import type { Refusal } from './refusal.ts';
import { refuseUnmetered } from './request-checks.ts';
import { serviceTier } from './service-tier.ts';
import { cacheTtlOf } from './token-bounds.ts';

/** One rule about an option of a request: why the price of its model cannot bill it, if it cannot. */
export type PricedCheck = (body: JsonObject, price: Price) => Refusal | undefined;

/** What callers call a tier: of a batch, nothing. */
const TIER_NAMES: Readonly<Record<Tier, string | undefined>> = {
  default: 'auto or default',
  flex: 'flex',
  priority: 'priority or fast',
  ultrafast: 'ultrafast',
  batch: undefined,
};

/** The first option of a request that the price of its model cannot bill. */
export function firstUnpriced(
  body: JsonObject,
  price: Price,
  checks: readonly PricedCheck[],
): Refusal | undefined {
  for (const check of checks) {
    const refusal = check(body, price);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Refuses an option for which the price of a model has no rate. */
export function refuseUnpriced(param: string, { model }: Price, what: string): Refusal {
  return refuseUnmetered(param, `Model ${model} has no price for ${what}.`);
}

/** A tier that a request names must have rates of its own; what was paid for in advance (`scale`) has the default ones. */
export function pricesTier(body: JsonObject, price: Price): Refusal | undefined {
  const name = serviceTier(body) ?? 'auto';
  const tier = tierOf(name) ?? 'default';
  const isPriced = (each: Tier) => each === 'default' || price.rates[each] !== undefined;
  if (isPriced(tier)) return undefined;
  const names = TIERS.filter(isPriced).map((each) => TIER_NAMES[each]);
  const served = names.filter((each) => each !== undefined).join(', ');
  return refuseUnpriced('service_tier', price, `service_tier "${name}": it has one for ${served}`);
}

/** What lives in the prompt cache for 12 hours is written at a rate of its own. */
export function pricesCacheLifetime(body: JsonObject, price: Price): Refusal | undefined {
  const isPriced = Object.values(price.rates).some((rates) => rates.cache_write_12h !== undefined);
  return cacheTtlOf(body) === '30m' || isPriced
    ? undefined
    : refuseUnpriced(
        'prompt_cache_options.ttl',
        price,
        'a prompt cache that lives for 12h: it has one for 30m',
      );
}

/** Audio has rates of its own, in and out. */
export function pricesAudio(body: JsonObject, price: Price): Refusal | undefined {
  if (listOf(body['modalities']).includes('audio') && !lists(price, 'audio_output'))
    return refuseUnpriced('modalities', price, 'audio that it puts out');
  const parts = listOf(body['messages']).flatMap((message) =>
    isObject(message) ? listOf(message['content']) : [],
  );
  const isHeard = parts.some((part) => isObject(part) && part['type'] === 'input_audio');
  return isHeard && !lists(price, 'audio_input')
    ? refuseUnpriced('messages', price, 'audio in its input')
    : undefined;
}
