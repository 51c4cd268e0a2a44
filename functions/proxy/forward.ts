import type { JsonObject } from '../../shared/core/json.ts';
import { stringifyBody } from '../../shared/core/json-body.ts';
import { withFields } from '../../shared/core/multipart-fields.ts';
import type { UpstreamFailure } from '../../shared/ports/upstream.ts';
import type { FreeWork, HeldCall, MeteredWork } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { listOwn } from './list-own.ts';

/**
 * The only betas that are passed on: another could change what is billed, or read; `responses_websockets` is of a
 * transport.
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
      ? freeRequest(work, request.headers, url.search)
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

/** JSON that was written here is described here: in another character set it could be read as something else. */
function freeRequest({ body, json, contentType }: FreeWork, given: Headers, search: string) {
  const headers = upstreamHeaders(given);
  if (json !== undefined) headers.set('content-type', contentType ?? 'application/json');
  return { body, headers, search };
}

/** A body that was metered goes on with what describes it, and with nothing of the caller's that could change it. */
function meteredRequest(
  { raw, body, harmless, rules, price }: MeteredWork,
  outputCap: number | undefined,
  given: Headers,
) {
  const headers = upstreamHeaders(given);
  const capped = outputCap === undefined ? body : rules.withOutputCap(body, outputCap);
  const asked = rules.forMetering(capped, price);
  const form = raw && withFields(raw, changedTexts(body, asked));
  headers.set('content-type', form?.contentType ?? 'application/json');
  return { body: form?.bytes ?? stringifyBody({ ...asked, ...harmless }), headers, search: '' };
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
  const betas = (forwarded.get('openai-beta') ?? '').split(',').map((beta) => beta.trim());
  const known = betas.filter((beta) => BETAS.has(beta));
  forwarded.delete('openai-beta');
  if (known.length > 0) forwarded.set('openai-beta', known.join(', '));
  // Bytes must be readable for metering, and reach the caller as they came.
  forwarded.set('accept-encoding', 'identity');
  return forwarded;
}
