import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { BytesReply, JsonReply, Reply, StreamReply } from './reply.ts';

/**
 * Sends an answer; ends quietly when the client has gone.
 *
 * @param chunkDelayMs how long to wait after each event of a stream
 */
export async function send(reply: Reply, response: ServerResponse, chunkDelayMs: number): Promise<void> {
  if (reply.kind === 'json') sendJson(reply, response);
  else if (reply.kind === 'bytes') sendBytes(reply, response);
  else await sendStream(reply, response, chunkDelayMs);
}

function sendJson({ status, body }: JsonReply, response: ServerResponse): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

function sendBytes({ contentType, bytes }: BytesReply, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length });
  response.end(bytes);
}

async function sendStream(
  { frames }: StreamReply,
  response: ServerResponse,
  chunkDelayMs: number,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  try {
    for (const frame of frames) {
      if (gone.signal.aborted) return;
      if (!response.write(frame)) await once(response, 'drain', { signal: gone.signal });
      if (chunkDelayMs > 0) await pause(chunkDelayMs, undefined, { signal: gone.signal });
    }
    response.end();
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
}
