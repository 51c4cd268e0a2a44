/** A box of an MP4 file (ISO/IEC 14496-12, section 4.2), as far as there are bytes of it. */
export interface Box {
  readonly type: string;
  readonly content: Buffer;
}

/** The boxes that follow each other, up to the first that cannot be one. */
export function* boxesIn(bytes: Buffer): Generator<Box> {
  for (let at = 0; at + 8 <= bytes.length; ) {
    const isLarge = bytes.readUInt32BE(at) === 1;
    const headBytes = isLarge ? 16 : 8;
    if (at + headBytes > bytes.length) return;
    const claimed = isLarge ? Number(bytes.readBigUInt64BE(at + 8)) : bytes.readUInt32BE(at);
    // A size of 0 says: to the end.
    const size = claimed === 0 ? bytes.length - at : claimed;
    if (size < headBytes) return;
    const end = Math.min(bytes.length, at + size);
    yield { type: bytes.toString('latin1', at + 4, at + 8), content: bytes.subarray(at + headBytes, end) };
    at = end;
  }
}

/** All boxes at the end of a path, such as `['moov', 'trak']`. */
export function boxesAt(bytes: Buffer, [type, ...rest]: readonly string[]): readonly Buffer[] {
  return [...boxesIn(bytes)].flatMap((box) => {
    if (box.type !== type) return [];
    return rest.length === 0 ? [box.content] : boxesAt(box.content, rest);
  });
}

/** A number of four bytes; 0 where there are not that many. */
export function uint32(bytes: Buffer, at: number): number {
  return at >= 0 && at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
}

/** A number of eight bytes; 0 where there are not that many. */
export function uint64(bytes: Buffer, at: number): number {
  return uint32(bytes, at) * 2 ** 32 + uint32(bytes, at + 4);
}
