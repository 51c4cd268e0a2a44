import { type EbmlElement, ebmlHead, elementsIn, unsignedOf, vint, vintBytes } from './ebml.ts';

const ID = { block: 0xa1, blockGroup: 0xa0, simpleBlock: 0xa3, timestamp: 0xe7 } as const;

/** What a cluster can be followed by has an id of four bytes, and what stands in one has none. */
const LEAST_TOP_ID = 0x1000_0000;

/** A block, with the time of the cluster that it is in. */
export interface FoundBlock {
  readonly time: number;
  readonly block: Buffer;
}

/** What a block says of itself. */
export interface Block {
  readonly track: number;
  /** After that of its cluster. */
  readonly time: number;
  readonly frames: readonly Buffer[];
}

/**
 * Finds the blocks in all clusters. One that stands in two clusters, as damage can make it seem, is found twice.
 *
 * @param clusters where they begin
 * @returns ends with `undefined` if so many overlap that it would take too long
 */
export function* blocksOf(content: Buffer, clusters: Iterable<number>): Generator<FoundBlock | undefined> {
  let looked = 0;
  for (const cluster of clusters) {
    let time = 0;
    for (const element of childrenOf(content, cluster)) {
      looked += 1;
      if (looked > content.length) return yield undefined;
      if (element.id === ID.timestamp) time = unsignedOf(element);
      if (element.id === ID.simpleBlock || element.id === ID.block) yield { time, block: element.content };
    }
  }
}

/** What stands in a cluster, and in the groups of blocks in it. */
function* childrenOf(content: Buffer, cluster: number): Generator<EbmlElement> {
  const head = ebmlHead(content, cluster);
  for (const element of elementsIn(content, head?.at, head?.end ?? 0)) {
    if (element.id >= LEAST_TOP_ID) return;
    yield element;
    if (element.id === ID.blockGroup) {
      yield* elementsIn(content, element.at, element.at + element.content.length);
    }
  }
}

/** Reads a block (RFC 9559, section 10.1); `undefined` if it is none, so that no decoder plays it. */
export function readBlock(block: Buffer): Block | undefined {
  const trackBytes = vintBytes(block[0]);
  const track = vint(block, 0, trackBytes);
  const at = trackBytes + 3;
  if (trackBytes === 0 || track === undefined || at > block.length) return undefined;
  const frames = framesOf(block, at, ((block[at - 1] ?? 0) >> 1) & 3);
  return frames && { track, time: block.readInt16BE(trackBytes), frames };
}

const XIPH = 1;
const FIXED = 2;

/** A block may have several frames, laced together: the sizes of all but the last one stand before them. */
function framesOf(block: Buffer, start: number, lacing: number): readonly Buffer[] | undefined {
  if (lacing === 0) return [block.subarray(start)];
  const count = (block[start] ?? 0) + 1;
  if (lacing === FIXED) {
    const size = Math.floor((block.length - start - 1) / count);
    return cut(
      block,
      start + 1,
      Array.from({ length: count - 1 }, () => size),
    );
  }
  const read =
    lacing === XIPH ? xiphSizes(block, start + 1, count - 1) : ebmlSizes(block, start + 1, count - 1);
  return read && cut(block, read.end, read.sizes);
}

function cut(block: Buffer, start: number, sizes: readonly number[]): readonly Buffer[] | undefined {
  const frames: Buffer[] = [];
  let at = start;
  for (const size of sizes) {
    frames.push(block.subarray(at, at + size));
    at += size;
  }
  return at > block.length ? undefined : [...frames, block.subarray(at)];
}

interface Sizes {
  readonly sizes: readonly number[];
  readonly end: number;
}

/** As in Ogg: bytes of 255, and one below that. */
export function xiphSizes(bytes: Buffer, start: number, count: number): Sizes | undefined {
  const sizes: number[] = [];
  let at = start;
  while (sizes.length < count) {
    let size = 0;
    while (bytes[at] === 255) {
      size += 255;
      at += 1;
    }
    if (at >= bytes.length) return undefined;
    sizes.push(size + (bytes[at] ?? 0));
    at += 1;
  }
  return { sizes, end: at };
}

/** The first as it is, each other as the difference to the one before it. */
function ebmlSizes(bytes: Buffer, start: number, count: number): Sizes | undefined {
  const sizes: number[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    const length = vintBytes(bytes[at]);
    const value = vint(bytes, at, length);
    if (length === 0 || value === undefined) return undefined;
    const size = index === 0 ? value : (sizes[index - 1] ?? 0) + value - (2 ** (7 * length - 1) - 1);
    if (size < 0) return undefined;
    sizes.push(size);
    at += length;
  }
  return { sizes, end: at };
}
