import type { IncomingMessage } from 'node:http';
import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { apiError, type JsonReply } from './reply.ts';

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Reads a request's body as a JSON object; empty where there is none. */
export async function readJson(request: IncomingMessage): Promise<{ body: JsonObject } | JsonReply> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // What is too much is read all the same, since a client that is still writing does not see the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) return apiError(413, 'The request body is too large.');
  if (bytes === 0 && (request.method === 'GET' || request.method === 'DELETE')) return { body: {} };
  const body = parsed(Buffer.concat(chunks).toString());
  return body === undefined ? apiError(400, 'We could not parse the JSON body of your request.') : { body };
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
