import { randomBytes } from 'node:crypto';
import type { Clock } from '../ports/clock.ts';
import type { ResponseCache } from '../ports/response-cache.ts';
import { SEAL_BYTES, type Seal } from './seal.ts';

/*
 * The first item of an answer lies under its own name and holds: the number of its items (2 bytes), the length of its
 * content (4 bytes), a nonce (16 bytes) and the first part of the content. The nonce is part of the names of the
 * others, so that parts of different writes never mix.
 */
const COUNT_BYTES = 2;
const LENGTH_BYTES = 4;
const NONCE_BYTES = 16;
const HEAD_BYTES = COUNT_BYTES + LENGTH_BYTES + NONCE_BYTES;
const MAX_ITEMS = 2 ** (8 * COUNT_BYTES) - 1;

export interface ItemsContext {
  readonly cache: ResponseCache;
  readonly seal: Seal;
  readonly clock: Clock;
}

export type ReadItems =
  | { readonly kind: 'found'; readonly content: Buffer }
  /** It is not there, not all of it, or too slow to come. */
  | { readonly kind: 'absent' }
  /** Under its name lies something that this stage did not seal. */
  | { readonly kind: 'rejected'; readonly bytes: number };

const ABSENT: ReadItems = { kind: 'absent' };

/**
 * Stores content in as many items as the cache needs for it, each sealed by itself; what the cache cannot take is left
 * out. The first item comes last, so that it never promises one that is not there.
 *
 * @param name from `Seal.name`
 */
export async function writeItems(
  name: string,
  content: Buffer,
  ttlSeconds: number,
  { cache, seal, clock }: ItemsContext,
): Promise<void> {
  const { itemBytes, answerBytes, width, answerMs } = cache.capacity;
  const room = itemBytes - SEAL_BYTES;
  const first = content.subarray(0, room - HEAD_BYTES);
  const rest = partsOf(content.subarray(first.length), room);
  const count = 1 + rest.length;
  if (count > MAX_ITEMS || content.length + HEAD_BYTES + count * SEAL_BYTES > answerBytes) return;
  const nonce = randomBytes(NONCE_BYTES);
  const started = clock.now();
  const stored = await inOrder(rest, width, async (part, index) => {
    if (isOver(clock, started, answerMs)) return undefined;
    const item = partName(name, nonce, index + 1);
    return (await cache.set(item, seal.seal(item, part), ttlSeconds)) || undefined;
  });
  if (stored === undefined) return;
  const head = Buffer.concat([Buffer.alloc(COUNT_BYTES + LENGTH_BYTES), nonce, first]);
  head.writeUInt16BE(count, 0);
  head.writeUInt32BE(content.length, COUNT_BYTES);
  await cache.set(name, seal.seal(name, head), ttlSeconds);
}

/**
 * Reads what `writeItems` stored. The first item says how many there are, and is believed only when its seal is good;
 * so is each that follows, before more of them are asked for. What a stranger put there costs one item, or one wave of
 * them, whatever its size.
 */
export async function readItems(name: string, { cache, seal, clock }: ItemsContext): Promise<ReadItems> {
  const { answerBytes, width, answerMs } = cache.capacity;
  const started = clock.now();
  const sealed = await cache.get(name);
  if (sealed === undefined) return ABSENT;
  const head = seal.open(name, sealed);
  if (head === undefined || head.length < HEAD_BYTES) return rejected(cache, name, sealed);
  const count = head.readUInt16BE(0);
  const length = head.readUInt32BE(COUNT_BYTES);
  const nonce = head.subarray(COUNT_BYTES + LENGTH_BYTES, HEAD_BYTES);
  if (length > answerBytes) return ABSENT;

  let refused: ReadItems = ABSENT;
  const parts = await inOrder(Array.from({ length: count - 1 }), width, async (_, index) => {
    if (isOver(clock, started, answerMs)) return undefined;
    const item = partName(name, nonce, index + 1);
    const bytes = await cache.get(item);
    const part = bytes && seal.open(item, bytes);
    if (bytes !== undefined && part === undefined) refused = rejected(cache, item, bytes);
    return part;
  });
  if (parts === undefined) return refused;
  const content = Buffer.concat([head.subarray(HEAD_BYTES), ...parts]);
  return content.length === length ? { kind: 'found', content } : ABSENT;
}

function rejected(cache: ResponseCache, item: string, { length }: Uint8Array): ReadItems {
  cache.distrust(item);
  return { kind: 'rejected', bytes: length };
}

function partsOf(content: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(content.length / size) }, (_, index) =>
    content.subarray(index * size, (index + 1) * size),
  );
}

function partName(name: string, nonce: Buffer, index: number): string {
  return `${name}.${nonce.toString('base64url')}.${index}`;
}

function isOver(clock: Clock, started: number, boundMs: number): boolean {
  return Math.abs(clock.now() - started) > boundMs;
}

/** Does something for every value, some at a time, in their order; `undefined` as soon as it gives nothing for one. */
async function inOrder<V, T>(
  values: readonly V[],
  width: number,
  act: (value: V, index: number) => Promise<T | undefined>,
): Promise<T[] | undefined> {
  const results: T[] = [];
  for (let start = 0; start < values.length; start += width) {
    const wave = values.slice(start, start + width).map((value, index) => act(value, start + index));
    for (const result of await Promise.all(wave)) {
      if (result === undefined) return undefined;
      results.push(result);
    }
  }
  return results;
}
