import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { OpenAiCredentials, Secrets } from '../ports/secrets.ts';
import type { Upstream, UpstreamFailure, UpstreamRequest } from '../ports/upstream.ts';
import { type Redactor, redacted, redactor } from './redaction.ts';
import { socketPool } from './socket-pool.ts';

export interface HttpUpstreamOptions {
  /** The API's base with its version, such as `https://api.openai.com/v1`. */
  readonly baseUrl: URL;
  readonly secrets: Secrets<OpenAiCredentials>;
  /** A connection must stand within so many milliseconds. */
  readonly connectTimeoutMs: number;
}

/**
 * OpenAI over HTTP/1.1, by Node's own client: unlike `fetch` it sets no time-out of its own on a silent head or body,
 * which a reasoning model needs, and it hands the body over as it comes, with backpressure.
 */
export function createHttpUpstream(options: HttpUpstreamOptions): Upstream {
  const { baseUrl, secrets } = options;
  const pool = socketPool(
    baseUrl.protocol === 'https:'
      ? new https.Agent({ keepAlive: true })
      : new http.Agent({ keepAlive: true }),
  );
  const base = baseUrl.href.replace(/\/$/, '');

  return {
    async send(request) {
      const credentials = await secrets.read().catch(() => undefined);
      if (credentials === undefined) return { kind: 'unreachable', sent: false, detail: 'no secret' };
      const headers: Record<string, string> = {
        ...Object.fromEntries(request.headers),
        ...credentialHeaders(credentials),
      };
      if (request.body !== undefined) headers['content-length'] = String(request.body.byteLength);
      const { openaiApiKey: key } = credentials;
      const wire = { url: new URL(base + request.path), headers, agent: pool.agent(), key };
      return exchange(wire, request, options.connectTimeoutMs);
    },
  };
}

function credentialHeaders({ openaiApiKey, openaiOrganization, openaiProject }: OpenAiCredentials) {
  return {
    authorization: `Bearer ${openaiApiKey}`,
    ...(openaiOrganization === undefined ? {} : { 'openai-organization': openaiOrganization }),
    ...(openaiProject === undefined ? {} : { 'openai-project': openaiProject }),
  };
}

/** A request as it goes out. */
interface Outgoing {
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly agent: http.Agent;
  /** An answer of any kind may quote it, in its head too; whoever called must not learn it. */
  readonly key: string;
}

function exchange(
  { url, headers, agent, key }: Outgoing,
  { method, body, signal }: UpstreamRequest,
  connectTimeoutMs: number,
): Promise<Response | UpstreamFailure> {
  return new Promise((resolve) => {
    const client = url.protocol === 'https:' ? https : http;
    const request = client.request(url, { method, headers, agent, signal });
    let connected = false;
    const connectTimer = setTimeout(() => request.destroy(new Error('connect timeout')), connectTimeoutMs);
    request.once('socket', (socket) => {
      const ready = () => {
        connected = true;
        clearTimeout(connectTimer);
      };
      if (socket.connecting) socket.once('connect', ready);
      else ready();
    });
    request.once('response', (answer) => {
      clearTimeout(connectTimer);
      resolve(toResponse(answer, key));
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(connectTimer);
      const timedOut = signal.aborted || (!connected && error.message === 'connect timeout');
      // Once the connection stood, OpenAI may have seen the request, and billed it.
      resolve({
        kind: timedOut ? 'timeout' : 'unreachable',
        sent: connected,
        detail: error.code ?? error.name,
      });
    });
    // Without an answer and without an error: an upgrade, say, that nobody asked for.
    request.once('close', () => resolve({ kind: 'unreachable', sent: connected, detail: 'closed' }));
    request.end(body);
  });
}

/** Statuses whose answers have no body (RFC 9110, section 6.4.1). */
const BODILESS = new Set([204, 205, 304]);

function toResponse(answer: http.IncomingMessage, key: string): Response {
  const headers = new Headers();
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
    headers.append(answer.rawHeaders[i] ?? '', redacted(answer.rawHeaders[i + 1] ?? '', key));
  }
  const status = answer.statusCode ?? 502;
  const body = BODILESS.has(status)
    ? null
    : toWeb(decoded(answer, headers.get('content-encoding')), redactor(key));
  if (body === null) answer.resume();
  return new Response(body, { status: status < 200 || status > 599 ? 502 : status, headers });
}

/** We ask for bytes as they are; a server that compresses all the same is understood, if this coding is known here. */
function decoded(answer: http.IncomingMessage, encoding: string | null): Readable {
  switch (encoding?.trim().toLowerCase() ?? '') {
    case 'gzip':
    case 'x-gzip':
      return unpacked(answer, createGunzip());
    case 'deflate':
      return unpacked(answer, createInflate());
    case 'br':
      return unpacked(answer, createBrotliDecompress());
    case '':
    case 'identity':
      return answer;
    default:
      // Bytes that nobody here can read are no answer: they could neither be metered nor be given on as what they are.
      answer.destroy(new Error('unknown content coding'));
      return answer;
  }
}

function unpacked(answer: Readable, decoder: NodeJS.ReadWriteStream & Readable): Readable {
  answer.on('error', (error) => decoder.destroy(error));
  // It may fail before anybody reads; who reads then is told.
  decoder.on('error', () => undefined);
  decoder.on('close', () => answer.destroy());
  return answer.pipe(decoder);
}

/** A web stream that reads on only when it is asked to, and so carries backpressure up to OpenAI. */
function toWeb(source: Readable, redacting: Redactor): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const next = await chunks.next();
          const bytes = next.done ? redacting.end() : redacting.push(next.value);
          if (bytes.byteLength > 0) controller.enqueue(bytes);
          if (next.done) return controller.close();
          if (bytes.byteLength > 0) return;
        }
      },
      cancel() {
        source.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
