import { AAC_FRAME_SAMPLES, aacRate } from './aac.ts';
import { alacFrame } from './alac.ts';
import { flacInfoRate } from './flac.ts';
import { type Box, boxesAt, uint32 } from './mp4-boxes.ts';
import { LONGEST_OPUS_PACKET_SECONDS } from './opus.ts';

/** The most that packets of a coding play, in seconds. */
export type PacketBound = (samples: { readonly count: number; readonly bytes: number }) => number;

/** MP3 begins at 8 kbit/s. */
const LEAST_MP3_BYTES_PER_SECOND = 1_000;

const LARGEST_FLAC_BLOCK = 65_536;

/** Of `mp4a`, by the object type of its configuration (the registry at mp4ra.org): AAC, and the layers of MPEG audio. */
const AAC_OBJECTS: ReadonlySet<number> = new Set([0x40, 0x66, 0x67, 0x68]);
const MPEG_OBJECTS: ReadonlySet<number> = new Set([0x69, 0x6b]);

/**
 * What packets play at most of one entry of a track's `stsd` table.
 *
 * @returns `undefined` for a coding that is not known, whose packets are not bounded
 */
export function mp4Coding({ type, content }: Box): PacketBound | undefined {
  const { rate, boxes } = entryOf(content);
  const inside = (path: string) => boxesAt(boxes, [path])[0] ?? boxesAt(boxes, ['wave', path])[0];
  switch (type) {
    case 'mp4a':
      return mp4aBound(inside('esds'), rate);
    case '.mp3':
      return mp3Bound;
    case 'alac':
      return constant(alacFrame((inside('alac') ?? Buffer.alloc(0)).subarray(4)));
    case 'Opus':
      return constant(LONGEST_OPUS_PACKET_SECONDS);
    case 'fLaC': {
      const named = flacInfoRate((inside('dfLa') ?? Buffer.alloc(0)).subarray(8));
      return constant(named && LARGEST_FLAC_BLOCK / named);
    }
    default:
      return undefined;
  }
}

/** The rate that an entry names, in samples a second, and the boxes in it: their place depends on its version. */
function entryOf(entry: Buffer): { readonly rate: number; readonly boxes: Buffer } {
  const version = entry.length >= 10 ? entry.readUInt16BE(8) : 0;
  const start = 28 + (version === 1 ? 16 : version === 2 ? 36 : 0);
  // The later versions have it elsewhere, and something else in its place.
  return { rate: version === 0 ? uint32(entry, 24) / 0x1_0000 : 0, boxes: entry.subarray(start) };
}

function mp4aBound(esds: Buffer | undefined, named: number): PacketBound | undefined {
  const found = esds && configurationOf(esds.subarray(4));
  if (found === undefined) return undefined;
  if (MPEG_OBJECTS.has(found.object)) return mp3Bound;
  const rate = AAC_OBJECTS.has(found.object) ? aacRate(found.configuration) : undefined;
  if (rate === undefined) return undefined;
  return constant(AAC_FRAME_SAMPLES / (named > 0 ? Math.min(rate, named) : rate));
}

function mp3Bound({ bytes }: { readonly bytes: number }): number {
  return bytes / LEAST_MP3_BYTES_PER_SECOND;
}

function constant(seconds: number | undefined): PacketBound | undefined {
  return seconds === undefined ? undefined : ({ count }) => count * seconds;
}

const ELEMENTARY_STREAM = 3;
const DECODER_CONFIG = 4;
const DECODER_SPECIFIC = 5;

/** The object type, and the configuration of its decoder, in an `esds` box (ISO/IEC 14496-1, section 7.2.6). */
function configurationOf(descriptors: Buffer): { object: number; configuration: Buffer } | undefined {
  const stream = descriptor(descriptors, ELEMENTARY_STREAM);
  if (stream === undefined) return undefined;
  const flags = stream[2] ?? 0;
  const urlBytes = (flags & 0x40) !== 0 ? 1 + (stream[3 + ((flags & 0x80) !== 0 ? 2 : 0)] ?? 0) : 0;
  const after = 3 + ((flags & 0x80) !== 0 ? 2 : 0) + urlBytes + ((flags & 0x20) !== 0 ? 2 : 0);
  const config = descriptor(stream.subarray(after), DECODER_CONFIG);
  if (config === undefined) return undefined;
  const configuration = descriptor(config.subarray(13), DECODER_SPECIFIC) ?? Buffer.alloc(0);
  return { object: config[0] ?? 0, configuration };
}

/** The content of the descriptor that begins here, if it has this tag; its size has seven bits a byte. */
function descriptor(bytes: Buffer, tag: number): Buffer | undefined {
  if (bytes[0] !== tag) return undefined;
  let size = 0;
  let at = 1;
  for (let more = true; more && at < 5; at++) {
    const byte = bytes[at] ?? 0;
    size = size * 128 + (byte & 0x7f);
    more = byte >= 0x80;
  }
  return bytes.subarray(at, at + size);
}
