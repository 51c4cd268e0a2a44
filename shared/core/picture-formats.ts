/** Pixels of a picture. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** What the first bytes of a picture tell: its size, that more of them are needed, or nothing. */
export type FormatReading = PictureSize | 'more' | undefined;

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8]);
const GIFS = [Buffer.from('GIF87a'), Buffer.from('GIF89a')];
const RIFF = Buffer.from('RIFF');
const WEBP = Buffer.from('WEBP');

/** Markers of JPEG: a byte before a marker that means nothing, a scan, frames, and what else may stand before a scan. */
const FILL = 0xffff;
const SCAN = 0xffda;
const FRAMES: ReadonlySet<number> = new Set([0xffc0, 0xffc1, 0xffc2, 0xffc3, 0xffc9, 0xffca, 0xffcb]);
const SEGMENTS: ReadonlySet<number> = new Set([
  ...FRAMES,
  ...[0xffc4, 0xffcc, 0xffdb, 0xffdd, 0xfffe],
  ...Array.from({ length: 16 }, (_, application) => 0xffe0 + application),
]);

/** The longest signature, with the size of the fixed header behind it. */
const SIGNATURE_BYTES = 30;

/**
 * Reads the size of a picture from its first bytes. Where a file names sizes more than once, decoders differ on which
 * of them counts: then the largest does.
 */
export function readFormat(bytes: Buffer): FormatReading {
  if (bytes.length < SIGNATURE_BYTES) return 'more';
  if (startsWith(bytes, PNG)) return readPng(bytes);
  if (startsWith(bytes, JPEG)) return readJpeg(bytes);
  if (GIFS.some((signature) => startsWith(bytes, signature))) return readGif(bytes);
  if (startsWith(bytes, RIFF) && bytes.subarray(8, 12).equals(WEBP)) return readWebp(bytes);
  return undefined;
}

/** All headers before the first pixels: some decoders take the first of them, some the last (PNG 3rd edition, 5.3). */
function readPng(bytes: Buffer): FormatReading {
  let largest: PictureSize | undefined;
  for (let at = PNG.length; at + 8 <= bytes.length; ) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT' || type === 'IEND') return largest;
    if (type === 'IHDR') {
      if (at + 16 > bytes.length) return 'more';
      largest = larger(largest, bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12));
    }
    at += 12 + bytes.readUInt32BE(at);
  }
  return 'more';
}

/**
 * The frame headers before the first scan, walked over the segments before them, where pictures of their own may stand
 * (ISO 10918-1, annex B). Hierarchical ones, and ones that tell their height behind their pixels, tell no size here.
 */
function readJpeg(bytes: Buffer): FormatReading {
  let largest: PictureSize | undefined;
  for (let at = JPEG.length; at + 9 <= bytes.length; ) {
    const marker = bytes.readUInt16BE(at);
    const length = bytes.readUInt16BE(at + 2);
    if (marker === FILL) at += 1;
    else if (marker === SCAN) return largest;
    else if (length < 2 || !SEGMENTS.has(marker)) return undefined;
    else {
      if (FRAMES.has(marker)) {
        const height = bytes.readUInt16BE(at + 5);
        if (height === 0) return undefined;
        largest = larger(largest, bytes.readUInt16BE(at + 7), height);
      }
      at += 2 + length;
    }
  }
  return 'more';
}

/** The screen, or the first picture on it where that is larger: decoders make the screen as large (GIF89a, 18 and 20). */
function readGif(bytes: Buffer): FormatReading {
  const screen = larger(undefined, bytes.readUInt16LE(6), bytes.readUInt16LE(8));
  let at = afterColors(bytes[10] ?? 0, 13);
  while (at + 10 <= bytes.length) {
    if (bytes[at] === 0x2c) {
      const right = bytes.readUInt16LE(at + 1) + bytes.readUInt16LE(at + 5);
      const bottom = bytes.readUInt16LE(at + 3) + bytes.readUInt16LE(at + 7);
      return larger(screen, right, bottom);
    }
    if (bytes[at] !== 0x21) return undefined;
    const next = afterBlocks(bytes, at + 2);
    if (next === undefined) return 'more';
    at = next;
  }
  return 'more';
}

/** Behind a table of colors, if the flags say that there is one. */
function afterColors(flags: number, at: number): number {
  return (flags & 0x80) === 0 ? at : at + 3 * 2 ** ((flags & 0x07) + 1);
}

function afterBlocks(bytes: Buffer, from: number): number | undefined {
  for (let at = from; at < bytes.length; at += 1 + (bytes[at] ?? 0)) {
    if (bytes[at] === 0) return at + 1;
  }
  return undefined;
}

/** Lossy, lossless, or extended: the canvas of the last one is as large as the picture on it (RFC 9649, 2.5 to 2.7). */
function readWebp(bytes: Buffer): FormatReading {
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ': {
      const isKeyFrame = ((bytes[20] ?? 1) & 1) === 0 && bytes.readUIntBE(23, 3) === 0x9d012a;
      if (!isKeyFrame) return undefined;
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    }
    case 'VP8L': {
      if (bytes[20] !== 0x2f) return undefined;
      const bits = bytes.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    default:
      return undefined;
  }
}

function larger(size: PictureSize | undefined, width: number, height: number): PictureSize {
  return { width: Math.max(size?.width ?? 0, width), height: Math.max(size?.height ?? 0, height) };
}

function startsWith(bytes: Buffer, signature: Buffer): boolean {
  return bytes.subarray(0, signature.length).equals(signature);
}
