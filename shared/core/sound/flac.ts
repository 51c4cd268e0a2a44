import type { Recording } from './recording.ts';

const STREAM_INFO_BYTES = 34;

/** Block sizes and rates by their codes in the head of a frame; 0 where the head has the number itself (RFC 9639, 9.1). */
const BLOCK_SIZES = [
  0, 192, 576, 1_152, 2_304, 4_608, 0, 0, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768,
];
const RATES = [0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];

/** How far the length that a file names may be from that of its frames. */
const SLACK_SECONDS = 0.5;

/**
 * How a FLAC file plays: the frames that come after its metadata, each of them known by the checksum of its head. Its
 * `STREAMINFO` counts only if it makes them longer.
 */
export function flacRecording(content: Buffer): Recording | undefined {
  const rate = leastRate(content);
  if (rate === undefined) return undefined;
  const seconds = flacSeconds(content.subarray(afterMetadata(content)), rate);
  const named = content.length < 8 + STREAM_INFO_BYTES ? 0 : namedSamples(content.subarray(8)) / rate;
  return { seconds, isExact: named === 0 || Math.abs(named - seconds) < SLACK_SECONDS };
}

/** How many samples `STREAMINFO` says that there are; 0 if it does not know. */
function namedSamples(info: Buffer): number {
  return ((info[13] ?? 0) & 15) * 2 ** 32 + info.readUInt32BE(14);
}

/** @param infoRate of `STREAMINFO`, in samples a second */
export function flacSeconds(frames: Buffer, infoRate: number): number {
  let seconds = 0;
  for (let at = frames.indexOf(0xff); at !== -1; at = frames.indexOf(0xff, at + 1)) {
    seconds += frameSeconds(frames, at, infoRate);
  }
  return seconds;
}

/** The rate that `STREAMINFO` says, of the block that begins here; `undefined` if there is none, or it says 0. */
export function flacInfoRate(info: Buffer): number | undefined {
  if (info.length < STREAM_INFO_BYTES) return undefined;
  const rate = info.readUIntBE(10, 3) >> 4;
  return rate === 0 ? undefined : rate;
}

/** The least of all the rates that the heads of joined files say. */
function leastRate(content: Buffer): number | undefined {
  let least: number | undefined;
  for (let at = content.indexOf('fLaC'); at !== -1; at = content.indexOf('fLaC', at + 4)) {
    const rate = flacInfoRate(content.subarray(at + 8));
    if (rate !== undefined) least = Math.min(rate, least ?? rate);
  }
  return least;
}

function afterMetadata(content: Buffer): number {
  let at = 4;
  for (let isLast = false; !isLast && at + 4 <= content.length; ) {
    isLast = ((content[at] ?? 0) & 0x80) !== 0;
    at += 4 + content.readUIntBE(at + 1, 3);
  }
  // What claims more metadata than there is is damaged, and decoders look for frames all over it.
  return at < content.length ? at : 4;
}

function frameSeconds(bytes: Buffer, at: number, infoRate: number): number {
  const [second = 0, third = 0, fourth = 0] = [bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  if ((second & 0xfe) !== 0xf8) return 0;
  const sizeCode = third >> 4;
  const rateCode = third & 15;
  const isReserved = sizeCode === 0 || rateCode === 15 || fourth >> 4 > 10 || (fourth & 1) === 1;
  if (isReserved || ((fourth >> 1) & 7) === 3) return 0;
  const sizeAt = at + 4 + numberBytes(bytes[at + 4] ?? 0);
  const rateAt = sizeAt + (sizeCode === 6 ? 1 : sizeCode === 7 ? 2 : 0);
  const end = rateAt + (rateCode < 12 ? 0 : rateCode === 12 ? 1 : 2);
  if (end >= bytes.length || crc8(bytes.subarray(at, end)) !== bytes[end]) return 0;
  const own = rateAt === sizeAt ? undefined : bytes.readUIntBE(sizeAt, rateAt - sizeAt) + 1;
  const rate = ownRate(bytes, rateAt, rateCode);
  return (own ?? BLOCK_SIZES[sizeCode] ?? 0) / (rate === 0 ? infoRate : Math.min(rate, infoRate));
}

/** In samples a second; 0 if `STREAMINFO` has it. */
function ownRate(bytes: Buffer, at: number, code: number): number {
  if (code === 12) return (bytes[at] ?? 0) * 1_000;
  if (code === 13) return bytes.readUInt16BE(at);
  return code === 14 ? bytes.readUInt16BE(at) * 10 : (RATES[code] ?? 0);
}

/** How many bytes the number of a frame has, which is coded like a character of UTF-8. */
function numberBytes(first: number): number {
  const ones = Math.clz32(~(first << 24));
  return ones === 0 ? 1 : ones;
}

/** CRC-8 with polynomial 0x07. */
function crc8(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : crc << 1;
  }
  return crc;
}
