import type { EstimateContext } from './endpoint.ts';
import type { JsonObject } from './json.ts';
import type { Media } from './media.ts';
import { serviceTier } from './service-tier.ts';

/** What a caller can change so that less is held for the pictures of a request, in the words of an error. */
export function pictureLevers({ pictures }: Media): readonly string[] {
  return pictures.some(({ detail }) => detail !== 'low') ? ['name "detail": "low" for its pictures'] : [];
}

/** What a caller can change where a request may be served at a dearer tier, in the words of an error. */
export function tierLevers(body: JsonObject, { autoTier, servedTier }: EstimateContext): readonly string[] {
  const tier = serviceTier(body) ?? 'auto';
  const isDefault =
    servedTier !== undefined || tier === 'default' || (tier === 'auto' && autoTier === 'default');
  return isDefault ? [] : ['name service_tier "default"'];
}
