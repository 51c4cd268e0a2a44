import * as z from 'zod';

/** What a streaming function may put before its answer. */
const PRELUDE = z.object({
  statusCode: z.number().int().min(100).max(599).default(200),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  cookies: z.array(z.string()).default([]),
});

export type Prelude = z.infer<typeof PRELUDE>;

const DELIMITER = Buffer.alloc(8);

/** Splits a function's stream into its prelude, a JSON object ended by eight NUL bytes, and the body after it. */
export interface PreludeReader {
  /**
   * @returns the body bytes that this chunk completes or carries; `undefined` while the prelude is incomplete.
   *   Throws when the prelude is none.
   */
  push(chunk: Buffer): Buffer | undefined;
  /** Absent until it is complete. */
  prelude(): Prelude | undefined;
}

/** Source of the format: the runtime client's `HttpResponseStream`, content type `…http-integration-response`. */
export function createPreludeReader(): PreludeReader {
  let prelude: Prelude | undefined;
  let seen: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      if (prelude !== undefined) return chunk;
      // The delimiter may lie across chunks: look again at the last seven bytes.
      const from = Math.max(0, seen.length - DELIMITER.length + 1);
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf(DELIMITER, from);
      if (end === -1) return undefined;
      prelude = PRELUDE.parse(JSON.parse(seen.subarray(0, end).toString('utf8')));
      return seen.subarray(end + DELIMITER.length);
    },
    prelude: () => prelude,
  };
}
