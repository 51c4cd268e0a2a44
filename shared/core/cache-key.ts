import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { JsonValue } from './json.ts';

/** Part of every key: raised when the meaning of a key or of the stored form changes, so that old entries are never met. */
const KEY_FORMAT = 'farebox-answer-2';

/**
 * The request headers that change an answer. Left out on purpose: `accept` (these endpoints choose their form by the
 * body's `stream` and `response_format`, and SDKs and curl send different ones), `accept-encoding` (answers are
 * stored decoded), `openai-organization` and `openai-project` (the stage sets its own), `x-stainless-*` and
 * `user-agent` (telemetry).
 */
const KEYED_HEADERS = ['openai-beta'] as const;

/**
 * Members whose content a model is shown, or answers, in the order in which it was written: JSON Schemas by every name
 * that OpenAI's API has for one, what makes an object a schema under any other name, and the members whose keys a
 * caller chooses. A name too many only costs a miss, so they count wherever they stand.
 */
const ORDERED_MEMBERS: ReadonlySet<string> = new Set([
  ...['schema', 'parameters', 'input_schema', 'output_schema'],
  ...['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'],
  ...['annotations', 'arguments', 'attributes', 'data', 'env', 'variables'],
]);

export type KeyedBody =
  | { readonly kind: 'none' }
  /** Parsed JSON; white space does not matter, and key order only in what a model sees in order. Numbers too long for a float come as `JSON.rawJSON`. */
  | { readonly kind: 'json'; readonly value: JsonValue }
  /** Any other body, byte for byte. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** All that decides what an answer is, and who may see it. */
export interface KeyedRequest {
  readonly stage: string;
  /** Raised to flush the stage. */
  readonly stageGeneration: number;
  readonly project: string;
  /** Raised to flush the project. */
  readonly projectGeneration: number;
  readonly method: string;
  /** With or without the leading `/v1`. */
  readonly path: string;
  /** As in the URL, with or without its `?`; `''` for none. */
  readonly query: string;
  readonly headers: Headers;
  readonly body: KeyedBody;
}

/**
 * Names the answer to a request. Two requests have the same key if, and only if, they mean the same, in the same
 * stage and project, since the last flush of either.
 *
 * What is hashed is a JSON array of strings on one line, then the body: neither can run into the other, so no two
 * different requests are hashed from the same bytes.
 *
 * @returns SHA-256 in base64url. It stays in the process: whoever sees it can confirm a guess of the request, so the
 *   answer cache stores under a name that only the stage's secret makes of it
 */
export function cacheKey(request: KeyedRequest): string {
  const head = [
    KEY_FORMAT,
    request.stage,
    String(request.stageGeneration),
    request.project,
    String(request.projectGeneration),
    request.method.toUpperCase(),
    withoutVersion(request.path),
    request.query.replace(/^\?/, ''),
    contentType(request.headers.get('content-type') ?? '', request.body.kind),
    ...KEYED_HEADERS.map((name) => tokenList(request.headers.get(name) ?? '')),
    request.body.kind,
  ];
  const hash = createHash('sha256').update(`${JSON.stringify(head)}\n`);
  if (request.body.kind === 'json')
    hash.update(canonicalJson(request.body.value, (name) => ORDERED_MEMBERS.has(name)));
  if (request.body.kind === 'bytes') hash.update(request.body.bytes);
  return hash.digest('base64url');
}

/** `/v1/models` and `/models` are one path; `/v1x` is another. */
function withoutVersion(path: string): string {
  return path.replace(/^\/v1(?=\/|$)/, '');
}

/** JSON is UTF-8 whatever its parameters say (RFC 8259, 8.1); of other bodies they are part (a multipart boundary). */
function contentType(value: string, body: KeyedBody['kind']): string {
  if (body === 'none') return '';
  if (body === 'bytes') return value.trim();
  return (value.split(';')[0] ?? '').trim().toLowerCase();
}

/** A comma-separated list whose order means nothing. */
function tokenList(value: string): string {
  const tokens = value.split(',').map((token) => token.trim());
  return [...new Set(tokens)]
    .filter((token) => token !== '')
    .sort()
    .join(',');
}
