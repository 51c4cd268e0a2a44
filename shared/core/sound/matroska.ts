import { type EbmlElement, ebmlHead, elementsIn, floatOf, textOf, unsignedOf } from './ebml.ts';
import { blocksOf, readBlock } from './matroska-blocks.ts';
import { type PacketReader, packetReader } from './packets.ts';
import type { Recording } from './recording.ts';

const ID = {
  audio: 0xe1,
  bitDepth: 0x6264,
  channels: 0x9f,
  cluster: 0x1f43b675,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  contentEncodings: 0x6d80,
  samplingFrequency: 0xb5,
  timestampScale: 0x2ad7b1,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  tracks: 0x1654ae6b,
  trackType: 0x83,
  info: 0x1549a966,
} as const;

const NOTHING = Buffer.alloc(0);
const AUDIO_TRACK = 2;
const DEFAULT_SCALE = 1_000_000;

/** How far the times of blocks may be from what their frames play. */
const SLACK_SECONDS = 0.5;

/** A track of sound, read in every way that the file defines it. */
interface Track {
  readonly readers: PacketReader[];
  /** What each of them played so far, in seconds. */
  readonly played: number[];
  from: number;
  to: number;
}

/**
 * How a WebM or Matroska file plays: the frames in all of its clusters, wherever these stand, as readers look for the
 * next one after damage. The times of its blocks count only if they make it longer.
 *
 * @returns `undefined` if it has no track of sound, or one whose coding is not known
 */
export function matroskaRecording(content: Buffer): Recording | undefined {
  const tracks = tracksOf(content);
  if (tracks === undefined) return undefined;
  const scale = scaleOf(content);
  for (const found of blocksOf(content, idsOf(content, ID.cluster))) {
    if (found === undefined) return undefined;
    play(found.block, found.time * scale, scale, tracks);
  }
  const recordings = [...tracks.values()].map(recordingOf);
  // Of several tracks, one is played.
  const longest = Math.max(0, ...recordings.map(({ seconds }) => seconds));
  return { seconds: longest, isExact: recordings.length === 1 && recordings.every(({ isExact }) => isExact) };
}

/** @param clusterTime of the cluster that the block is in, in seconds */
function play(block: Buffer, clusterTime: number, scale: number, tracks: ReadonlyMap<number, Track>): void {
  const read = readBlock(block);
  const track = read && tracks.get(read.track);
  if (read === undefined || track === undefined) return;
  const at = clusterTime + read.time * scale;
  const played = track.readers.map((reader) =>
    read.frames.reduce((sum, frame) => sum + reader.packetSeconds(frame), 0),
  );
  for (const [index, seconds] of played.entries()) track.played[index] = (track.played[index] ?? 0) + seconds;
  track.from = Math.min(track.from, at);
  track.to = Math.max(track.to, at + Math.max(0, ...played));
}

function recordingOf({ readers, played, from, to }: Track): Recording {
  const seconds = Math.max(0, ...played);
  const span = Math.max(0, to - from);
  const agrees = Math.abs(seconds - span) < SLACK_SECONDS && readers.length === 1;
  return { seconds: Math.max(seconds, span), isExact: agrees && readers.every(({ isExact }) => isExact) };
}

/** The tracks of sound by their numbers; `undefined` if the coding of one is not known. */
function tracksOf(content: Buffer): ReadonlyMap<number, Track> | undefined {
  const tracks = new Map<number, Track>();
  for (const list of idsOf(content, ID.tracks)) {
    const head = ebmlHead(content, list);
    for (const { id, content: entry } of elementsIn(content, head?.at, head?.end ?? 0)) {
      if (id !== ID.trackEntry) continue;
      const members = membersOf(entry);
      if (unsignedOf(members.get(ID.trackType)) !== AUDIO_TRACK) continue;
      const reader = readerOf(members);
      if (reader === undefined) return undefined;
      const number = unsignedOf(members.get(ID.trackNumber));
      const track = tracks.get(number) ?? { readers: [], played: [], from: Infinity, to: -Infinity };
      track.readers.push(reader);
      track.played.push(0);
      tracks.set(number, track);
    }
  }
  return tracks.size === 0 ? undefined : tracks;
}

function readerOf(members: ReadonlyMap<number, EbmlElement>): PacketReader | undefined {
  // What is packed once more, or encrypted, is not looked into.
  if (members.has(ID.contentEncodings)) return undefined;
  const audio = membersOf(members.get(ID.audio)?.content ?? NOTHING);
  return packetReader(textOf(members.get(ID.codecId)), {
    configuration: members.get(ID.codecPrivate)?.content ?? NOTHING,
    rate: floatOf(audio.get(ID.samplingFrequency)) ?? 8_000,
    channels: unsignedOf(audio.get(ID.channels)) || 1,
    bits: unsignedOf(audio.get(ID.bitDepth)),
  });
}

/** How many seconds a unit of time is. */
function scaleOf(content: Buffer): number {
  const scales = [...idsOf(content, ID.info)].map((at) => {
    const head = ebmlHead(content, at);
    return unsignedOf(membersOf(content.subarray(head?.at, head?.end ?? 0)).get(ID.timestampScale));
  });
  return (Math.max(0, ...scales) || DEFAULT_SCALE) / 1e9;
}

function membersOf(content: Buffer): ReadonlyMap<number, EbmlElement> {
  return new Map([...elementsIn(content)].map((element) => [element.id, element]));
}

/** Where every element with such an id of four bytes begins, whatever it stands in. */
function* idsOf(content: Buffer, id: number): Generator<number> {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(id);
  for (let at = content.indexOf(bytes); at !== -1; at = content.indexOf(bytes, at + 4)) yield at;
}
