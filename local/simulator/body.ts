import type { IncomingMessage } from 'node:http';
import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import { apiError, type JsonReply } from './reply.ts';
import type { EndpointRequest, UploadedFile } from './simulation.ts';

const MAX_BODY_BYTES = 64 * 1024 * 1024;

export type ReadBody = Pick<EndpointRequest, 'body' | 'files'>;

export const NO_FILES: ReadBody['files'] = new Map();

/** Reads a request's body as a JSON object, or as a form; empty where there is none. */
export async function readBody(request: IncomingMessage): Promise<ReadBody | JsonReply> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // What is too much is read all the same, since a client that is still writing does not see the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) return apiError(413, 'The request body is too large.');
  // What only acts on what its path names, as a cancellation does, needs no body.
  if (bytes === 0 && (request.method !== 'POST' || request.url?.endsWith('/cancel') === true))
    return { body: {}, files: NO_FILES };
  const whole = Buffer.concat(chunks);
  const contentType = request.headers['content-type'] ?? '';
  if (contentType.startsWith('multipart/form-data')) return readForm(whole, contentType);
  const body = parsed(whole.toString());
  return body === undefined
    ? apiError(400, 'We could not parse the JSON body of your request.')
    : { body, files: NO_FILES };
}

/** Reads a form by Node's own parser: what a client means is not read here as the proxy reads it. */
async function readForm(bytes: Buffer<ArrayBuffer>, contentType: string): Promise<ReadBody | JsonReply> {
  const fields = new Map<string, JsonValue>();
  const files = new Map<string, UploadedFile[]>();
  try {
    const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
    for (const [key, value] of form) {
      const [, name = key, inner] = /^([^[]+)\[(.*)\]$/.exec(key) ?? [];
      if (typeof value !== 'string') {
        const file = { name: value.name, bytes: Buffer.from(await value.arrayBuffer()) };
        files.set(name, [...(files.get(name) ?? []), file]);
      } else if (inner === undefined) fields.set(name, value);
      else if (inner === '') fields.set(name, [...listOf(fields.get(name)), value]);
      else fields.set(name, { ...objectOf(fields.get(name)), [inner]: value });
    }
  } catch {
    return apiError(400, 'Could not parse multipart form');
  }
  return { body: Object.fromEntries(fields), files };
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
