/** A whole JSON answer. */
export interface JsonReply {
  readonly kind: 'json';
  readonly status: number;
  readonly body: object;
}

/** A stream of server-sent events; each frame is sent as it is, with a pause after it. */
export interface StreamReply {
  readonly kind: 'stream';
  readonly frames: Iterable<string>;
}

/** A whole answer that is neither JSON nor events: a text, or sound. */
export interface BytesReply {
  readonly kind: 'bytes';
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export type Reply = JsonReply | StreamReply | BytesReply;

export interface ErrorDetails {
  readonly param?: string;
  readonly code?: string;
  readonly type?: string;
}

/** An answer with status 200. */
export function ok(body: object): JsonReply {
  return { kind: 'json', status: 200, body };
}

/**
 * An error as OpenAI words it: `{"error": {message, type, param, code}}`, all four always there.
 *
 * @param details `type` is `invalid_request_error` unless it is named
 */
export function apiError(status: number, message: string, details: ErrorDetails = {}): JsonReply {
  const { type = 'invalid_request_error', param = null, code = null } = details;
  return { kind: 'json', status, body: { error: { message, type, param, code } } };
}

/** Tells an answer that is ready to be sent from any other outcome of a step. */
export function isReply(value: object): value is JsonReply {
  return 'kind' in value && value.kind === 'json';
}

/** A server-sent event with JSON data, and a name where the endpoint names its events. */
export function frame(data: object, event?: string): string {
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** What ends a stream of chat or legacy completions. */
export const DONE = 'data: [DONE]\n\n';
