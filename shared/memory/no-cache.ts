import type { ResponseCache } from '../ports/response-cache.ts';

/** The cache of a stage that has none: every call is a miss, and nobody waits for anybody. */
export function createNoCache(): ResponseCache {
  return {
    capacity: { itemBytes: 1_000, answerBytes: 0, width: 1, answerMs: 0 },
    get: async () => undefined,
    set: async () => false,
    distrust: () => {},
    claim: async () => 'unknown',
    claimed: async () => undefined,
    unclaim: async () => {},
  };
}
