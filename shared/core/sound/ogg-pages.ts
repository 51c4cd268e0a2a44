/** A page of an Ogg file (RFC 3533, section 6). */
export interface OggPage {
  readonly serial: number;
  /** It begins a stream. */
  readonly isFirst: boolean;
  /** It begins with the rest of a packet of the page before it. */
  readonly isContinued: boolean;
  /** The time at its end, in units of its coding; below 0 if no packet ends in it. */
  readonly granule: number;
  readonly packets: readonly OggPacket[];
  /** How many bytes it has, if its checksum is right; else 0. */
  readonly soundBytes: number;
}

/** A packet, or what a page has of one. */
export interface OggPacket {
  readonly bytes: Buffer;
  /** It ends in this page. */
  readonly isWhole: boolean;
}

const HEAD_BYTES = 27;

/** Pages with a wrong checksum may have so many bytes together, as a multiple of the file's: they can overlap. */
const MOST_DAMAGE = 4;

/**
 * Finds the pages of a file, wherever they stand. What is between them is passed over, as decoders do. Some decoders
 * refuse a page whose checksum is wrong and look for others in it, and some do not, so both are found.
 *
 * @returns ends with `undefined` if there is so much damage that it would take too long
 */
export function* oggPages(content: Buffer): Generator<OggPage | undefined> {
  let damaged = 0;
  for (let at = content.indexOf('OggS'); at !== -1; ) {
    const found = pageAt(content, at);
    if (found !== undefined) yield found.page;
    if (found?.page.soundBytes === 0) damaged += found.end - at;
    if (damaged > MOST_DAMAGE * content.length) return yield undefined;
    at = content.indexOf('OggS', at + (found?.page.soundBytes || 4));
  }
}

/** @returns `undefined` for a head that is cut off */
function pageAt(content: Buffer, at: number) {
  const segments = content[at + 26] ?? 0;
  const bodyAt = at + HEAD_BYTES + segments;
  if (bodyAt > content.length) return undefined;
  const lacing = content.subarray(at + HEAD_BYTES, bodyAt);
  const end = bodyAt + lacing.reduce((sum, size) => sum + size, 0);
  const flags = content[at + 5] ?? 0;
  const isSound = end <= content.length && checksum(content, at, end) === content.readUInt32LE(at + 22);
  const page: OggPage = {
    serial: content.readUInt32LE(at + 14),
    isFirst: (flags & 2) !== 0,
    isContinued: (flags & 1) !== 0,
    granule: Number(content.readBigInt64LE(at + 6)),
    packets: packetsOf(content, bodyAt, lacing),
    soundBytes: isSound ? end - at : 0,
  };
  return { page, end };
}

/** A packet ends with the first of its segments that is shorter than 255 bytes. */
function packetsOf(content: Buffer, start: number, lacing: Uint8Array): readonly OggPacket[] {
  const packets: OggPacket[] = [];
  let from = start;
  let to = start;
  for (const [index, size] of lacing.entries()) {
    to += size;
    const isWhole = size < 255;
    if (!isWhole && index < lacing.length - 1) continue;
    packets.push({ bytes: content.subarray(from, to), isWhole });
    from = to;
  }
  return packets;
}

/** CRC-32 with polynomial 0x04c11db7, not reflected, a byte at a time. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  return crc >>> 0;
});

/** The checksum of a page, whose own four bytes count as 0. */
function checksum(content: Buffer, start: number, end: number): number {
  let crc = 0;
  for (let at = start; at < end; at++) {
    const byte = at - start >= 22 && at - start < 26 ? 0 : (content[at] ?? 0);
    crc = ((crc << 8) ^ (TABLE[(crc >>> 24) ^ byte] ?? 0)) >>> 0;
  }
  return crc;
}
