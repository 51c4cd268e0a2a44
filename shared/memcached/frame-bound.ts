/** The header of a response in Memcached's binary protocol, and where in it the length of what follows stands. */
const HEADER_BYTES = 24;
const LENGTH_AT = 8;
/** What a response may have beside an item: its flags, or the text of an error. */
const BESIDE_BYTES = 1_024;

/** Follows the responses on a connection, and says when one announces more than an item can have. */
export class FrameBound {
  readonly #most: number;
  #header = Buffer.alloc(0);
  /** Bytes of the present response that are still to come after its header. */
  #left = 0;

  /** @param itemBytes the most bytes of an item */
  constructor(itemBytes: number) {
    this.#most = itemBytes + BESIDE_BYTES;
  }

  /** Takes the next piece of what the server sends. */
  isPassed(piece: Buffer): boolean {
    for (let rest = piece; rest.length > 0; ) {
      const skipped = Math.min(this.#left, rest.length);
      this.#left -= skipped;
      rest = rest.subarray(skipped);
      const taken = rest.subarray(0, HEADER_BYTES - this.#header.length);
      this.#header = Buffer.concat([this.#header, taken]);
      rest = rest.subarray(taken.length);
      if (this.#header.length < HEADER_BYTES) return false;
      this.#left = this.#header.readUInt32BE(LENGTH_AT);
      this.#header = Buffer.alloc(0);
      if (this.#left > this.#most) return true;
    }
    return false;
  }
}
