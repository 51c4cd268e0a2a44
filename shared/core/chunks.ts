/*
 * A stored item is either a whole value (kind 0, then the value) or the manifest of one that was split (kind 1, then
 * nonce, length and chunk size). The nonce is part of the chunks' keys, so that chunks of different writes never mix.
 */
const WHOLE = 0;
const SPLIT = 1;
const NONCE_BYTES = 16;
const MANIFEST_BYTES = 1 + NONCE_BYTES + 4 + 4;

/** What is written under a value's own key, and how its chunks are found. */
export interface Manifest {
  /** 16 random bytes, in hexadecimal. */
  readonly nonce: string;
  /** Of the whole value, in bytes. */
  readonly length: number;
  /** Of every chunk but the last, in bytes. */
  readonly chunkBytes: number;
}

export type Item =
  | { readonly kind: 'whole'; readonly value: Uint8Array }
  | ({ readonly kind: 'split' } & Manifest);

/** The item of a value that is small enough for one. */
export function wholeItem(value: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(WHOLE), value]);
}

/** The item that stands for a value which was split: it tells how to find and check the pieces. */
export function manifestItem({ nonce, length, chunkBytes }: Manifest): Buffer {
  const item = Buffer.alloc(MANIFEST_BYTES);
  item.writeUInt8(SPLIT, 0);
  item.write(nonce, 1, 'hex');
  item.writeUInt32BE(length, 1 + NONCE_BYTES);
  item.writeUInt32BE(chunkBytes, 1 + NONCE_BYTES + 4);
  return item;
}

/** Reads an item; `undefined` when it is none. */
export function readItem(item: Buffer): Item | undefined {
  if (item[0] === WHOLE) return { kind: 'whole', value: item.subarray(1) };
  if (item[0] !== SPLIT || item.length !== MANIFEST_BYTES) return undefined;
  const nonce = item.toString('hex', 1, 1 + NONCE_BYTES);
  const length = item.readUInt32BE(1 + NONCE_BYTES);
  const chunkBytes = item.readUInt32BE(1 + NONCE_BYTES + 4);
  return { kind: 'split', nonce, length, chunkBytes };
}

/** A chunk's key, and the part of the value that it holds. */
export interface Chunk {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** The chunks of a value, in their order. */
export function* chunksOf(key: string, { nonce, length, chunkBytes }: Manifest): Generator<Chunk> {
  for (let start = 0, index = 0; start < length; start += chunkBytes, index += 1) {
    yield { key: `${key}.${nonce}.${index}`, start, end: Math.min(start + chunkBytes, length) };
  }
}
