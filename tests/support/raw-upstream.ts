import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** What a server writes once it has read a whole request. */
export type Answer = (socket: Socket) => void | Promise<void>;

/** A server that says on the wire exactly what it is told to say, well formed or not. */
export interface RawUpstream {
  readonly baseUrl: URL;
  /** How many requests it has read. */
  readonly requests: () => number;
  /** The bytes that the other side, or the sockets between, took since the last `answer`. */
  readonly taken: () => number;
  /** How many connections the other side closed before their answer ended. */
  readonly aborted: () => number;
  answer(answer: Answer): void;
  close(): Promise<void>;
}

export async function startRawUpstream(): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  let requests = 0;
  let aborted = 0;
  let before = 0;
  let answer: Answer = (socket) => void socket.destroy();
  const written = () => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (!socket.writableEnded) aborted += 1;
    });
    onRequests(socket, () => {
      requests += 1;
      Promise.resolve(answer(socket)).catch(() => socket.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`),
    requests: () => requests,
    taken: () => written() - before,
    aborted: () => aborted,
    answer(next) {
      before = written();
      answer = next;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function onRequests(socket: Socket, then: () => void): void {
  let seen = Buffer.alloc(0);
  socket.on('data', (data) => {
    seen = Buffer.concat([seen, data]);
    const headEnd = seen.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const length = Number(/content-length: (\d+)/i.exec(seen.toString('latin1', 0, headEnd))?.[1] ?? 0);
    if (seen.length < headEnd + 4 + length) return;
    seen = seen.subarray(headEnd + 4 + length);
    then();
  });
}

/** Writes a head and a body with its length, and ends the connection. */
export function reply(
  status: number | string,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array = '',
): Answer {
  return (socket) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    socket.write(head(status, { ...length, connection: 'close', ...headers }));
    socket.end(body);
  };
}

export function head(status: number | string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n`;
}

function room(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const proceed = () => {
      socket.off('drain', proceed).off('close', proceed);
      resolve();
    };
    socket.on('drain', proceed).on('close', proceed);
  });
}

/** Writes these texts, each when there is room for it, and then ends, resets or stays silent. */
export function raw(texts: Iterable<string | Uint8Array>, then: 'end' | 'reset' | 'silence' = 'end'): Answer {
  return async (socket) => {
    for (const text of texts) {
      if (socket.destroyed) return;
      if (!socket.write(text)) await room(socket);
    }
    if (then === 'end') socket.end();
    if (then === 'silence') return;
    // Let what was written leave first: a reset may overtake it.
    await new Promise((resolve) => setTimeout(resolve, 30));
    if (then === 'reset') socket.resetAndDestroy();
  };
}
