import type { JsonObject } from '../../shared/core/json.ts';
import { stringifyBody } from '../../shared/core/json-body.ts';
import { withFields } from '../../shared/core/multipart-fields.ts';
import type { UpstreamFailure } from '../../shared/ports/upstream.ts';
import type { HeldCall, MeteredWork } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { listOwn } from './list-own.ts';

/**
 * Betas of endpoints that are metered. Another could change what is billed; `responses_websockets` is of a transport.
 */
const BETAS: ReadonlySet<string> = new Set(['assistants=v2', 'responses=experimental']);

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
  const { work, outputCap, request, path, url } = call;
  const { body, headers, search } =
    work.kind === 'free'
      ? { body: work.body, headers: upstreamHeaders(request.headers), search: url.search }
      : meteredRequest(work, outputCap, request.headers);
  const send = (to: string) =>
    deps.upstream.send({
      method: request.method,
      path: to,
      headers,
      ...(body === undefined ? {} : { body }),
      signal,
    });
  const { lists } = call.objects;
  return lists === undefined ? send(path + search) : listOwn(call, lists, send, deps);
}

/** A body that was metered goes on with what describes it, and with nothing of the caller's that could change it. */
function meteredRequest(
  { raw, body, rules, price }: MeteredWork,
  outputCap: number | undefined,
  given: Headers,
) {
  const headers = upstreamHeaders(given);
  const betas = (headers.get('openai-beta') ?? '').split(',').map((beta) => beta.trim());
  headers.delete('openai-beta');
  const known = betas.filter((beta) => BETAS.has(beta));
  if (known.length > 0) headers.set('openai-beta', known.join(', '));
  const capped = outputCap === undefined ? body : rules.withOutputCap(body, outputCap);
  const asked = rules.forMetering(capped, price);
  const form = raw && withFields(raw, changedTexts(body, asked));
  headers.set('content-type', form?.contentType ?? 'application/json');
  return { body: form?.bytes ?? stringifyBody(asked), headers, search: '' };
}

/** The texts of a form that are others for OpenAI than the caller wrote. */
function changedTexts(body: JsonObject, asked: JsonObject): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(asked).flatMap(([name, value]) =>
      typeof value === 'string' && value !== body[name] ? [[name, value] as const] : [],
    ),
  );
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
