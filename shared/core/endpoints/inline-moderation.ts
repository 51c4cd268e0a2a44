import { isObject, type JsonObject } from '../json.ts';
import { textOf } from '../json-members.ts';
import type { PriceTable } from '../price.ts';
import { isFree } from '../pricing.ts';
import type { Refusal } from '../refusal.ts';
import { isGiven, refuseUnmetered } from '../request-checks.ts';

/** Inline moderation must name its model: it costs nothing only because that model is free. */
export function namesModeration(body: JsonObject): Refusal | undefined {
  return isGiven(body, 'moderation') && modelOf(body) === undefined ? notFree() : undefined;
}

/** The model of a request's inline moderation, which OpenAI runs beside the one that answers. */
export function moderationModels(body: JsonObject): readonly string[] {
  return [modelOf(body)].filter((model) => model !== undefined);
}

/**
 * Refuses inline moderation by a model that is not free: nothing would be held for it, and no usage tells of it.
 *
 * @param models as `freeModels` of the endpoint lists them
 * @param at milliseconds since the epoch
 */
export function moderatesForFree(
  models: readonly string[],
  prices: PriceTable,
  at: number,
): Refusal | undefined {
  const free = models.every((model) => {
    const lookup = prices.find(model, at);
    return lookup.kind === 'priced' && isFree(lookup.price);
  });
  return free ? undefined : notFree();
}

function modelOf({ moderation }: JsonObject): string | undefined {
  return isObject(moderation) ? textOf(moderation['model']) : undefined;
}

function notFree(): Refusal {
  return refuseUnmetered(
    'moderation.model',
    'moderation.model must be a moderation model, such as omni-moderation-latest.',
  );
}
