import type { JsonObject } from '../json.ts';
import { adtsFrame, adtsRecording } from './adts.ts';
import { flacRecording } from './flac.ts';
import { afterId3 } from './id3.ts';
import { matroskaRecording } from './matroska.ts';
import { mp4Recording } from './mp4.ts';
import { mpegFrame, mpegRecording } from './mpeg.ts';
import { oggRecording } from './ogg.ts';
import type { Recording } from './recording.ts';
import { wavRecording } from './wav.ts';

const EBML = Buffer.from([0x1a, 0x45, 0xdf, 0xa3]);

/** The boxes that an MP4 file can begin with; readers of it know a file by any of them. */
const FIRST_BOXES = new Set([
  'ftyp',
  'styp',
  'moov',
  'moof',
  'sidx',
  'mdat',
  'free',
  'skip',
  'wide',
  'pnot',
  'uuid',
]);

/**
 * Measures a recording by its frames, as a decoder plays them, whatever its heads claim. Whoever wrote the file also
 * wrote every number in it, so a number counts only if it makes the recording longer.
 *
 * @returns `undefined` if no sound is found in it, or it is in no format whose length can be bounded
 */
export function recordingOf(file: Uint8Array): Recording | undefined {
  const whole = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const content = whole.subarray(afterId3(whole));
  const found = readerOf(content)(content);
  // What has no sound that is found may have some that is not.
  return found !== undefined && Number.isFinite(found.seconds) && found.seconds > 0 ? found : undefined;
}

/** The same as the rules of endpoints are told it: `seconds`, and whether these are `exact`. Empty if not bounded. */
export function recordingFacts(file: Uint8Array): JsonObject {
  const found = recordingOf(file);
  return found === undefined ? {} : { seconds: found.seconds, exact: found.isExact };
}

/** Readers choose a format by the first bytes of a file, not by its name. */
function readerOf(content: Buffer): (content: Buffer) => Recording | undefined {
  const magic = content.toString('latin1', 0, 4);
  if (['RIFF', 'RF64', 'BW64'].includes(magic)) return wavRecording;
  if (magic === 'fLaC') return flacRecording;
  if (magic === 'OggS') return oggRecording;
  if (content.subarray(0, 4).equals(EBML)) return matroskaRecording;
  if (FIRST_BOXES.has(content.toString('latin1', 4, 8))) return mp4Recording;
  return framesOf;
}

/**
 * Without a container: frames of MPEG audio, or of AAC, from the beginning on. Of a file with both, the longer counts. One
 * that was cut can begin within a frame, but not with what could be the mark of a container that is not known here.
 */
function framesOf(content: Buffer): Recording | undefined {
  const isFrame = mpegFrame(content, 0) !== undefined || adtsFrame(content, 0) !== undefined;
  if (!isFrame && isMarked(content)) return undefined;
  const [mpeg, adts] = [mpegRecording(content), adtsRecording(content)];
  return adts === undefined || (mpeg !== undefined && mpeg.seconds > adts.seconds) ? mpeg : adts;
}

/** The marks, in hexadecimal, of ASF, MPEG's own streams, MXF, AC-3, DTS and IRCAM. */
const MARKS = ['3026b275', '000001', '47', '060e2b34', '0b77', '770b', '7ffe8001', 'fe7f0180', '64a3'];
const TAGS = /^(ID3|TAG|APETAGEX)/;

/** Whether a file could be in another container: most of them begin with a text, or have one after four bytes. */
function isMarked(content: Buffer): boolean {
  const [text, hex] = [content.toString('latin1', 0, 8), content.toString('hex', 0, 8)];
  const hasText = /^[ -~]{3}|^.{4}[ -~]{4}/s.test(text) && !TAGS.test(text);
  return hasText || MARKS.some((mark) => hex.startsWith(mark));
}
