import { isObject, type JsonObject } from '../../shared/core/json.ts';

/** Whether an answer comes in server-sent events. */
export function isEventStream({ headers }: Pick<Response, 'headers'>): boolean {
  return /^text\/event-stream\b/i.test(headers.get('content-type') ?? '');
}

/** An answer as a JSON object; `undefined` where it is none. */
export function jsonOf(bytes: Uint8Array): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
