import type { StreamMeter } from '../../shared/core/endpoint.ts';
import { type WatchedMeter, watched } from '../../shared/core/failure.ts';
import { isObject } from '../../shared/core/json.ts';
import { type SsePiece, SseSplitter } from '../../shared/core/sse.ts';
import type { BodyEnd, BodyReader } from './metered-body.ts';

/** A stream that is free itself, and may tell what another call used: its bytes go on as they come. */
export class ToldReader implements BodyReader {
  readonly #splitter = new SseSplitter();
  readonly #meter: WatchedMeter;

  constructor(meter: StreamMeter) {
    this.#meter = watched(meter);
  }

  pass(chunk: Uint8Array): Uint8Array {
    for (const event of this.#splitter.push(chunk)) this.#see(event);
    return chunk;
  }

  last(how: BodyEnd['how']): Uint8Array | 'cut' {
    for (const event of this.#splitter.end()) this.#see(event);
    return how === 'broken' ? 'cut' : new Uint8Array();
  }

  end(how: BodyEnd['how']): BodyEnd {
    const served = this.#meter.isFinal() ? this.#meter.served() : undefined;
    return { how, served, seenOutputBytes: undefined, failed: false, bytes: undefined };
  }

  #see(event: SsePiece): void {
    if (event.kind === 'opaque' || event.data === undefined) return;
    try {
      const data: unknown = JSON.parse(event.data);
      if (isObject(data)) this.#meter.see(data, event.event);
    } catch {
      // What is no JSON tells nothing.
    }
  }
}
