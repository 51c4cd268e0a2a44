import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv4 } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../errors.ts';
import type { Fetch } from '../send.ts';

export interface ForwarderOptions {
  /** Signs and sends to the stage what is meant for OpenAI. */
  readonly fetch: Fetch;
  /** Told of each exchange when it has ended, without a word of what was said in it. */
  readonly onExchange?: (exchange: ExchangeNote) => void;
}

export interface ExchangeNote {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  /** USD, where the head of the answer says it. */
  readonly cost: string | undefined;
  readonly cache: string | undefined;
  /** The stage broke off; callers leave as they like, and some do as soon as they have seen `[DONE]`. */
  readonly broken: boolean;
}

const ORIGIN = 'https://api.openai.com';
/** Of one connection, and made anew for the next. */
const HOP_BY_HOP =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-length|host|expect)$/;

/**
 * Forwards to the stage what programs on this machine send, signed. It believes nobody else: a caller must come from
 * loopback, name loopback as the host that it calls (a name of somebody's own that resolves to loopback is a web page's
 * way in), and be no web page, since any page that is open could spend money here.
 */
export function createForwarder(options: ForwarderOptions): Server {
  const server = createServer((request, response) => {
    serve(request, response, options).catch(() => response.destroy());
  });
  // A caller may send slowly, and wait for a model that reasons.
  server.requestTimeout = 0;
  return server;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: ForwarderOptions,
): Promise<void> {
  const begun = Date.now();
  const refused = refusalOf(request);
  const left = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) left.abort();
  });
  const answer = refused ?? (await forward(request, options.fetch, left.signal));
  const headers = [...answer.headers].filter(([name]) => !HOP_BY_HOP.test(name) || name === 'content-length');
  response.writeHead(answer.status, headers.flat());
  response.flushHeaders();
  let broken = false;
  try {
    if (answer.body === null) response.end();
    else await pipeline(answer.body, response);
  } catch {
    // A clean end would look like a whole answer: the pipeline has destroyed the connection.
    broken = !left.signal.aborted;
  }
  options.onExchange?.({
    method: request.method ?? 'GET',
    path: (request.url ?? '/').split('?')[0] ?? '/',
    status: answer.status,
    ms: Date.now() - begun,
    cost: answer.headers.get('openai-proxy-cost') ?? undefined,
    cache: answer.headers.get('openai-proxy-cache') ?? undefined,
    broken,
  });
}

async function forward(request: IncomingMessage, fetch: Fetch, signal: AbortSignal): Promise<Response> {
  const headers = new Headers();
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(at, at + 2);
    if (!HOP_BY_HOP.test(name.toLowerCase())) headers.append(name, value);
  }
  const method = request.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const body = hasBody ? (Readable.toWeb(request) as ReadableStream<Uint8Array>) : null;
  // A target in absolute form would choose another host.
  const path = (request.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '');
  try {
    return await fetch(`${ORIGIN}${path.startsWith('/') ? '' : '/'}${path}`, {
      method,
      headers,
      body,
      signal,
    });
  } catch (error) {
    return refusal(
      502,
      'stage_unreachable',
      `The stage cannot be reached: ${messageOf(error)}.`,
      'server_error',
    );
  }
}

function refusalOf(request: IncomingMessage): Response | undefined {
  if (!isLoopback(request.socket.remoteAddress ?? ''))
    return refusal(403, 'not_loopback', 'This forwarder answers programs on its own machine alone.');
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (host !== 'localhost' && !isLoopback(host))
    return refusal(403, 'not_loopback', 'Call this forwarder as 127.0.0.1 or localhost.');
  // Browsers say of every request of a page where it is from; `none` is an address that a person typed.
  if (request.headers.origin !== undefined || (request.headers['sec-fetch-site'] ?? 'none') !== 'none')
    return refusal(
      403,
      'web_page',
      'This forwarder answers no web pages: any page that is open could spend money.',
    );
  return undefined;
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '');
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'));
}

function refusal(status: number, code: string, message: string, type = 'invalid_request_error'): Response {
  const headers = status === 403 ? { 'x-should-retry': 'false' } : undefined;
  return Response.json(
    { error: { message, type, param: null, code } },
    { status, ...(headers && { headers }) },
  );
}
