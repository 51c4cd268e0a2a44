import type { EstimateContext, MeteredEndpoint, WorstCase } from '../../shared/core/endpoint.ts';
import { moderatesForFree } from '../../shared/core/endpoints/inline-moderation.ts';
import { splitHarmless } from '../../shared/core/harmless-members.ts';
import { type Price, type Tier, wantsPrice, whyUnserved } from '../../shared/core/price.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import type { Identified, MeteredWork } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { readRequest } from './read-request.ts';

/** How much of a model's name an error repeats, in characters: who puts something else there is not sent it back. */
const MOST_SHOWN = 100;

/** Reads a metered request, finds the price of every model that it can be billed for, and works out its worst case. */
export async function meteredWork(
  call: Identified,
  rules: MeteredEndpoint,
  bytes: Uint8Array,
  deps: ProxyDeps,
): Promise<MeteredWork | Refusal> {
  const contentType = call.request.headers.get('content-type') ?? '';
  const read = readRequest(bytes, contentType, rules);
  if (isRefusal(read)) return read;
  const { body: written, harmless } = splitHarmless(read.json, rules.harmless);
  const body = rules.withDefaults?.(written, deps.prices, call.at) ?? written;
  const unfit = rules.check(body) ?? moderatesForFree(rules.freeModels?.(body) ?? [], deps.prices, call.at);
  if (unfit !== undefined) return unfit;
  const price = priceOf(String(body['model']), call, deps);
  if (isRefusal(price)) return price;
  const unpriced = rules.unpriced?.(body, price);
  if (unpriced !== undefined) return unpriced;
  const otherPrices = new Map<string, Price>();
  for (const model of rules.otherModels?.(body) ?? []) {
    const other = priceOf(model, call, deps);
    if (isRefusal(other)) return other;
    otherPrices.set(model, other);
  }
  const { autoTier } = deps.settings;
  const context = { bodyBytes: read.textBytes, autoTier, prices: otherPrices };
  const boundWith = (more: Partial<EstimateContext>) => ({
    worst: rules.worstCase(body, price, { ...context, ...more }),
    worstAt: (servedTier: Tier) => rules.worstCase(body, price, { ...context, ...more, servedTier }),
  });
  const bound = boundWith({});
  if (isUnbilled(bound.worst, price))
    return unserved(price.model, 'its price has nothing that this endpoint bills');
  const raw = read.raw === undefined ? {} : { raw: read.raw };
  return { kind: 'metered', rules, body, harmless, ...raw, price, otherPrices, ...bound, boundWith };
}

function priceOf(model: string, { at }: Identified, { prices }: ProxyDeps): Price | Refusal {
  const lookup = prices.find(model, at);
  if (lookup.kind === 'priced') return lookup.price;
  const refusal = unserved(model, whyUnserved(lookup));
  return wantsPrice(lookup) ? { ...refusal, unpricedModel: model } : refusal;
}

/** Nothing would be held for it, as of `whisper-1` in a chat; unless it is free on purpose. */
function isUnbilled({ fixed, perOutputToken }: WorstCase, { rates }: Price): boolean {
  const isFree = Object.values(rates.default ?? {}).every((rate) => rate === 0n);
  return fixed + perOutputToken === 0n && !isFree;
}

function unserved(model: string, why: string): Refusal {
  const shown = model.length > MOST_SHOWN ? `${model.slice(0, MOST_SHOWN)}…` : model;
  return invalidRequest('unpriced_model', `Model ${JSON.stringify(shown)} is not served: ${why}.`, {
    param: 'model',
  });
}
