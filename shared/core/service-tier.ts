import type { JsonObject } from './json.ts';

/** The `service_tier` of a request, where it names one. */
export function serviceTier(body: JsonObject): string | undefined {
  const tier = body['service_tier'];
  return typeof tier === 'string' ? tier : undefined;
}

/**
 * The body with `service_tier: "auto"`, where it names none. To OpenAI both are the same ("When not set, the default
 * behavior is 'auto'"), but only "when the `service_tier` parameter is set" does it promise to answer which tier served
 * the request (API reference of chat completions and responses), and the price depends on that.
 */
export function withServiceTier(body: JsonObject): JsonObject {
  return serviceTier(body) === undefined ? { ...body, service_tier: 'auto' } : body;
}
