import { type Box, boxesAt, boxesIn, uint32, uint64 } from './mp4-boxes.ts';
import { mp4Coding, type PacketBound } from './mp4-codings.ts';
import { addFragments, addTables, type SampleCount } from './mp4-samples.ts';
import type { Recording } from './recording.ts';

/** A track of sound. */
interface Track {
  readonly id: number;
  readonly codings: readonly PacketBound[];
  readonly timescale: number;
  readonly samples: SampleCount;
  readonly edits: readonly Edit[];
}

/** One piece of a track that is played, in seconds; `undefined` is all of the track. */
interface Edit {
  readonly seconds: number | undefined;
  /** Silence, or a speed of its own: it lasts as long as it says, however long the track is. */
  readonly isFixed: boolean;
}

/**
 * How an MP4 file plays (M4A, and QuickTime), whole or in fragments: as many packets as its tables name, each at the
 * most that its coding can hold, or the times that its tables give them, whichever is longer; and as often as its edit
 * list plays them. Never exactly: a packet of AAC can hold more blocks than its tables tell, and decoders play them.
 *
 * @returns `undefined` if it has no track of sound, or one whose coding is not known
 */
export function mp4Recording(content: Buffer): Recording | undefined {
  const tracks = boxesAt(content, ['moov']).flatMap(tracksIn);
  const known = tracks.filter((track) => track !== undefined);
  if (known.length === 0 || known.length < tracks.length) return undefined;
  addFragments(content, new Map(known.map(({ id, samples }) => [id, samples])));
  // Of several tracks, one is played.
  return { seconds: Math.max(...known.map(secondsOf)), isExact: false };
}

function secondsOf({ codings, samples, timescale, edits }: Track): number {
  const played = Math.max(...codings.map((coding) => coding(samples)));
  const media = Math.max(played, timescale === 0 ? 0 : samples.duration / timescale);
  const edited = edits.map(({ seconds, isFixed }) =>
    seconds === undefined ? media : isFixed ? seconds : Math.min(seconds, media),
  );
  return Math.max(
    media,
    edited.reduce((sum, seconds) => sum + seconds, 0),
  );
}

/** The tracks of sound in a `moov` box; `undefined` for one whose coding is not known. */
function tracksIn(moov: Buffer): readonly (Track | undefined)[] {
  const movieTimescale = timescaleOf(boxesAt(moov, ['mvhd'])[0]);
  const defaults = new Map(boxesAt(moov, ['mvex', 'trex']).map((trex) => [uint32(trex, 4), trex]));
  return boxesAt(moov, ['trak']).flatMap((trak): readonly (Track | undefined)[] => {
    const handlers = boxesAt(trak, ['mdia', 'hdlr']).map((box) => box.toString('latin1', 8, 12));
    const table = boxesAt(trak, ['mdia', 'minf', 'stbl']);
    const entries = table.flatMap((stbl) => boxesAt(stbl, ['stsd'])).flatMap(entriesOf);
    const codings = entries.map(mp4Coding);
    const isSound = handlers.includes('soun') || codings.some((coding) => coding !== undefined);
    if (!isSound) return [];
    const known = codings.filter((coding) => coding !== undefined);
    if (known.length === 0 || known.length < codings.length) return [undefined];
    const id = trackIdOf(boxesAt(trak, ['tkhd'])[0]);
    const samples: SampleCount = { count: 0, bytes: 0, duration: 0, defaults: defaults.get(id) };
    for (const stbl of table) addTables(stbl, samples);
    const timescale = timescaleOf(boxesAt(trak, ['mdia', 'mdhd'])[0]);
    const edits = boxesAt(trak, ['edts', 'elst']).flatMap((elst) => editsOf(elst, movieTimescale));
    return [{ id, codings: known, timescale, samples, edits }];
  });
}

function entriesOf(stsd: Buffer): readonly Box[] {
  return [...boxesIn(stsd.subarray(8))];
}

/** Of `mvhd` and `mdhd`: units of time in a second. */
function timescaleOf(box: Buffer | undefined): number {
  return box === undefined ? 0 : uint32(box, box[0] === 1 ? 20 : 12);
}

function trackIdOf(tkhd: Buffer | undefined): number {
  return tkhd === undefined ? 0 : uint32(tkhd, tkhd[0] === 1 ? 20 : 12);
}

const NORMAL_SPEED = 0x0001_0000;

function editsOf(elst: Buffer, timescale: number): readonly Edit[] {
  const isLong = elst[0] === 1;
  const entryBytes = isLong ? 20 : 12;
  const edits: Edit[] = [];
  for (let at = 8; at + entryBytes <= elst.length; at += entryBytes) {
    const duration = isLong ? uint64(elst, at) : uint32(elst, at);
    const isEmpty = uint32(elst, at + (isLong ? 8 : 4)) === 0xffff_ffff;
    const speed = uint32(elst, at + entryBytes - 4);
    edits.push({
      seconds: duration === 0 || timescale === 0 ? undefined : duration / timescale,
      isFixed: isEmpty || speed !== NORMAL_SPEED,
    });
  }
  return edits;
}
