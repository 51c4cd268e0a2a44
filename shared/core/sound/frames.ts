import type { Recording } from './recording.ts';

/** What the head of a frame says. */
export interface Frame {
  /** Frames that follow each other in one stream are of one kind. */
  readonly kind: string;
  readonly seconds: number;
  /** From its head to the next one; `undefined` if it does not say. */
  readonly bytes: number | undefined;
}

/** So many frames in a row, each where the one before it ends, are a stream that every decoder finds. */
const LEAST_RUN = 12;

/**
 * Measures a file of frames that each begin with a head of their own. Decoders find their way to the frames in different
 * ways, so only frames of one kind in a row count as they stand. Elsewhere (in tags, between joined files, in damage)
 * each head that could be one counts, since a decoder plays no frame without a head.
 *
 * @returns `undefined` if no frames follow each other in it
 */
export function framesRecording(
  content: Buffer,
  frameAt: (content: Buffer, at: number) => Frame | undefined,
): Recording | undefined {
  let inRuns = 0;
  let elsewhere = 0;
  let runs = 0;
  for (let at = content.indexOf(0xff); at !== -1; ) {
    const frame = frameAt(content, at);
    const run = frame && runFrom(content, at, frame, frameAt);
    if (run?.isStream === true) {
      runs += 1;
      inRuns += run.seconds;
      at = run.end >= content.length ? -1 : content.indexOf(0xff, run.end);
    } else {
      elsewhere += frame?.seconds ?? 0;
      at = content.indexOf(0xff, at + 1);
    }
  }
  return runs === 0 ? undefined : { seconds: inRuns + elsewhere, isExact: elsewhere === 0 };
}

/** The frames from one on that follow each other; they may end with one that is cut off where the file ends. */
function runFrom(
  content: Buffer,
  start: number,
  first: Frame,
  frameAt: (content: Buffer, at: number) => Frame | undefined,
) {
  let at = start;
  let count = 0;
  let seconds = 0;
  for (let frame: Frame | undefined = first; frame?.kind === first.kind && frame.bytes; ) {
    at += frame.bytes;
    seconds += frame.seconds;
    count += 1;
    frame = frameAt(content, at);
  }
  const endsTheFile = at >= content.length;
  return { seconds, end: at, isStream: count >= LEAST_RUN || (endsTheFile && start === 0 && count > 0) };
}
