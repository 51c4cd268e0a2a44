import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { isIPv4 } from 'node:net';

/**
 * Closes a server of this machine to web pages. A browser lets any page that is open send requests to loopback, and a
 * page whose own name resolves to loopback ("DNS rebinding") even read the answers. Programs send neither an `Origin`
 * nor `Sec-Fetch-Site`, and name loopback as their host; pages cannot leave these headers out, or write them.
 */
export function closedToWebPages<T extends Server>(server: T): T {
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const why = refusalOf(request);
    if (why !== undefined) return refuse(response, why);
    for (const listener of listeners) listener.call(server, request, response);
  });
  return server;
}

/** `none` is a person who typed the address; every other value is some page's doing. */
function refusalOf({ headers }: IncomingMessage): string | undefined {
  if (!isLoopback(headers.host ?? '')) return 'Call this server as 127.0.0.1 or localhost.';
  const site = headers['sec-fetch-site'] ?? 'none';
  if (headers.origin === undefined && site === 'none') return undefined;
  return 'This server answers programs of this machine, and no web page.';
}

/** @param host as the header says it, with or without a port */
function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'));
}

/** In the words of AWS and in those of OpenAI, as either may stand behind it. */
function refuse(response: ServerResponse, message: string): void {
  const error = { message, type: 'invalid_request_error', param: null, code: 'web_page' };
  response.writeHead(403, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ __type: 'AccessDeniedException', message, error }));
}
