const LF = 0x0a;

/** Cuts a file into its lines as it comes, without the line feeds. */
export class LineSplitter {
  readonly #most: number;
  #parts: Uint8Array[] = [];
  #size = 0;

  /** @param most bytes of a line; of a longer one, `tooLong` tells */
  constructor(most: number) {
    this.#most = most;
  }

  /** The lines that end in this chunk. */
  push(chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      this.#keep(chunk.subarray(from, at));
      lines.push(this.#take());
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  /** What came after the last line feed; empty where it was the end. */
  end(): Uint8Array {
    return this.#take();
  }

  /** Whether the line that has not ended is longer than may be kept. */
  tooLong(): boolean {
    return this.#size > this.#most;
  }

  #keep(part: Uint8Array): void {
    this.#size += part.byteLength;
    if (part.byteLength > 0 && !this.tooLong()) this.#parts.push(part);
  }

  #take(): Uint8Array {
    const line = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return line;
  }
}
