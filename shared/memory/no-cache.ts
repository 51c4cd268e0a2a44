import type { ResponseCache } from '../ports/response-cache.ts';

/** The cache of a stage that has none: every call is a miss, and nobody waits for anybody. */
export function createNoCache(): ResponseCache {
  return {
    get: async () => undefined,
    set: async () => {},
    claim: async () => 'unknown',
    claimed: async () => undefined,
    unclaim: async () => {},
  };
}
