import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';

/** All listeners of the local stack are for this machine alone. */
export const LOOPBACK = '127.0.0.1';

/** A request as it came over the wire: nothing decoded, merged or normalised, as a signature needs it. */
export interface WireRequest {
  readonly method: string;
  /** As sent, still percent-encoded, dot segments and doubled slashes included. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  /** In their order, duplicates included; each character is one byte of the wire. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/**
 * Reads a whole request.
 *
 * @param maxBytes the largest body that is taken
 * @returns `undefined` for a larger body; the rest of it is then read and dropped, so that the caller sees the answer
 */
export async function readRequest(
  request: IncomingMessage,
  maxBytes: number,
): Promise<WireRequest | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > maxBytes) return undefined;
  const target = (request.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '');
  const [path = '', ...query] = target.split('?');
  return {
    method: request.method ?? 'GET',
    path: path === '' ? '/' : path,
    query: query.join('?'),
    headers: pairs(request.rawHeaders),
    body: Buffer.concat(chunks),
  };
}

/** The value of a header, duplicates joined by `,`; `undefined` where it was not sent. */
export function header(request: Pick<WireRequest, 'headers'>, name: string): string | undefined {
  const values = request.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(',');
}

/**
 * Starts to listen on loopback.
 *
 * @param port 0 for any free one
 * @returns the port that it got; rejects when the port is taken
 */
export async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, LOOPBACK);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

function pairs(flat: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2)
    result.push([flat[index] ?? '', flat[index + 1] ?? '']);
  return result;
}
