/** When a project's answers are given again: where they may be, only to requests for temperature 0, or never. */
export const CACHINGS = ['on', 'temperature_0', 'off'] as const;
export type Caching = (typeof CACHINGS)[number];

/** The longest that an answer may be kept, in seconds: 30 days, as in Memcached. */
export const MAX_CACHE_SECONDS = 2_592_000;

/** What a request allows its answer's cache to do. */
export interface CacheControl {
  /** Whether a stored answer may be given. */
  readonly read: boolean;
  /** Whether the answer may be stored. */
  readonly store: boolean;
  /** The greatest age, in seconds, of a stored answer that the caller accepts; absent: any. */
  readonly maxAgeSeconds?: number;
  /** How long the answer is kept and given, in seconds, where its project says; absent: as long as the stage says. */
  readonly lifetimeSeconds?: number;
}

/** One directive of RFC 9111, section 5.2: a name, and perhaps a token or a quoted string. */
const DIRECTIVE = /([^\s=,;"]+)(?:=(?:"([^"]*)"|([^\s,;"]*)))?|"[^"]*"?/g;

/**
 * Reads what a request says about caching. Without a word of it, answers are read and stored.
 *
 * - `openai-proxy-caching: 0` (also `false`, `off`, `no`): neither.
 * - `cache-control: no-store`: neither. Stricter than RFC 9111 (5.2.1.5), which would let a stored answer be given:
 *   who forbids traces of a request wants nothing to do with the cache.
 * - `cache-control: no-cache`: not read, as nothing can be revalidated with OpenAI (5.2.1.4); the new answer is stored.
 * - `cache-control: max-age=N`: read up to that age (5.2.1.1); the least, where there are several.
 *
 * All else is ignored, malformed values too: they never fail a call.
 */
export function cacheControl(headers: Headers): CacheControl {
  const switched = (headers.get('openai-proxy-caching') ?? '').trim().toLowerCase();
  if (['0', 'false', 'off', 'no'].includes(switched)) return { read: false, store: false };
  const directives = parseDirectives(headers.get('cache-control') ?? '');
  if (directives.some(({ name }) => name === 'no-store')) return { read: false, store: false };
  const read = !directives.some(({ name }) => name === 'no-cache');
  const ages = directives.flatMap(({ name, value }) =>
    name === 'max-age' && /^\d+$/.test(value) ? [Number(value)] : [],
  );
  if (ages.length === 0) return { read, store: true };
  return { read, store: true, maxAgeSeconds: Math.min(...ages, Number.MAX_SAFE_INTEGER) };
}

interface Directive {
  readonly name: string;
  readonly value: string;
}

function parseDirectives(header: string): Directive[] {
  return [...header.matchAll(DIRECTIVE)].flatMap(([, name, quoted, token]) =>
    name === undefined ? [] : [{ name: name.toLowerCase(), value: quoted ?? token ?? '' }],
  );
}
