import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { serveResponses } from '../websocket/serve.ts';
import type { TurnNote } from '../websocket/turn.ts';
import { refusal, refusalOf } from './callers.ts';

export interface SocketsOptions {
  /** Sends a turn to the stage, with the headers of the request that opened its socket. */
  readonly post: (request: IncomingMessage, body: string, signal: AbortSignal) => Promise<Response>;
  readonly onTurn?: (note: TurnNote) => void;
}

const PATHS = new Set(['/v1/responses', '/responses']);
/** A turn that is too large for the stage is refused in its words, so more than that is taken, in bytes. */
const MOST_MESSAGE_BYTES = 32 * 1024 * 1024;

/** Lets a forwarder speak the Responses API over WebSocket, to the same callers that it answers over HTTP. */
export function acceptSockets(server: Server, { post, onTurn }: SocketsOptions): void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    if (request.headers.upgrade?.toLowerCase() !== 'websocket')
      return serveAgain(server, request, socket, head);
    const refused = refusalOf(request) ?? notFound(request);
    if (refused !== undefined) return void refuse(socket, refused);
    sockets.handleUpgrade(request, socket, head, (opened) =>
      serveResponses(opened, {
        post: (body, signal) => post(request, body, signal),
        ...(onTurn && { onTurn }),
      }),
    );
  });
  // The server itself no longer knows of connections that were upgraded.
  const closeOthers = server.closeAllConnections.bind(server);
  server.closeAllConnections = () => {
    for (const client of sockets.clients) client.terminate();
    closeOthers();
  };
}

function notFound(request: IncomingMessage): Response | undefined {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (PATHS.has(path)) return undefined;
  return refusal(404, 'path_refused', 'Only /v1/responses is served over WebSocket.');
}

async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}\r\n${headers}` +
      `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/**
 * Answers a request that offers another protocol than WebSocket as if it had offered none, which a server may do
 * (RFC 9110, section 7.8): Java's HttpClient offers HTTP/2 with its first request.
 */
function serveAgain(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const offered = new Set(['upgrade', 'http2-settings', 'connection']);
  const headers = Array.from({ length: request.rawHeaders.length / 2 }, (_, at) => ({
    name: request.rawHeaders[2 * at] ?? '',
    value: request.rawHeaders[2 * at + 1] ?? '',
  })).filter(({ name }) => !offered.has(name.toLowerCase()));
  const lines = headers.map(({ name, value }) => `${name}: ${value}\r\n`).join('');
  socket.unshift(
    Buffer.concat([
      Buffer.from(`${request.method} ${request.url} HTTP/${request.httpVersion}\r\n${lines}\r\n`, 'latin1'),
      head,
    ]),
  );
  server.emit('connection', socket);
}
