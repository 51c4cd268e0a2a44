import type { JsonObject } from '../../shared/core/json.ts';
import { type Outline, OutlineReader } from '../../shared/core/json-outline.ts';
import type { Served } from '../../shared/core/usage.ts';
import { type BodyEnd, type BodyReader, Keeper } from './metered-body.ts';

/**
 * A JSON answer that is too large to be taken whole: its bytes go on as they come, and of its members only those are
 * kept that tell what was served.
 */
export class JsonReader implements BodyReader {
  readonly #servedOf: (answer: JsonObject) => Served | undefined;
  readonly #outline: OutlineReader;
  readonly #keeper: Keeper;

  /**
   * @param reads the members that `servedOf` looks at
   * @param keepBytes the most bytes to keep for the cache
   */
  constructor(
    servedOf: (answer: JsonObject) => Served | undefined,
    reads: { readonly [member: string]: Outline },
    keepBytes: number,
  ) {
    this.#servedOf = servedOf;
    this.#outline = new OutlineReader(reads);
    this.#keeper = new Keeper(keepBytes);
  }

  pass(chunk: Uint8Array): Uint8Array {
    this.#outline.push(chunk);
    this.#keeper.add(chunk);
    return chunk;
  }

  last(how: BodyEnd['how']): Uint8Array | 'cut' {
    return this.#isBroken(how) ? 'cut' : new Uint8Array();
  }

  end(how: BodyEnd['how']): BodyEnd {
    const answer = this.#outline.value();
    return {
      how: this.#isBroken(how) ? 'broken' : how,
      served: answer && this.#servedOf(answer),
      seenOutputBytes: undefined,
      failed: answer?.['status'] === 'failed',
      bytes: this.#keeper.bytes(),
    };
  }

  /** A connection that closes in good order ends an answer only where its last bracket was there. */
  #isBroken(how: BodyEnd['how']): boolean {
    return how === 'broken' || (how === 'complete' && this.#outline.isOpen());
  }
}

/** A body that says nothing of what it cost: it only passes. */
export class PlainReader implements BodyReader {
  readonly #served: Served | undefined;
  readonly #keeper: Keeper;

  /**
   * @param served what a complete answer costs, where the request tells
   * @param keepBytes the most bytes to keep for the cache
   */
  constructor(served: Served | undefined, keepBytes: number) {
    this.#served = served;
    this.#keeper = new Keeper(keepBytes);
  }

  pass(chunk: Uint8Array): Uint8Array {
    this.#keeper.add(chunk);
    return chunk;
  }

  last(how: BodyEnd['how']): Uint8Array | 'cut' {
    return how === 'broken' ? 'cut' : new Uint8Array();
  }

  end(how: BodyEnd['how']): BodyEnd {
    const served = how === 'broken' ? undefined : this.#served;
    return { how, served, seenOutputBytes: undefined, failed: false, bytes: this.#keeper.bytes() };
  }
}
