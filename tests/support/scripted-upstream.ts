import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as OpenAI would have received it. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  json(): Record<string, unknown>;
}

export type Script = (request: Received, response: ServerResponse) => void | Promise<void>;

/** An HTTP server that answers as a test tells it, and remembers what it was sent. */
export interface ScriptedUpstream {
  readonly baseUrl: URL;
  readonly received: Received[];
  /** How many connections to callers were closed before their answer ended. */
  readonly aborted: () => number;
  /**
   * Answers requests of this path (below `/v1`) by a script from now on; a later script replaces an earlier one. A path
   * that ends in `/*` is of all objects below it that have none of their own.
   */
  on(path: string, script: Script): void;
  close(): Promise<void>;
}

export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const scripts = new Map<string, Script>();
  const received: Received[] = [];
  let aborted = 0;
  const server = createServer((request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) aborted++;
    });
    answer(request, response, scripts, received).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: new URL(`http://127.0.0.1:${port}/v1`),
    received,
    aborted: () => aborted,
    on: (path, script) => void scripts.set(path, script),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  scripts: ReadonlyMap<string, Script>,
  received: Received[],
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { method = '', url = '', headers } = request;
  const seen: Received = { method, url, headers, body, json: () => JSON.parse(body.toString('utf8')) };
  received.push(seen);
  const path = new URL(url, 'http://upstream').pathname.replace(/^\/v1/, '');
  const script = scripts.get(path) ?? scripts.get(path.replace(/[^/]+$/, '*'));
  if (script === undefined) response.writeHead(599).end();
  else await script(seen, response);
}

/** Answers with JSON, as OpenAI does. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Script {
  return (_request, response) => {
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-request-id': 'req_upstream',
      ...headers,
    });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** Answers with an event stream in the pieces given, each written when the one before it was taken. */
export function sse(pieces: readonly (string | Uint8Array)[], ending: 'end' | 'reset' = 'end'): Script {
  return async (_request, response) => {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'x-request-id': 'req_upstream',
    });
    for (const piece of pieces) {
      await new Promise((resolve) => response.write(piece, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (ending === 'end') response.end();
    else response.destroy();
  };
}

/** One event with JSON data. */
export function event(data: unknown, name?: string): string {
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
}
