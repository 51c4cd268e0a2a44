import type { JsonObject } from './json.ts';

/**
 * The lowest rate that speech is encoded at, in bytes a second: 6 kbit/s, where Opus begins (RFC 6716, section 2.1.1).
 * MP3 and AAC begin at 8 kbit/s.
 */
const LEAST_BYTES_PER_SECOND = 750;

/** Formats of WAV files whose rate is fixed by their head: PCM, floats, A-law, mu-law, and PCM in the extensible form. */
const FIXED_RATE: ReadonlySet<number> = new Set([0x0001, 0x0003, 0x0006, 0x0007, 0xfffe]);

/** How long an audio file plays, as the rules of endpoints are told. */
export interface AudioFacts extends JsonObject {
  /** As exactly as can be told; absent where it cannot. */
  readonly seconds?: number;
  /** No file of these bytes is taken to play longer. */
  readonly most_seconds: number;
}

/**
 * Tells how long an audio file plays, and at most. A head that names a short duration before a long recording is not
 * believed: a WAV file plays for as long as it has bytes, and any other for as long as its bytes last at the lowest rate,
 * unless it says that it is longer.
 *
 * @param told what a reader of its format found, in seconds
 */
export function audioFacts(file: Uint8Array, told: number | undefined): AudioFacts {
  const wav = wavSeconds(Buffer.from(file.buffer, file.byteOffset, file.byteLength));
  const known = [told, wav].filter((seconds) => seconds !== undefined);
  const most = wav ?? file.byteLength / LEAST_BYTES_PER_SECOND;
  return {
    ...(known.length === 0 ? {} : { seconds: Math.max(...known) }),
    most_seconds: Math.max(most, ...known),
  };
}

/**
 * How long all of a WAV file plays that comes after the head of its sound, whatever length that head claims;
 * `undefined` for what is no such file, or not of a fixed rate.
 */
function wavSeconds(file: Buffer): number | undefined {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') return undefined;
  let bytesPerSecond: number | undefined;
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const content = at + 8;
    if (name === 'fmt ' && content + 16 <= file.length) bytesPerSecond = rateOf(file, content);
    if (name === 'data') {
      return bytesPerSecond === undefined ? undefined : (file.length - content) / bytesPerSecond;
    }
    at = content + size + (size % 2);
  }
  return undefined;
}

/** Bytes a second, by the rate of samples and their size: nobody reads the member that says the same. */
function rateOf(file: Buffer, format: number): number | undefined {
  const rate = file.readUInt32LE(format + 4) * file.readUInt16LE(format + 12);
  return FIXED_RATE.has(file.readUInt16LE(format)) && rate > 0 ? rate : undefined;
}
