import type { StreamMeter, Unwrapping } from '../../shared/core/endpoint.ts';
import { type WatchedMeter, watched } from '../../shared/core/failure.ts';
import { type SsePiece, SseSplitter } from '../../shared/core/sse.ts';
import { type BodyEnd, type BodyReader, Keeper } from './metered-body.ts';
import { parsed } from './metered-stream.ts';

/**
 * Events whose content alone the caller gets, decoded, as it asked for no events. Only a connection that breaks can
 * tell it that something is missing: an event that cannot be read, an error among them, or an end before the usage.
 */
export class UnwrappedReader implements BodyReader {
  readonly #splitter = new SseSplitter();
  readonly #meter: WatchedMeter;
  readonly #unwrapping: Unwrapping;
  readonly #keeper: Keeper;
  #isUnread = false;

  /** @param keepBytes the most bytes to keep for the cache */
  constructor(meter: StreamMeter, unwrapping: Unwrapping, keepBytes: number) {
    this.#meter = watched(meter);
    this.#unwrapping = unwrapping;
    this.#keeper = new Keeper(keepBytes);
  }

  pass(chunk: Uint8Array): Uint8Array {
    return this.#through(this.#splitter.push(chunk));
  }

  last(how: BodyEnd['how']): Uint8Array | 'cut' {
    if (how === 'left') return new Uint8Array();
    const rest = how === 'complete' ? this.#through(this.#splitter.end()) : new Uint8Array();
    return this.#isBroken(how) ? 'cut' : rest;
  }

  end(how: BodyEnd['how']): BodyEnd {
    return {
      how: this.#isBroken(how) ? 'broken' : how,
      served: this.#meter.isFinal() ? this.#meter.served() : undefined,
      seenOutputBytes: this.#meter.seenOutputBytes(),
      failed: this.#hasFailed(),
      cutShort: this.#meter.cutShort(),
      bytes: this.#keeper.bytes(),
    };
  }

  #isBroken(how: BodyEnd['how']): boolean {
    return how === 'broken' || (how === 'complete' && (this.#hasFailed() || !this.#meter.isFinal()));
  }

  #hasFailed(): boolean {
    return this.#isUnread || this.#meter.failed();
  }

  #through(pieces: readonly SsePiece[]): Uint8Array {
    const out = Buffer.concat(pieces.map((piece) => this.#content(piece)));
    this.#keeper.add(out);
    return out;
  }

  #content(piece: SsePiece): Uint8Array {
    const nothing = new Uint8Array();
    if (piece.kind === 'opaque') {
      this.#isUnread = true;
      return nothing;
    }
    const data = piece.data === undefined ? undefined : parsed(piece.data);
    if (data === undefined) return nothing;
    this.#meter.see(data, piece.event);
    return Buffer.from(this.#unwrapping.contentOf(data) ?? '', 'base64');
  }
}
