import type { PlainAnswer, StreamMeter } from '../../shared/core/endpoint.ts';
import { isObject, type JsonObject } from '../../shared/core/json.ts';
import type { Served } from '../../shared/core/usage.ts';
import type { MeteredWork, Work } from './call.ts';
import type { BodyReader } from './metered-body.ts';
import { JsonReader, PlainReader } from './metered-json.ts';
import { EventReader } from './metered-stream.ts';
import { UnwrappedReader } from './unwrapped-stream.ts';

/** The head of an answer: what it is read, and passed on, by. */
export type AnswerHead = Pick<Response, 'ok' | 'status' | 'headers'>;

/** An answer that passes as it comes. */
export interface PassingForm {
  readonly reader: BodyReader;
  /** The head that the caller gets. */
  readonly head: AnswerHead;
}

/** What a whole answer says. */
export interface WholeAnswer {
  readonly served: Served | undefined;
  readonly failed: boolean;
}

/**
 * How an answer is read that passes from its first byte on: events, and sound.
 *
 * @param meter of its events
 * @param keepBytes the most bytes to keep for the cache
 * @returns `undefined` for one that is taken whole, unless it turns out to be large
 */
export function passingForm(
  work: Work,
  head: AnswerHead,
  meter: StreamMeter | undefined,
  keepBytes: number,
): PassingForm | undefined {
  if (work.kind !== 'metered' || !head.ok) return undefined;
  if (isEventStream(head) && meter !== undefined) {
    const unwrapping = work.rules.unwrapping?.(work.body);
    if (unwrapping === undefined) return { reader: new EventReader(meter, keepBytes), head };
    return {
      reader: new UnwrappedReader(meter, unwrapping, keepBytes),
      head: withContentType(head, unwrapping.contentType),
    };
  }
  const plain = plainOf(work, head);
  return plain?.form === 'binary' ? { reader: new PlainReader(plain.served, keepBytes), head } : undefined;
}

/** Reads an answer that turned out to be too large to be taken whole. */
export function largeReader(work: Work, head: AnswerHead, keepBytes: number): BodyReader {
  if (work.kind === 'free') return new PlainReader(undefined, 0);
  const plain = plainOf(work, head);
  if (plain !== undefined) return new PlainReader(plain.served, keepBytes);
  return new JsonReader((answer) => work.rules.served(answer, work.body), work.rules.reads, keepBytes);
}

/** Reads an answer that was taken whole; `undefined` where these bytes are none, or a part of one. */
export function readWhole(
  work: Work,
  head: AnswerHead,
  bytes: Uint8Array<ArrayBuffer>,
): WholeAnswer | undefined {
  if (work.kind === 'free') return { served: undefined, failed: false };
  const plain = plainOf(work, head);
  if (plain !== undefined) return { served: plain.served, failed: false };
  const json = parsed(bytes);
  // Metered endpoints answer with JSON. Their errors may be anything.
  if (json === undefined) return head.ok ? undefined : { served: undefined, failed: false };
  return { served: work.rules.served(json, work.body), failed: json['status'] === 'failed' };
}

/** Whether an answer comes in server-sent events. */
export function isEventStream({ headers }: Pick<AnswerHead, 'headers'>): boolean {
  return /^text\/event-stream\b/i.test(headers.get('content-type') ?? '');
}

/** What a good answer without JSON is, where the request is one that is answered so. */
function plainOf({ rules, body }: MeteredWork, { ok, headers }: AnswerHead): PlainAnswer | undefined {
  const isJson = /^application\/([\w.-]+\+)?json\b/i.test(headers.get('content-type') ?? '');
  return ok && !isJson ? rules.plain?.(body) : undefined;
}

function withContentType({ ok, status, headers }: AnswerHead, contentType: string): AnswerHead {
  const changed = new Headers(headers);
  changed.set('content-type', contentType);
  return { ok, status, headers: changed };
}

/** The JSON object that an answer is; `undefined` where it is none. */
export function parsed(bytes: Uint8Array): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
