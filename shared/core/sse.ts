const LF = 0x0a;
const CR = 0x0d;
const LINE_END = /\r\n|\r|\n/;
const DEFAULT_MAX_EVENT_BYTES = 16 * 1024 * 1024;
const FIRST_CAPACITY = 1024;

/** One event of a stream, as it came and as it reads. */
export interface SseEvent {
  readonly kind: 'event';
  /** Every byte since the event before it, its terminating blank line included. */
  readonly raw: Uint8Array;
  /** The `event` field; `message` where there is none. */
  readonly event: string;
  /** The `data` lines, joined by a line feed; absent in a block of comments, ids or retry times only. */
  readonly data?: string;
  /** False for what was left when the stream ended in the middle of an event: a browser would not dispatch it. */
  readonly complete: boolean;
}

/** A part of an event that was too large to be kept: it can be passed on, not read. */
export interface SseOpaque {
  readonly kind: 'opaque';
  readonly raw: Uint8Array;
}

export type SsePiece = SseEvent | SseOpaque;

/**
 * Splits a stream of bytes into server-sent events, by the rules of the WHATWG HTML standard, section 9.2.6
 * ("Interpreting an event stream"), and keeps the bytes: the `raw` of all pieces, one after the other, is the input.
 *
 * Chunks may be cut anywhere. Every byte is looked at once and copied at most a constant number of times. An event
 * comes out as soon as its blank line is there: where that ends in a CR, a late LF belongs to the next piece.
 */
export class SseSplitter {
  readonly #maxEventBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #held = new Uint8Array(FIRST_CAPACITY);
  #heldBytes = 0;
  #lineIsEmpty = true;
  #afterCr = false;
  #oversize = false;
  #first = true;

  /** @param maxEventBytes a larger event is passed on in opaque pieces */
  constructor(maxEventBytes = DEFAULT_MAX_EVENT_BYTES) {
    this.#maxEventBytes = maxEventBytes;
  }

  /** @returns the pieces that this chunk completes; their `raw` may be views of the chunk */
  push(chunk: Uint8Array): SsePiece[] {
    const pieces: SsePiece[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (!this.#endsEvent(chunk[at])) continue;
      const end = this.#afterCr && chunk[at + 1] === LF ? at + 2 : at + 1;
      if (end > at + 1) this.#afterCr = false;
      pieces.push(this.#take(chunk.subarray(start, end), true));
      start = end;
      at = end - 1;
    }
    this.#keep(chunk.subarray(start), pieces);
    return pieces;
  }

  /** @returns what is left at the end of the stream */
  end(): SsePiece[] {
    return this.#heldBytes === 0 ? [] : [this.#take(new Uint8Array(), false)];
  }

  /** Whether this byte ends a blank line. */
  #endsEvent(byte: number | undefined): boolean {
    const completesCrLf = byte === LF && this.#afterCr;
    this.#afterCr = byte === CR;
    if (completesCrLf) return false;
    const wasEmpty = this.#lineIsEmpty;
    this.#lineIsEmpty = byte === LF || byte === CR;
    return this.#lineIsEmpty && wasEmpty;
  }

  #take(tail: Uint8Array, complete: boolean): SsePiece {
    const raw = this.#joined(tail);
    const oversize = this.#oversize || raw.length > this.#maxEventBytes;
    this.#heldBytes = 0;
    this.#oversize = false;
    if (oversize) {
      this.#first = false;
      return { kind: 'opaque', raw };
    }
    return this.#read(raw, complete);
  }

  #joined(tail: Uint8Array): Uint8Array {
    if (this.#heldBytes === 0) return tail;
    const raw = new Uint8Array(this.#heldBytes + tail.length);
    raw.set(this.#held.subarray(0, this.#heldBytes));
    raw.set(tail, this.#heldBytes);
    return raw;
  }

  #keep(rest: Uint8Array, pieces: SsePiece[]): void {
    if (rest.length === 0) return;
    const size = this.#heldBytes + rest.length;
    if (this.#oversize || size > this.#maxEventBytes) {
      pieces.push({ kind: 'opaque', raw: this.#joined(rest) });
      this.#heldBytes = 0;
      this.#oversize = true;
      return;
    }
    if (size > this.#held.length) {
      const larger = new Uint8Array(Math.max(size, this.#held.length * 2));
      larger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = larger;
    }
    this.#held.set(rest, this.#heldBytes);
    this.#heldBytes = size;
  }

  #read(raw: Uint8Array, complete: boolean): SseEvent {
    const text = this.#decoder.decode(raw);
    const lines = (this.#first ? text.replace(/^\uFEFF/, '') : text).split(LINE_END);
    this.#first = false;
    let event = '';
    const data: string[] = [];
    for (const line of lines) {
      const { field, value } = fieldOf(line);
      if (field === 'data') data.push(value);
      if (field === 'event') event = value;
    }
    return {
      kind: 'event',
      raw,
      event: event === '' ? 'message' : event,
      ...(data.length === 0 ? {} : { data: data.join('\n') }),
      complete,
    };
  }
}

/** Encodes text as a comment that every client ignores, with the blank line that keeps it apart from what follows. */
export function sseComment(text: string): Uint8Array {
  return encode(text.split(LINE_END).map((line) => `: ${line}`));
}

/**
 * Encodes one event.
 *
 * @throws RangeError when the name has a line break: it would be read as another field
 */
export function sseEvent(name: string, data: string): Uint8Array {
  if (LINE_END.test(name)) throw new RangeError('the name of an event has no line breaks');
  return encode([`event: ${name}`, ...data.split(LINE_END).map((line) => `data: ${line}`)]);
}

function encode(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(`${lines.join('\n')}\n\n`);
}

function fieldOf(line: string): { readonly field: string; readonly value: string } {
  const colon = line.indexOf(':');
  if (colon === -1) return { field: line, value: '' };
  const value = line.slice(colon + 1);
  return { field: line.slice(0, colon), value: value.startsWith(' ') ? value.slice(1) : value };
}
