import type { JsonObject } from '../core/json.ts';
import { type Outline, OutlineReader } from '../core/json-outline.ts';
import type { Upstream } from '../ports/upstream.ts';

/** What OpenAI says of something that it keeps. `unknown`: it did not say, and may another time. */
export type Found<T> =
  | { readonly kind: 'found'; readonly found: T }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown' };

/** Bytes must be readable for metering. */
const HEADERS = { 'accept-encoding': 'identity' };

/**
 * Asks OpenAI for a JSON object of any size, and keeps the members of an outline.
 *
 * @param path below the API's base
 */
export async function askFor(
  upstream: Upstream,
  path: string,
  outline: { readonly [member: string]: Outline },
  signal: AbortSignal,
): Promise<Found<JsonObject>> {
  const reader = new OutlineReader(outline);
  const read = await readAll(upstream, path, signal, (chunk) => {
    reader.push(chunk);
    return undefined;
  });
  if (read.kind !== 'found') return read;
  const json = reader.value();
  return json === undefined ? { kind: 'unknown' } : { kind: 'found', found: json };
}

/**
 * Reads what OpenAI keeps as it comes.
 *
 * @param take gets each piece, the next when it is done with it; `stop` ends the reading
 */
export async function readAll(
  upstream: Upstream,
  path: string,
  signal: AbortSignal,
  take: (chunk: Uint8Array) => 'stop' | undefined | Promise<undefined>,
): Promise<Found<'all' | 'stopped'>> {
  const answer = await upstream.send({ method: 'GET', path, headers: new Headers(HEADERS), signal });
  if (!(answer instanceof Response)) return { kind: 'unknown' };
  if (answer.status !== 200 || answer.body === null) {
    answer.body?.cancel().catch(() => undefined);
    return { kind: answer.status === 404 ? 'gone' : 'unknown' };
  }
  try {
    for await (const chunk of answer.body)
      if ((await take(chunk)) === 'stop') return { kind: 'found', found: 'stopped' };
  } catch {
    return { kind: 'unknown' };
  }
  return { kind: 'found', found: 'all' };
}
