const MASK = '[key]';
const MASK_BYTES = Buffer.from(MASK);

/** Takes a secret out of bytes that come in pieces, also where it is cut between two of them. */
export interface Redactor {
  /** What may go on of a piece. Only bytes that the secret may begin with are held back, until the next piece. */
  push(chunk: Uint8Array): Uint8Array;
  /** What was held back at the end. */
  end(): Uint8Array;
}

/**
 * Makes a redactor for one body.
 *
 * @param secret in the bytes of its text as UTF-8; not empty
 */
export function redactor(secret: string): Redactor {
  const needle = Buffer.from(secret);
  let held: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      const pieces: Uint8Array[] = [];
      let rest = held.length === 0 ? bufferOf(chunk) : Buffer.concat([held, chunk]);
      for (let at = rest.indexOf(needle); at !== -1; at = rest.indexOf(needle)) {
        pieces.push(rest.subarray(0, at), MASK_BYTES);
        rest = rest.subarray(at + needle.length);
      }
      const safe = rest.length - begun(rest, needle);
      held = rest.subarray(safe);
      const last = rest.subarray(0, safe);
      return pieces.length === 0 ? last : Buffer.concat([...pieces, last]);
    },
    end() {
      const last = held;
      held = Buffer.alloc(0);
      return last;
    },
  };
}

/** The same for a text that is there whole, such as the value of a header. */
export function redacted(text: string, secret: string): string {
  return text.replaceAll(secret, MASK);
}

/** How many bytes at the end could be the beginning of the needle. */
function begun(bytes: Buffer, needle: Buffer): number {
  const [first = 0] = needle;
  let at = bytes.indexOf(first, Math.max(0, bytes.length - needle.length + 1));
  while (at !== -1) {
    if (needle.indexOf(bytes.subarray(at)) === 0) return bytes.length - at;
    at = bytes.indexOf(first, at + 1);
  }
  return 0;
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
