import type { IncomingMessage } from 'node:http';
import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { apiError, type JsonReply } from './reply.ts';

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** What came as a form: its fields, and the one file. */
export interface Upload {
  readonly fields: Readonly<Record<string, string>>;
  readonly file?: { readonly bytes: Uint8Array; readonly filename: string };
}

interface Body {
  readonly body: JsonObject;
  readonly upload?: Upload;
}

/** Reads a request's body, a JSON object or a form; an empty object where there is none. */
export async function readBody(request: IncomingMessage): Promise<Body | JsonReply> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // What is too much is read all the same, since a client that is still writing does not see the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) return apiError(413, 'The request body is too large.');
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('multipart/form-data')) return readForm(Buffer.concat(chunks), type);
  // What only acts on what its path names, as a cancellation does, needs no body.
  if (bytes === 0 && (request.method !== 'POST' || request.url?.endsWith('/cancel') === true))
    return { body: {} };
  const body = parsed(Buffer.concat(chunks).toString());
  return body === undefined ? apiError(400, 'We could not parse the JSON body of your request.') : { body };
}

async function readForm(bytes: Buffer, type: string): Promise<Body | JsonReply> {
  try {
    const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData();
    const entries = [...form];
    const texts = entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []));
    const file = entries.map(([, value]) => value).find((value) => typeof value !== 'string');
    const content = file === undefined ? undefined : new Uint8Array(await file.arrayBuffer());
    return {
      body: {},
      upload: {
        fields: Object.fromEntries(texts),
        ...(file !== undefined && content !== undefined && { file: { bytes: content, filename: file.name } }),
      },
    };
  } catch {
    return apiError(400, 'We could not parse the form of your request.');
  }
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
