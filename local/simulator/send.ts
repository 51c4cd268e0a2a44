import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { BytesReply, JsonReply, Reply, StreamReply } from './reply.ts';

/**
 * Sends an answer; ends quietly when the client has gone.
 *
 * @param chunkDelayMs how long to wait after each event of a stream
 * @param cut the connection is cut after so many events, or in the midst of a whole answer
 */
export async function send(
  reply: Reply,
  response: ServerResponse,
  chunkDelayMs: number,
  cut?: number,
): Promise<void> {
  if (reply.kind === 'json') sendJson(reply, response, cut !== undefined);
  else if (reply.kind === 'bytes') sendBytes(reply, response, cut !== undefined);
  else await sendStream(reply, response, chunkDelayMs, cut);
}

function sendJson({ status, body }: JsonReply, response: ServerResponse, isCut: boolean): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  sendWhole(bytes, response, isCut);
}

function sendBytes({ contentType, bytes }: BytesReply, response: ServerResponse, isCut: boolean): void {
  response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length });
  sendWhole(bytes, response, isCut);
}

function sendWhole(bytes: Uint8Array, response: ServerResponse, isCut: boolean): void {
  if (isCut) response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  else response.end(bytes);
}

async function sendStream(
  { frames }: StreamReply,
  response: ServerResponse,
  chunkDelayMs: number,
  cut?: number,
): Promise<void> {
  let sent = 0;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  try {
    for (const frame of frames) {
      if (gone.signal.aborted) return;
      if (sent === cut) {
        await new Promise((resolve) => response.write(':\n\n', resolve));
        response.destroy();
        return;
      }
      sent += 1;
      if (!response.write(frame)) await once(response, 'drain', { signal: gone.signal });
      if (chunkDelayMs > 0) await pause(chunkDelayMs, undefined, { signal: gone.signal });
    }
    response.end();
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
}
