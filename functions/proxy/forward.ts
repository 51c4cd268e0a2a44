import { stringifyBody } from '../../shared/core/json-body.ts';
import type { UpstreamFailure } from '../../shared/ports/upstream.ts';
import type { HeldCall } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { listOwn } from './list-own.ts';

/**
 * The headers of a caller that OpenAI gets to see. All others stay here: credentials of AWS, Farebox's own, those
 * that choose an organization or project, and whatever could make two requests of one (smuggling).
 */
const FORWARDED = [
  /^accept$/,
  /^content-type$/,
  /^user-agent$/,
  /^openai-beta$/,
  /^x-stainless-/,
  /^x-client-request-id$/,
];

/** Sends a call to OpenAI. Only a call whose money is held can be given to it. */
export function forward(
  call: HeldCall,
  deps: ProxyDeps,
  signal: AbortSignal,
): Promise<Response | UpstreamFailure> {
  const body = upstreamBody(call);
  const send = (path: string) =>
    deps.upstream.send({
      method: call.request.method,
      path,
      headers: upstreamHeaders(call.request.headers),
      ...(body === undefined ? {} : { body }),
      signal,
    });
  const { lists } = call.objects;
  return lists === undefined ? send(call.path + call.url.search) : listOwn(call, lists, send, deps);
}

function upstreamBody({ work, outputCap }: HeldCall): Uint8Array | undefined {
  if (work.kind === 'free') return work.body;
  if (work.raw !== undefined) return work.raw;
  const capped = outputCap === undefined ? work.body : work.rules.withOutputCap(work.body, outputCap);
  return stringifyBody(work.rules.forMetering(capped, work.price));
}

function upstreamHeaders(headers: Headers): Headers {
  const forwarded = new Headers();
  headers.forEach((value, name) => {
    if (FORWARDED.some((pattern) => pattern.test(name))) forwarded.set(name, value);
  });
  // Bytes must be readable for metering, and reach the caller as they came.
  forwarded.set('accept-encoding', 'identity');
  return forwarded;
}
