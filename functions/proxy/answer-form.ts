import type { MeteredEndpoint, PlainAnswer, StreamMeter } from '../../shared/core/endpoint.ts';
import { rented } from '../../shared/core/endpoints/rented.ts';
import { readsOf } from '../../shared/core/failure.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import { OutlineReader } from '../../shared/core/json-outline.ts';
import type { Served } from '../../shared/core/usage.ts';
import { isEventStream, jsonOf } from './answer-kind.ts';
import type { Work } from './call.ts';
import type { BodyEnd, BodyReader } from './metered-body.ts';
import { answerFacts, JsonReader, PlainReader } from './metered-json.ts';
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

/** What an answer says that was taken whole, or as far as it came. */
export interface AnswerFacts extends Omit<BodyEnd, 'how' | 'bytes' | 'seenOutputBytes'> {
  /** What its bytes say, if they were read as JSON. */
  readonly json?: JsonObject | undefined;
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

/**
 * Reads an answer that turned out to be too large to be taken whole.
 *
 * @param rules by which JSON is read; absent for a free answer that tells nothing
 */
export function largeReader(
  work: Work,
  rules: MeteredEndpoint | undefined,
  head: AnswerHead,
  keepBytes: number,
): BodyReader {
  const plain = plainOf(work, head);
  if (plain !== undefined || rules === undefined) {
    return new PlainReader(plain?.served ?? rentedBy(work, head, undefined), keepBytes);
  }
  return new JsonReader(rules, bodyOf(work), keepBytes);
}

/** Reads an answer that was taken whole; `undefined` where these bytes are none, or a part of one. */
export function readWhole(
  work: Work,
  rules: MeteredEndpoint | undefined,
  head: AnswerHead,
  bytes: Uint8Array<ArrayBuffer>,
): AnswerFacts | undefined {
  const plain = plainOf(work, head);
  if (plain !== undefined) return { served: plain.served, failed: false };
  const json = rules && jsonOf(bytes);
  // Metered endpoints answer with JSON, or as `plain` says: anything else is no answer, or a part of one.
  if (json === undefined && work.kind === 'metered' && head.ok) return undefined;
  return rules === undefined
    ? { served: rentedBy(work, head, bytes), failed: false }
    : { ...answerFacts(rules, bodyOf(work), json, json), json };
}

/** An answer that was taken whole, as the caller gets it: in the form that it asked for, if OpenAI was asked for another. */
export function shownAnswer(
  work: Work,
  head: AnswerHead,
  bytes: Uint8Array<ArrayBuffer>,
  json: JsonObject | undefined,
): {
  readonly head: AnswerHead;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly json: JsonObject | undefined;
} {
  const rendered =
    work.kind === 'metered' && head.ok && json !== undefined
      ? work.rules.rendered?.(work.body, json)
      : undefined;
  if (rendered === undefined) return { head, bytes, json };
  return {
    head: withContentType(head, rendered.contentType),
    bytes: new TextEncoder().encode(rendered.text),
    json: undefined,
  };
}

/** Reads as much as came of an answer that broke off, or turned out to be none. */
export function readBroken(work: Work, bytes: Uint8Array): AnswerFacts {
  if (work.kind === 'free') return { served: undefined, failed: false };
  const outline = new OutlineReader(readsOf(work.rules));
  outline.push(bytes);
  return answerFacts(work.rules, work.body, outline.value(), outline.members());
}

/** What a call used that is billed without a model; `undefined` for any other. */
function rentedBy(work: Work, { ok }: AnswerHead, bytes: Uint8Array | undefined): Served | undefined {
  if (work.kind !== 'free' || work.rent === undefined || !ok) return undefined;
  return rented(bytes && jsonOf(bytes), work.rent.named, work.rent.size);
}

/** What was asked, as the rules of an answer read it. */
function bodyOf(work: Work): JsonObject {
  return work.kind === 'metered' ? work.body : {};
}

/** What a good answer without JSON is, where the request is one that is answered so. */
function plainOf(work: Work, { ok, headers }: AnswerHead): PlainAnswer | undefined {
  const isJson = /^application\/([\w.-]+\+)?json\b/i.test(headers.get('content-type') ?? '');
  return ok && !isJson && work.kind === 'metered' ? work.rules.plain?.(work.body, work.price) : undefined;
}

function withContentType({ ok, status, headers }: AnswerHead, contentType: string): AnswerHead {
  const changed = new Headers(headers);
  changed.set('content-type', contentType);
  return { ok, status, headers: changed };
}
