/** The header by which a caller asks the stage for the cost of a stream. */
export const STREAM_COST = 'openai-proxy-stream-cost';

/** How the stage ends a stream whose caller asked for its cost. */
const COMMENT = /^: openai-proxy-cost (\S+)\n\n$/;
/** Longer than the comment can be, in bytes. */
const MOST_COMMENT = 128;

/**
 * Takes the comment with the cost off the end of a stream of events, which reaches the caller otherwise unchanged:
 * only bytes that may be the comment are held back.
 *
 * @param tell is told the cost in USD
 */
export function withoutCost(tell: (usd: string) => void): TransformStream<Uint8Array, Uint8Array> {
  let held = Buffer.alloc(0);
  // The last bytes that went out, which may be the end of the event before the comment.
  let before = Buffer.alloc(0);
  return new TransformStream({
    transform(chunk, controller) {
      const all = Buffer.concat([before, held, chunk]);
      const from = beginOfComment(all);
      if (from > before.length) controller.enqueue(all.subarray(before.length, from));
      held = all.subarray(from);
      before = all.subarray(Math.max(0, from - 2), from);
    },
    flush(controller) {
      const [, usd] = COMMENT.exec(held.toString('latin1')) ?? [];
      if (usd !== undefined) tell(usd);
      else if (held.length > 0) controller.enqueue(held);
    },
  });
}

const START = Buffer.from('\n\n: openai-proxy-cost ');

/** Where the bytes at the end begin that may be the comment; the length if there are none. */
function beginOfComment(bytes: Buffer): number {
  const tail = bytes.subarray(Math.max(0, bytes.length - MOST_COMMENT));
  const skipped = bytes.length - tail.length;
  const found = tail.lastIndexOf(START);
  if (found >= 0) return skipped + found + 2;
  for (let length = Math.min(START.length - 1, tail.length); length > 2; length -= 1)
    if (tail.subarray(tail.length - length).equals(START.subarray(0, length)))
      return bytes.length - length + 2;
  return bytes.length;
}
