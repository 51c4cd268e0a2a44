import type { StreamError, StreamMeter } from '../../shared/core/endpoint.ts';
import { type WatchedMeter, watched } from '../../shared/core/failure.ts';
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

const BROKEN: StreamError = { code: 'upstream_broken', message: 'OpenAI ended this stream before its end.' };

const LF = 0x0a;
const CR = 0x0d;
/** Ends whatever line and event stand open. */
const BLANK_LINE = new Uint8Array([LF, LF]);

const LAST_OF_RESPONSE = new Set(['response.completed', 'response.incomplete', 'response.failed']);

/** What an SDK raises as an error in mid-stream; a clean end would look like success to it. */
function failing({ code, message }: StreamError): readonly JsonObject[] {
  const error = { type: 'server_error', code, message, param: null };
  return [{ type: 'error', code, message, param: null, error }];
}

/** The events of one stream on their way through. */
export class EventReader implements BodyReader {
  readonly #splitter = new SseSplitter();
  readonly #meter: WatchedMeter;
  readonly #keeper: Keeper;
  #sawLast = false;
  #stripped = false;
  #endedInCr = false;
  #inOpaque = false;

  constructor(meter: StreamMeter, keepBytes: number) {
    this.#meter = watched(meter);
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
    const events = (this.#meter.failing ?? failing)(BROKEN).map((data) =>
      sseEvent(String(data['type']), JSON.stringify(data)),
    );
    return Buffer.concat([...(this.#inOpaque ? [BLANK_LINE] : []), ...events]);
  }

  end(how: BodyEnd['how']): BodyEnd {
    const came = how === 'left' ? how : this.#isBroken(how) ? 'broken' : 'complete';
    const isWhole = came === 'complete' && !this.#meter.failed();
    return {
      how: came,
      served: isWhole || this.#meter.isFinal() ? this.#meter.served() : undefined,
      deferred: this.#meter.deferred?.(),
      kept: this.#meter.kept?.(),
      serviceTier: this.#meter.serviceTier?.(),
      seenOutputBytes: this.#meter.seenOutputBytes(),
      failed: this.#meter.failed(),
      cutShort: this.#meter.cutShort(),
      bytes: this.#keeper.bytes(),
    };
  }

  /**
   * A connection that closes in good order ends a stream only where its last event, or its usage, was there. After the
   * last event, it does not matter how the connection ends.
   */
  #isBroken(how: BodyEnd['how']): boolean {
    if (this.#sawLast) return false;
    return how === 'broken' || (how === 'complete' && !this.#meter.failed() && !this.#meter.isFinal());
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
    if (LAST_OF_RESPONSE.has(String(data['type']))) this.#sawLast = true;
    return this.#meter.see(data, event.event);
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
