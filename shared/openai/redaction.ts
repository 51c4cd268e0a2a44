const MASK = Buffer.from('[key]');

/**
 * Replaces a secret in a stream of bytes, also where it is cut across chunks. Holds back no more bytes than the secret
 * has.
 *
 * @param secret in the bytes of its text as UTF-8
 */
export function redaction(secret: string): TransformStream<Uint8Array, Uint8Array> {
  const needle = Buffer.from(secret);
  let held = Buffer.alloc(0);
  return new TransformStream<Uint8Array, Uint8Array>(
    {
      transform(chunk, controller) {
        const pieces: Uint8Array[] = [];
        let rest = Buffer.concat([held, chunk]);
        for (let at = rest.indexOf(needle); at !== -1; at = rest.indexOf(needle)) {
          pieces.push(rest.subarray(0, at), MASK);
          rest = rest.subarray(at + needle.length);
        }
        const safe = Math.max(0, rest.length - (needle.length - 1));
        held = rest.subarray(safe);
        const out = Buffer.concat([...pieces, rest.subarray(0, safe)]);
        if (out.length > 0) controller.enqueue(out);
      },
      flush(controller) {
        if (held.length > 0) controller.enqueue(held);
      },
    },
    undefined,
    { highWaterMark: 0 },
  );
}
