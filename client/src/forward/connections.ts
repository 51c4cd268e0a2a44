import {
  Agent as HttpAgent,
  type IncomingMessage,
  type RequestOptions,
  request as sendHttp,
} from 'node:http';
import { Agent as HttpsAgent, request as sendHttps } from 'node:https';
import { Readable } from 'node:stream';
import type { Fetch } from '../send.ts';

/** An idle connection is used again for as long; AWS closes them later than that. */
const IDLE_MS = 4000;
const NULL_BODY = new Set([101, 204, 205, 304]);

/**
 * A `fetch` that waits for an answer as long as its caller does: the global one gives up on a silence of five minutes,
 * and a model that reasons can be silent for longer. Answers stream, as their bytes came.
 *
 * A machine that slept wakes up with connections that are dead and do not know it: none is used again that has been
 * idle for longer than a few seconds of the wall clock.
 */
export function createPatientFetch(now: () => number = Date.now): Fetch {
  const make = {
    'http:': () => new HttpAgent({ keepAlive: true }),
    'https:': () => new HttpsAgent({ keepAlive: true }),
  };
  const agents = new Map<string, { agent: HttpAgent; usedAt: number }>();
  const agentFor = (protocol: 'http:' | 'https:'): HttpAgent => {
    const known = agents.get(protocol);
    if (known !== undefined && now() - known.usedAt < IDLE_MS) {
      known.usedAt = now();
      return known.agent;
    }
    for (const sockets of Object.values(known?.agent.freeSockets ?? {}))
      for (const socket of sockets ?? []) socket.destroy();
    const agent = make[protocol]();
    agents.set(protocol, { agent, usedAt: now() });
    return agent;
  };
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const secure = url.protocol === 'https:';
    const options: RequestOptions = {
      method: init.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      agent: agentFor(secure ? 'https:' : 'http:'),
      ...(init.signal ? { signal: init.signal } : {}),
    };
    const body = init.body instanceof Uint8Array ? init.body : undefined;
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = (secure ? sendHttps : sendHttp)(url, options, resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });
    return responseOf(message);
  };
}

function responseOf(message: IncomingMessage): Response {
  const headers = new Headers();
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2)
    headers.append(message.rawHeaders[at] ?? '', message.rawHeaders[at + 1] ?? '');
  const status = message.statusCode ?? 502;
  if (NULL_BODY.has(status)) {
    message.resume();
    return new Response(null, { status, headers });
  }
  const body = Readable.toWeb(message, { strategy: { highWaterMark: 1 } }) as ReadableStream<Uint8Array>;
  return new Response(body, { status, headers });
}
