import * as z from 'zod';
import type { Picodollars } from '../core/money.ts';
import { type Served, USAGE_CLASSES } from '../core/usage.ts';

/** A complete answer of OpenAI, as it is kept and given again. */
export interface CachedAnswer {
  readonly status: 200;
  /** Those of the answer's headers that `keptHeaders` keeps. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** What the caller received, byte for byte: JSON, or the whole event stream. */
  readonly body: Uint8Array;
  /** What the answer cost, and a hit saves. */
  readonly cost: Picodollars;
  readonly served: Served;
  /** When it was complete, milliseconds since the epoch: `age` counts from then. */
  readonly storedAt: number;
}

/**
 * Describes the body, or the answer for people and OpenAI's support (`x-request-id` is what SDKs show). Everything
 * else belongs to the one exchange it came with (`date`, `set-cookie`, `x-ratelimit-*`, `content-length`) or to the
 * encoding on the wire, while bodies are stored decoded (`content-encoding`).
 */
const KEPT_HEADERS = [
  'content-type',
  'content-disposition',
  'x-request-id',
  'openai-model',
  'openai-organization',
  'openai-processing-ms',
  'openai-project',
  'openai-version',
] as const;

/** The headers of an answer that are stored with it, names in lower case. */
export function keptHeaders(headers: Headers): (readonly [name: string, value: string])[] {
  return KEPT_HEADERS.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
}

const LENGTH_BYTES = 4;

const facts = {
  model: z.string().exactOptional(),
  serviceTier: z.string().exactOptional(),
  choices: z.number().int().nonnegative().exactOptional(),
  counts: z.partialRecord(z.enum(USAGE_CLASSES), z.number().int().nonnegative()),
};
const served = z.strictObject({ ...facts, also: z.array(z.strictObject(facts)).exactOptional() });

const Head = z.strictObject({
  status: z.literal(200),
  headers: z.array(z.tuple([z.enum(KEPT_HEADERS), z.string()])),
  cost: z
    .string()
    .regex(/^\d{1,30}$/)
    .transform(BigInt),
  served,
  storedAt: z.number().nonnegative(),
});

/**
 * The stored form: length of the head (4 bytes, big-endian) · head (JSON) · body.
 *
 * @throws RangeError for an answer that must not be stored: another status than 200
 */
export function encodeAnswer(answer: CachedAnswer): Uint8Array {
  if (answer.status !== 200) throw new RangeError(`only a complete 200 is stored, not ${answer.status}`);
  const { body, cost, ...rest } = answer;
  const head = Buffer.from(JSON.stringify({ ...rest, cost: cost.toString() }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, body]);
}

/** Reads the stored form; `undefined` when it is not one, or one of another release. */
export function decodeAnswer(bytes: Uint8Array): CachedAnswer | undefined {
  if (bytes.length < LENGTH_BYTES) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bodyAt = LENGTH_BYTES + buffer.readUInt32BE(0);
  if (bodyAt > buffer.length) return undefined;
  const head = Head.safeParse(parseJson(buffer.toString('utf8', LENGTH_BYTES, bodyAt)));
  return head.success ? { ...head.data, body: buffer.subarray(bodyAt) } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
