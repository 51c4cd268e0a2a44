import { formatUsd, type Picodollars } from '../../shared/core/money.ts';
import type { Refusal } from '../../shared/core/refusal.ts';

/** What Farebox adds to a reply; all its headers carry the prefix `openai-proxy-`. */
export interface Additions {
  readonly callId?: string;
  readonly cost?: Picodollars;
  readonly cache?: 'hit' | 'miss' | 'bypass';
  readonly saved?: Picodollars;
  readonly outputCap?: number;
  readonly remaining?: Picodollars;
}

/** Headers that belong to one connection, or to the encoding of its bytes, and are made anew for the next. */
const NOT_PASSED_ON = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  // Cookies of the stage's own session with OpenAI's edge.
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The headers of OpenAI's answer that the caller gets, with Farebox's own. */
export function replyHeaders(upstream: Headers, additions: Additions): Headers {
  const headers = new Headers();
  upstream.forEach((value, name) => {
    if (!NOT_PASSED_ON.has(name) && !name.startsWith('openai-proxy-')) headers.set(name, value);
  });
  addTo(headers, additions);
  return headers;
}

/**
 * A fault of an upstream that left something on the books, or may: the SDKs would try again by themselves, and every try is
 * a call of its own, that costs as much again.
 */
export function notRetried(refusal: Refusal): Refusal {
  return { ...refusal, headers: { ...refusal.headers, 'x-should-retry': 'false' } };
}

/** A refusal, or a fault of an upstream, in OpenAI's error shape. */
export function refusalReply(refusal: Refusal, additions: Additions): Response {
  const { type, code, message, param } = refusal;
  const headers = new Headers({ 'content-type': 'application/json', ...refusal.headers });
  addTo(headers, additions);
  // The SDKs show this id with an error; the log has it, and the books too where money was asked for.
  if (additions.callId !== undefined) headers.set('x-request-id', additions.callId);
  const body = JSON.stringify({ error: { message, type, param: param ?? null, code } });
  return new Response(body, { status: refusal.status, headers });
}

function addTo(headers: Headers, additions: Additions): void {
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined) headers.set(`openai-proxy-${name}`, value);
  };
  const usd = (amount: Picodollars | undefined) => (amount === undefined ? undefined : formatUsd(amount));
  set('call-id', additions.callId);
  set('cost', usd(additions.cost));
  set('cache', additions.cache);
  set('saved', usd(additions.saved));
  set('output-cap', additions.outputCap?.toString());
  set('remaining', usd(additions.remaining));
}
