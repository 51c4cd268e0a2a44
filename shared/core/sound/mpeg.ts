import { type Frame, framesRecording } from './frames.ts';
import type { Recording } from './recording.ts';

/** Bit rates in kbit/s by their index, of MPEG-1 and of the two with low sampling rates, layers I to III. */
const KBITS_1 = [
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
] as const;
const KBITS_2 = [
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;

const RATES = [44_100, 48_000, 32_000];

/** How an MP3 file plays, or one of another layer of MPEG audio. `undefined` if no frames follow each other in it. */
export function mpegRecording(content: Buffer): Recording | undefined {
  return framesRecording(content, mpegFrame);
}

/**
 * Reads the head of one frame (ISO/IEC 11172-3, section 2.4.1.3, and 13818-3). A frame of "free" bit rate does not say
 * how long it is.
 */
export function mpegFrame(bytes: Buffer, at: number): Frame | undefined {
  const [sync, second = 0, third = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  if (sync !== 0xff || (second & 0xe0) !== 0xe0 || at + 4 > bytes.length) return undefined;
  const version = (second >> 3) & 3;
  const layer = 4 - ((second >> 1) & 3);
  const rateIndex = (third >> 2) & 3;
  const bitrate = third >> 4;
  if (version === 1 || layer === 4 || rateIndex === 3 || bitrate === 15) return undefined;
  const isLow = version !== 3;
  const rate = (RATES[rateIndex] ?? 0) / (version === 3 ? 1 : version === 2 ? 2 : 4);
  const samples = layer === 1 ? 384 : layer === 3 && isLow ? 576 : 1_152;
  const kbits = (isLow ? KBITS_2 : KBITS_1)[layer - 1]?.[bitrate] ?? 0;
  const slots = Math.floor(((samples / 8) * kbits * 1_000) / rate / (layer === 1 ? 4 : 1));
  const padded = (slots + ((third >> 1) & 1)) * (layer === 1 ? 4 : 1);
  return {
    kind: `${version}/${layer}/${rateIndex}`,
    seconds: samples / rate,
    bytes: bitrate === 0 ? undefined : padded,
  };
}
