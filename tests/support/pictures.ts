/** The first bytes of pictures of any size, as `sizeOfDataUrl` reads them: no pixels follow. */

type Size = readonly [width: number, height: number];

interface Extra {
  /** Bytes of metadata before the pixels. */
  readonly before?: number;
  /** Another header, behind the first. */
  readonly again?: Size;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export function png(width: number, height: number, { before, again }: Extra = {}): Buffer {
  const headers = [[width, height] as const, ...(again === undefined ? [] : [again])];
  return Buffer.concat([
    SIGNATURE,
    ...headers.map(([w, h]) => chunk('IHDR', Buffer.concat([uint32(w), uint32(h), Buffer.alloc(5)]))),
    chunk('tEXt', Buffer.alloc(before ?? 0, 1)),
    chunk('IDAT', Buffer.alloc(20)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  return Buffer.concat([uint32(data.length), Buffer.from(type), data, Buffer.alloc(4)]);
}

export function jpeg(
  width: number,
  height: number,
  { before, again, marker, garbage }: Extra & { readonly marker?: number; readonly garbage?: boolean } = {},
): Buffer {
  const thumbnail = () => frame(0xc0, 8, 8);
  const segments = Array.from({ length: Math.ceil((before ?? 0) / 60_000) }, () =>
    segment(0xe1, Buffer.concat([thumbnail(), Buffer.alloc(60_000)])),
  );
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...segments,
    ...(garbage === true ? [Buffer.from([0x01])] : []),
    Buffer.from([0xff]),
    frame(marker ?? 0xc2, width, height),
    ...(again === undefined ? [] : [frame(0xc0, ...again)]),
    segment(0xda, Buffer.alloc(20)),
  ]);
}

function frame(marker: number, width: number, height: number): Buffer {
  return segment(marker, Buffer.concat([Buffer.from([8]), uint16(height), uint16(width), Buffer.alloc(4)]));
}

function segment(marker: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0xff, marker]), uint16(data.length + 2), data]);
}

export function gif(width: number, height: number, { picture }: { readonly picture?: Size } = {}): Buffer {
  const [w, h] = picture ?? [width, height];
  const colors = Buffer.alloc(3 * 4, 7);
  const extension = Buffer.from([0x21, 0xf9, 0x04, 0, 0, 0, 0, 0]);
  const screen = Buffer.concat([little(width), little(height), Buffer.from([0x81, 0, 0])]);
  const frame = Buffer.concat([Buffer.from([0x2c]), little(0), little(0), little(w), little(h)]);
  return Buffer.concat([Buffer.from('GIF89a'), screen, colors, extension, frame, Buffer.alloc(20)]);
}

/** @param form the type of its first chunk: lossy, lossless or extended */
export function webp(form: string, width: number, height: number): Buffer {
  const data = {
    'VP8 ': Buffer.concat([Buffer.from([0, 0, 0, 0x9d, 0x01, 0x2a]), little(width), little(height)]),
    VP8L: Buffer.from([0x2f, ...bits(width - 1 + (height - 1) * 2 ** 14)]),
    VP8X: Buffer.concat([Buffer.alloc(4), little24(width - 1), little24(height - 1)]),
  }[form];
  const chunkHead = Buffer.concat([Buffer.from(form), Buffer.alloc(4)]);
  return Buffer.concat([Buffer.from('RIFF....WEBP'), chunkHead, data ?? Buffer.alloc(0), Buffer.alloc(20)]);
}

function bits(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function little(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function little24(value: number): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeUIntLE(value, 0, 3);
  return bytes;
}
