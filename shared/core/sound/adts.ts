import { AAC_FRAME_SAMPLES, AAC_RATES } from './aac.ts';
import { type Frame, framesRecording } from './frames.ts';
import type { Recording } from './recording.ts';

/**
 * How a file of AAC plays that has no container but the heads of its frames (ADTS). Never exactly: a frame can hold more
 * blocks than its head says, and decoders play them.
 */
export function adtsRecording(content: Buffer): Recording | undefined {
  const found = framesRecording(content, adtsFrame);
  return found && { ...found, isExact: false };
}

/** Reads the head of one frame (ISO/IEC 13818-7, section 6.2). */
export function adtsFrame(bytes: Buffer, at: number): Frame | undefined {
  const [sync, second = 0, third = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  if (sync !== 0xff || (second & 0xf6) !== 0xf0 || at + 7 > bytes.length) return undefined;
  const rate = AAC_RATES[(third >> 2) & 15];
  const length =
    (((bytes[at + 3] ?? 0) & 3) << 11) | ((bytes[at + 4] ?? 0) << 3) | ((bytes[at + 5] ?? 0) >> 5);
  if (rate === undefined || length < 7) return undefined;
  const blocks = 1 + ((bytes[at + 6] ?? 0) & 3);
  return { kind: `${second & 0xf8}/${rate}`, seconds: (blocks * AAC_FRAME_SAMPLES) / rate, bytes: length };
}
