import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../errors.ts';
import type { Fetch } from '../send.ts';
import { refusal, refusalOf } from './callers.ts';
import { STREAM_COST, withoutCost } from './cost-comment.ts';
import { acceptSockets } from './sockets.ts';

export interface ForwarderOptions {
  /** Signs and sends to the stage what is meant for OpenAI. */
  readonly fetch: Fetch;
  /** Told of each exchange when it has ended, without a word of what was said in it. */
  readonly onExchange?: (exchange: ExchangeNote) => void;
}

export interface ExchangeNote {
  /** `WS` for a turn on a WebSocket. */
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  /** USD, where the stage told it. */
  readonly cost: string | undefined;
  readonly cache: string | undefined;
  /** The stage broke off; callers leave as they like, and some do as soon as they have seen `[DONE]`. */
  readonly broken: boolean;
  /** The caller left before there was an answer. */
  readonly left: boolean;
}

const ORIGIN = 'https://api.openai.com';
/** Of one connection, and made anew for the next. */
const HOP_BY_HOP =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-length|host|expect)$/;
/** What nginx logs for a caller who left; nobody receives it. */
const LEFT = 499;
/** A body that is not wanted is read up to here, in bytes, so that its connection can be used again. */
const MOST_DRAINED = 64 * 1024 * 1024;

/**
 * Forwards to the stage what programs on this machine send, signed. It serves programs on this machine alone, and no
 * web pages (`callers.ts`), since anybody whom it answers spends money.
 */
export function createForwarder(options: ForwarderOptions): Server {
  const server = createServer((request, response) => {
    serve(request, response, options).catch(() => response.destroy());
  });
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // What is refused anyway need not be sent.
    if (refusalOf(request) === undefined) response.writeContinue();
    server.emit('request', request, response);
  });
  acceptSockets(server, {
    post: (request, body, signal) =>
      options.fetch(`${ORIGIN}/v1/responses`, {
        method: 'POST',
        headers: socketHeaders(request),
        body,
        signal,
      }),
    ...(options.onExchange && {
      onTurn: (note) => options.onExchange?.({ ...note, method: 'WS', path: '/v1/responses' }),
    }),
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
  let cost = answer.headers.get('openai-proxy-cost') ?? undefined;
  let broken = false;
  if (!left.signal.aborted) {
    if (!(await isDrained(request))) response.setHeader('connection', 'close');
    response.writeHead(answer.status, headersOf(answer).flat());
    response.flushHeaders();
    const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const asked = request.headers[STREAM_COST] !== undefined;
    const body =
      answer.body !== null && isStream && !asked
        ? answer.body.pipeThrough(
            withoutCost((told) => {
              cost = told;
            }),
          )
        : answer.body;
    try {
      if (body === null) response.end();
      else await pipeline(body, response);
    } catch {
      // A clean end would look like a whole answer: the pipeline has destroyed the connection.
      broken = !left.signal.aborted;
    }
  }
  options.onExchange?.({
    method: request.method ?? 'GET',
    path: (request.url ?? '/').split('?')[0] ?? '/',
    status: answer.status,
    ms: Date.now() - begun,
    cost,
    cache: answer.headers.get('openai-proxy-cache') ?? undefined,
    broken,
    left: answer.status === LEFT,
  });
}

async function forward(request: IncomingMessage, fetch: Fetch, signal: AbortSignal): Promise<Response> {
  const headers = passedOn(request);
  const method = request.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const body = hasBody ? streamOf(request) : null;
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
    if (signal.aborted) return new Response(null, { status: LEFT });
    const message = `The stage cannot be reached: ${messageOf(error)}.`;
    return refusal(502, 'stage_unreachable', message, 'server_error');
  }
}

/** The caller's headers but for those of the connection, and with the wish to be told what a stream cost. */
function passedOn(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of endToEnd(pairsOf(request.rawHeaders))) headers.append(name, value);
  if (!headers.has(STREAM_COST)) headers.set(STREAM_COST, '1');
  return headers;
}

/** Those of the request that opened a socket, for each of its turns. */
function socketHeaders(request: IncomingMessage): Headers {
  const headers = passedOn(request);
  for (const name of [...headers.keys()]) if (name.startsWith('sec-websocket-')) headers.delete(name);
  const beta = (headers.get('openai-beta') ?? '').split(',').map((each) => each.trim());
  const others = beta.filter((each) => each !== '' && !each.startsWith('responses_websockets'));
  headers.delete('openai-beta');
  if (others.length > 0) headers.set('openai-beta', others.join(', '));
  headers.set('content-type', 'application/json');
  headers.set('accept', 'text/event-stream');
  return headers;
}

function headersOf(answer: Response): [string, string][] {
  const length = answer.headers.get('content-length');
  const headers = endToEnd([...answer.headers]);
  return length === null ? headers : [...headers, ['content-length', length]];
}

/** Headers but for those of one connection, which the header `connection` may add to (RFC 9110, section 7.6.1). */
function endToEnd(headers: readonly (readonly [string, string])[]): [string, string][] {
  const named = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) =>
      value
        .toLowerCase()
        .split(',')
        .map((each) => each.trim()),
    );
  return headers
    .map(([name, value]): [string, string] => [name, value])
    .filter(([name]) => !HOP_BY_HOP.test(name.toLowerCase()) && !named.includes(name.toLowerCase()));
}

function pairsOf(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at] ?? '', raw[2 * at + 1] ?? '']);
}

/** A request's body. If it is cancelled, what is left of it stays with the request, for `isDrained`. */
function streamOf(request: IncomingMessage): ReadableStream<Uint8Array> {
  let isDone = false;
  const once = (act: () => void) => () => {
    if (!isDone) act();
    isDone = true;
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        request.on('data', (chunk: Uint8Array) => {
          if (isDone) return;
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) request.pause();
        });
        request.on(
          'end',
          once(() => controller.close()),
        );
        request.on(
          'close',
          once(() => controller.error(new TypeError('the caller left in mid-request'))),
        );
        request.pause();
      },
      pull: () => void request.resume(),
      cancel: once(() => void request.pause()),
    },
    { highWaterMark: 65_536, size: (chunk) => chunk.byteLength },
  );
}

/**
 * Reads what is left of a request's body: an answer that comes earlier would leave it in the way of the connection's
 * next request.
 *
 * @returns false if there is more of it than is worth reading
 */
async function isDrained(request: IncomingMessage): Promise<boolean> {
  if (request.complete) return true;
  if (request.destroyed || Number(request.headers['content-length']) > MOST_DRAINED) return false;
  if (request.headers.expect !== undefined) return false;
  return new Promise((resolve) => {
    let bytes = 0;
    const end = (isWhole: boolean) => {
      request.off('data', count).off('end', whole).off('close', cut);
      resolve(isWhole);
    };
    const count = (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > MOST_DRAINED) end(false);
    };
    const whole = () => end(true);
    const cut = () => end(request.complete);
    request.on('data', count).on('end', whole).on('close', cut).resume();
  });
}
