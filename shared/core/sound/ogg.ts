import { flacInfoRate, flacSeconds } from './flac.ts';
import { type OggPage, oggPages } from './ogg-pages.ts';
import { opusSeconds } from './opus.ts';
import type { Recording } from './recording.ts';
import { vorbisReader } from './vorbis.ts';

/** How far the times of pages may be from what their packets play: the beginning and the end are trimmed. */
const TRIMMED_SECONDS = 0.5;

/** Streams of Ogg that are no sound, by the beginning of their first packet. */
const SILENT = ['\x80theora', '\x80kate', 'fishead', 'BBCD', 'OVP80', 'CMML'];

/** What is known of a coding once its first packet was seen. */
interface Coding {
  /** How many of the units that pages count their time in there are in a second. */
  readonly rate: number;
  packetSeconds(packet: Buffer): number;
}

/** One logical stream, from its first page to its last. */
interface Stream {
  readonly coding: Coding;
  /** The pieces of a packet that goes on in the next page. */
  open: Buffer[];
  seconds: number;
  /** The time of its first page with sound, less what that page plays; and the latest one. In seconds. */
  from: number | undefined;
  to: number;
}

/**
 * How an Ogg file plays: the packets of all its streams one after the other, as in joined files (RFC 3533, section 4). The
 * times of its pages count only if they make a stream longer. Several streams are not exact: many decoders play one.
 *
 * @returns `undefined` if a stream is neither Opus, Vorbis or FLAC nor known to be silent
 */
export function oggRecording(content: Buffer): Recording | undefined {
  const current = new Map<number, Stream>();
  const streams: Stream[] = [];
  let unread = content.length;
  for (const page of oggPages(content)) {
    if (page === undefined) return undefined;
    unread -= page.soundBytes;
    let stream = current.get(page.serial);
    if (stream === undefined || page.isFirst) {
      stream = newStream(page, streams.at(-1));
      if (stream === undefined) return undefined;
      current.set(page.serial, stream);
      streams.push(stream);
    }
    take(page, stream);
  }
  for (const stream of streams) endPacket(stream);
  const sounding = streams.filter(({ seconds }) => seconds > 0);
  const seconds = sounding.reduce((sum, stream) => sum + Math.max(stream.seconds, spanOf(stream)), 0);
  const isExact = unread === 0 && sounding.length === 1 && sounding.every(agrees);
  return streams.length === 0 ? undefined : { seconds, isExact };
}

function spanOf({ from, to }: Stream): number {
  return from === undefined ? 0 : to - from;
}

function agrees(stream: Stream): boolean {
  return Math.abs(stream.seconds - spanOf(stream)) < TRIMMED_SECONDS;
}

/** @param before the stream whose coding goes on, should this page not begin one */
function newStream(page: OggPage, before: Stream | undefined): Stream | undefined {
  const coding =
    codingOf(page.packets[0]?.bytes ?? Buffer.alloc(0)) ?? (page.isFirst ? undefined : before?.coding);
  return coding && { coding, open: [], seconds: 0, from: undefined, to: 0 };
}

function codingOf(packet: Buffer): Coding | undefined {
  const begins = (magic: string) => packet.toString('latin1', 0, magic.length) === magic;
  if (begins('OpusHead')) return OPUS;
  if (begins('\x7fFLAC')) return flacCoding(packet);
  if (SILENT.some(begins)) return { rate: Number.POSITIVE_INFINITY, packetSeconds: () => 0 };
  return vorbisReader(packet);
}

const OPUS: Coding = {
  rate: 48_000,
  packetSeconds: (packet) =>
    /^Opus(Head|Tags)/.test(packet.toString('latin1', 0, 8)) ? 0 : opusSeconds(packet),
};

/** Each packet is one frame ("FLAC in Ogg", RFC 9639, section 10.1). */
function flacCoding(head: Buffer): Coding | undefined {
  const rate = flacInfoRate(head.subarray(17));
  return rate === undefined ? undefined : { rate, packetSeconds: (packet) => flacSeconds(packet, rate) };
}

function take({ isContinued, packets, granule }: OggPage, stream: Stream): void {
  const before = stream.seconds;
  if (!isContinued) endPacket(stream);
  for (const { bytes, isWhole } of packets) {
    stream.open.push(bytes);
    if (isWhole) endPacket(stream);
  }
  const time = granule / stream.coding.rate;
  if (granule < 0 || stream.seconds === 0 || time === 0) return;
  stream.from ??= time - (stream.seconds - before);
  stream.to = Math.max(stream.to, time);
}

function endPacket(stream: Stream): void {
  if (stream.open.length > 0) stream.seconds += stream.coding.packetSeconds(Buffer.concat(stream.open));
  stream.open = [];
}
