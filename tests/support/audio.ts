export interface WavOptions {
  /** Samples a second; one byte each. */
  readonly rate?: number;
  /** The bytes of sound that the head claims, and those that there are. */
  readonly claimed?: number;
  /** The code of its format; 1 for PCM. */
  readonly format?: number;
  /** Bytes a second, as the head claims them. */
  readonly byteRate?: number;
  /** Bytes of a sample in all channels, as the head claims them. */
  readonly blockAlign?: number;
}

/** A WAV file of 8-bit mono silence. */
export function wav(seconds: number, options: WavOptions = {}): Buffer<ArrayBuffer> {
  const { rate = 8_000, format = 1 } = options;
  const size = Math.round(seconds * rate);
  const file = Buffer.alloc(44 + size, 128);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(36 + size, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(format, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(options.byteRate ?? rate, 28);
  file.writeUInt16LE(options.blockAlign ?? 1, 32);
  file.writeUInt16LE(8, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(options.claimed ?? size, 40);
  return file;
}

/** A frame of silent MPEG-1 Layer III: 1,152 samples at 44.1 kHz, 128 kbit/s. */
const FRAME = Buffer.alloc(417);
FRAME.set([0xff, 0xfb, 0x90, 0xc4]);
export const MP3_FRAME_SECONDS = 1_152 / 44_100;

/** A frame of silent MPEG-2.5 Layer III: 576 samples at 8 kHz, 8 kbit/s. */
const SLOW_FRAME = Buffer.alloc(72);
SLOW_FRAME.set([0xff, 0xe3, 0x18, 0xc4]);
export const SLOW_FRAME_SECONDS = 576 / 8_000;

/** An MP3 file of silence at the lowest rates that there are. */
export function slowMp3(frames: number): Buffer<ArrayBuffer> {
  return Buffer.concat(Array.from({ length: frames }, () => SLOW_FRAME));
}

/**
 * An MP3 file of silence.
 *
 * @param claimed how many frames its `Xing` head says that it has; it has no such head unless told
 */
export function mp3(frames: number, claimed?: number): Buffer<ArrayBuffer> {
  const sound = Array.from({ length: frames }, () => FRAME);
  if (claimed === undefined) return Buffer.concat(sound);
  const head = Buffer.from(FRAME);
  head.write('Xing', 36, 'latin1');
  head.writeUInt32BE(1, 40);
  head.writeUInt32BE(claimed, 44);
  return Buffer.concat([head, ...sound]);
}

/**
 * An Ogg file of Opus whose packets each play for 20 ms.
 *
 * @param claimed the time of its last page, in packets; as many as there are unless told
 */
export function opus(packets: number, claimed = packets): Buffer<ArrayBuffer> {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 0, 'latin1');
  head.set([1, 1], 8);
  head.writeUInt32LE(48_000, 12);
  const tags = Buffer.concat([Buffer.from('OpusTags'), Buffer.alloc(8)]);
  // Code 0 of configuration 1: one frame of 20 ms, here without any more than that.
  const packet = Buffer.from([0x08]);
  const pages = Array.from({ length: Math.ceil(packets / 100) }, (_, index) => {
    const count = Math.min(100, packets - index * 100);
    return page(
      2 + index,
      BigInt(Math.min(index * 100 + count, claimed) * 960),
      Array.from({ length: count }, () => packet),
    );
  });
  return Buffer.concat([page(0, 0n, [head], 2), page(1, 0n, [tags]), ...pages]);
}

function page(sequence: number, granule: bigint, packets: readonly Buffer[], flags = 0): Buffer {
  const head = Buffer.alloc(27 + packets.length);
  head.write('OggS', 0, 'latin1');
  head[5] = flags;
  head.writeBigUInt64LE(granule, 6);
  head.writeUInt32LE(1, 14);
  head.writeUInt32LE(sequence, 18);
  head[26] = packets.length;
  head.set(
    packets.map(({ length }) => length),
    27,
  );
  const whole = Buffer.concat([head, ...packets]);
  whole.writeUInt32LE(checksum(whole), 22);
  return whole;
}

/** CRC-32 of RFC 3533: polynomial 0x04c11db7, not reflected. */
function checksum(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}
