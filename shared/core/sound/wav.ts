import { mpegRecording } from './mpeg.ts';
import type { Recording } from './recording.ts';
import { type WavFormat, wavFormat } from './wav-format.ts';

const HEAD_BYTES = 8;

/** Sizes by which a program says that it does not know the size yet: the sound lasts to the end of the file. */
const OPEN_ENDED: ReadonlySet<number> = new Set([0, 0xffff_ffff]);

/** A chunk of these is sound, or another file, whatever the size before it says. */
const SOUNDING: ReadonlySet<string> = new Set(['RIFF', 'RF64', 'BW64', 'data', 'fmt ', 'wavl']);

/**
 * How a WAV file plays: from the head of its sound to the end of the file, unless what follows the claimed size of the
 * sound is nothing but other chunks. Of joined files each counts, or the sound to the end of all, whichever is longer.
 *
 * @returns `undefined` if its coding is not one whose length its bytes tell
 */
export function wavRecording(content: Buffer): Recording | undefined {
  const first = partAt(content, 0);
  if (first === undefined || first.tail !== 'joined') return first && playedAlone(content, first);
  const toEnd = longest(content.subarray(first.at), first.formats);
  let joined = 0;
  for (let part: Part | undefined = first; part !== undefined; ) {
    const isLast: boolean = part.tail !== 'joined';
    const played = isLast
      ? playedAlone(content, part)
      : longest(content.subarray(part.at, part.at + part.claimed), part.formats);
    if (played === undefined) return undefined;
    joined += played.seconds;
    part = isLast ? undefined : partAt(content, part.end);
  }
  return toEnd && { seconds: Math.max(toEnd.seconds, joined), isExact: false };
}

/** One of several files that are joined, or the only one. */
interface Part {
  /** The formats that are named before the sound. */
  readonly formats: readonly (WavFormat | undefined)[];
  /** Where its sound begins, in bytes, how long it is said to be, and where that ends. */
  readonly at: number;
  readonly claimed: number;
  readonly end: number;
  /** What follows it: nothing; chunks that are no sound, to the last byte; another file; or who knows what. */
  readonly tail: 'nothing' | 'silent' | 'joined' | 'unknown';
}

function playedAlone(content: Buffer, { at, claimed, tail, formats }: Part): Recording | undefined {
  const sound = content.subarray(at, tail === 'silent' ? at + claimed : undefined);
  const found = longest(sound, formats);
  return found && { ...found, isExact: found.isExact && tail !== 'unknown' };
}

/** @returns `undefined` if no sound begins there */
function partAt(content: Buffer, start: number): Part | undefined {
  if (content.toString('latin1', start + 8, start + 12) !== 'WAVE') return undefined;
  const formats: (WavFormat | undefined)[] = [];
  for (let at = start + 12; at + HEAD_BYTES <= content.length; ) {
    const name = content.toString('latin1', at, at + 4);
    const claimed = content.readUInt32LE(at + 4);
    const contentAt = at + HEAD_BYTES;
    const end = contentAt + claimed + (claimed % 2);
    if (name === 'data') {
      const isOpen = OPEN_ENDED.has(claimed) || contentAt + claimed >= content.length;
      return { formats, at: contentAt, claimed, end, tail: isOpen ? 'nothing' : tailOf(content, end) };
    }
    if (name === 'fmt ') formats.push(wavFormat(content.subarray(contentAt, contentAt + claimed)));
    at = end;
  }
  return undefined;
}

function tailOf(content: Buffer, start: number): Part['tail'] {
  if (content.toString('latin1', start, start + 4) === 'RIFF') return 'joined';
  for (let at = start; at < content.length; ) {
    const name = content.toString('latin1', at, at + 4);
    if (at + HEAD_BYTES > content.length || SOUNDING.has(name) || !/^[ -~]{4}$/.test(name)) return 'unknown';
    const size = content.readUInt32LE(at + 4);
    at += HEAD_BYTES + size + (size % 2);
    // The last chunk may lack the byte that would make its size even.
    if (at > content.length + 1) return 'unknown';
  }
  return 'silent';
}

/** Readers take the first format or the last one. */
function longest(sound: Buffer, formats: readonly (WavFormat | undefined)[]): Recording | undefined {
  const found = formats.map((format) => format && secondsOf(sound, format));
  const known = found.filter((each) => each !== undefined);
  if (known.length === 0 || known.length < found.length) return undefined;
  const seconds = Math.max(...known.map((each) => each.seconds));
  return { seconds, isExact: known.every((each) => each.isExact && each.seconds === seconds) };
}

function secondsOf(sound: Buffer, format: WavFormat): Recording | undefined {
  if (format === 'mpeg') return mpegRecording(sound);
  return { seconds: sound.length / format.bytesPerSecond, isExact: format.isExact };
}
