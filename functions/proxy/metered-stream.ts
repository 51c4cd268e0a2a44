import type { StreamMeter } from '../../shared/core/endpoint.ts';
import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { type SsePiece, SseSplitter, sseEvent } from '../../shared/core/sse.ts';
import { type BodyEnd, type BodyReader, Keeper, meteredBody } from './metered-body.ts';

export interface MeteredStreamOptions {
  readonly meter: StreamMeter;
  readonly onDisconnect: 'drain' | 'cancel';
  /** The most bytes to keep for the cache. */
  readonly keepBytes: number;
  /** Called once, when all is known; what it returns is sent after the last byte. */
  readonly onEnd: (end: BodyEnd) => Uint8Array | undefined;
}

/**
 * Passes an SSE stream on, byte for byte and event by event, and reads its usage on the way. One that breaks off, or
 * just stops before its end, ends with an error that SDKs raise.
 */
export function meteredStream(
  source: ReadableStream<Uint8Array>,
  { meter, keepBytes, onDisconnect, onEnd }: MeteredStreamOptions,
): ReadableStream<Uint8Array> {
  return meteredBody(source, { reader: new EventReader(meter, keepBytes), onDisconnect, onEnd });
}

/** What an SDK raises as an error in mid-stream; a clean end would look like success to it. */
const BROKEN_FRAME = sseEvent(
  'error',
  JSON.stringify({
    type: 'error',
    code: 'upstream_broken',
    message: 'OpenAI ended this stream before its end.',
    param: null,
    error: {
      type: 'server_error',
      code: 'upstream_broken',
      message: 'OpenAI ended this stream before its end.',
      param: null,
    },
  }),
);

const LF = 0x0a;
const CR = 0x0d;
/** Ends whatever line and event stand open. */
const BLANK_LINE = new Uint8Array([LF, LF]);

const LAST_OF_RESPONSE = new Set(['response.completed', 'response.incomplete', 'response.failed']);

/** The events of one stream on their way through. */
export class EventReader implements BodyReader {
  readonly #splitter = new SseSplitter();
  readonly #meter: StreamMeter;
  readonly #keeper: Keeper;
  #failed = false;
  #sawLast = false;
  #stripped = false;
  #endedInCr = false;
  #inOpaque = false;

  constructor(meter: StreamMeter, keepBytes: number) {
    this.#meter = meter;
    this.#keeper = new Keeper(keepBytes);
  }

  pass(chunk: Uint8Array): Uint8Array {
    return this.#through(this.#splitter.push(chunk));
  }

  /** Of a stream that ends too early, never half an event: what is left of it would spoil the error. */
  last(how: BodyEnd['how']): Uint8Array {
    if (how === 'left') return new Uint8Array();
    const rest = how === 'complete' ? this.#through(this.#splitter.end()) : new Uint8Array();
    if (!this.#isBroken(how)) return rest;
    return this.#inOpaque ? Buffer.concat([BLANK_LINE, BROKEN_FRAME]) : BROKEN_FRAME;
  }

  end(how: BodyEnd['how']): BodyEnd {
    const isWhole = how === 'complete' && !this.#isBroken(how);
    return {
      how: this.#isBroken(how) ? 'broken' : how,
      served: isWhole || this.#meter.isFinal() ? this.#meter.served() : undefined,
      deferred: this.#meter.deferred?.(),
      seenOutputBytes: this.#meter.seenOutputBytes(),
      failed: this.#failed,
      bytes: this.#keeper.bytes(),
    };
  }

  /** A connection that closes in good order ends a stream only where its last event, or its usage, was there. */
  #isBroken(how: BodyEnd['how']): boolean {
    const finished = this.#sawLast || this.#failed || this.#meter.isFinal();
    return how === 'broken' || (how === 'complete' && !finished);
  }

  #through(events: readonly SsePiece[]): Uint8Array {
    const out = Buffer.concat(events.flatMap((event) => this.#visible(event)));
    this.#keeper.add(out);
    return out;
  }

  /** The bytes of a piece that the caller gets. A line feed cut off from its CR goes the way of the event it ends. */
  #visible(piece: SsePiece): Uint8Array[] {
    const { raw } = piece;
    const late = this.#endedInCr && raw[0] === LF ? 1 : 0;
    const lateLf = this.#stripped ? [] : [raw.subarray(0, late)];
    this.#stripped = this.#see(piece) === 'strip';
    this.#endedInCr = raw.at(-1) === CR;
    this.#inOpaque = piece.kind === 'opaque';
    return this.#stripped ? lateLf : [...lateLf, raw.subarray(late)];
  }

  #see(event: SsePiece): 'pass' | 'strip' {
    if (event.kind === 'opaque' || event.data === undefined) return 'pass';
    if (event.data.trim() === '[DONE]') this.#sawLast = true;
    const data = parsed(event.data);
    if (data === undefined) return 'pass';
    this.#note(event.event, data);
    return this.#meter.see(data);
  }

  #note(name: string, data: JsonObject): void {
    const type = String(data['type']);
    if (LAST_OF_RESPONSE.has(type)) this.#sawLast = true;
    if (name === 'error' || type === 'error' || type === 'response.failed' || isObject(data['error']))
      this.#failed = true;
  }
}

/** The JSON object of an event's data; `undefined` where it is none. */
export function parsed(text: string): JsonObject | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return isObject(data) ? data : undefined;
  } catch {
    return undefined;
  }
}
