import { boxesAt, boxesIn, uint32 } from './mp4-boxes.ts';

/** How many packets a track has, and what its tables say of them. */
export interface SampleCount {
  count: number;
  bytes: number;
  /** In units of the track's timescale. */
  duration: number;
  /** Its `trex` box: what holds for packets in fragments that do not say themselves. */
  readonly defaults: Buffer | undefined;
}

/** Adds what the tables of a track say (ISO/IEC 14496-12, section 8.6.1 and 8.7.3). */
export function addTables(stbl: Buffer, samples: SampleCount): void {
  let timed = 0;
  for (const stts of boxesAt(stbl, ['stts'])) {
    for (let at = 8; at + 8 <= stts.length; at += 8) {
      timed += uint32(stts, at);
      samples.duration += uint32(stts, at) * uint32(stts, at + 4);
    }
  }
  let sized = 0;
  for (const stsz of boxesAt(stbl, ['stsz'])) {
    const same = uint32(stsz, 4);
    sized += uint32(stsz, 8);
    if (same > 0) samples.bytes += same * uint32(stsz, 8);
    else for (let at = 12; at + 4 <= stsz.length; at += 4) samples.bytes += uint32(stsz, at);
  }
  for (const stz2 of boxesAt(stbl, ['stz2'])) {
    sized += uint32(stz2, 8);
    // Fields of 4, 8 or 16 bits: at the most that they can say.
    samples.bytes += uint32(stz2, 8) * 0xffff;
  }
  samples.count += Math.max(timed, sized);
}

const HAS_DEFAULT_DURATION = 0x08;
const HAS_DEFAULT_SIZE = 0x10;

/**
 * Adds the packets of fragments (section 8.8), wherever in a file they stand.
 *
 * @param tracks by their ids
 */
export function addFragments(content: Buffer, tracks: ReadonlyMap<number, SampleCount>): void {
  for (const traf of boxesAt(content, ['moof', 'traf'])) {
    const [tfhd = Buffer.alloc(0)] = boxesAt(traf, ['tfhd']);
    const samples = tracks.get(uint32(tfhd, 4));
    if (samples === undefined) continue;
    const defaults = defaultsOf(tfhd, samples.defaults);
    for (const { type, content: trun } of boxesIn(traf)) if (type === 'trun') addRun(trun, samples, defaults);
  }
}

interface Defaults {
  readonly duration: number;
  readonly size: number;
}

function defaultsOf(tfhd: Buffer, trex: Buffer | undefined): Defaults {
  const flags = uint32(tfhd, 0) & 0xff_ffff;
  // A base offset of eight bytes and the index of a description may stand before them.
  const durationAt = 8 + ((flags & 0x01) !== 0 ? 8 : 0) + ((flags & 0x02) !== 0 ? 4 : 0);
  const sizeAt = durationAt + ((flags & HAS_DEFAULT_DURATION) !== 0 ? 4 : 0);
  const other = trex ?? Buffer.alloc(0);
  return {
    duration: (flags & HAS_DEFAULT_DURATION) !== 0 ? uint32(tfhd, durationAt) : uint32(other, 12),
    size: (flags & HAS_DEFAULT_SIZE) !== 0 ? uint32(tfhd, sizeAt) : uint32(other, 16),
  };
}

/** One run of packets, with up to four numbers for each. */
function addRun(trun: Buffer, samples: SampleCount, { duration, size }: Defaults): void {
  const flags = uint32(trun, 0) & 0xff_ffff;
  const count = uint32(trun, 4);
  const has = (flag: number) => (flags & flag) !== 0;
  const start = 8 + (has(0x01) ? 4 : 0) + (has(0x04) ? 4 : 0);
  const fields = [0x100, 0x200, 0x400, 0x800].filter(has).length;
  const sizeAt = has(0x100) ? 4 : 0;
  samples.count += count;
  if (!has(0x100)) samples.duration += count * duration;
  if (!has(0x200)) samples.bytes += count * size;
  if (fields === 0) return;
  const listed = Math.min(count, Math.floor((trun.length - start) / (4 * fields)));
  for (let index = 0; index < listed; index++) {
    const at = start + index * 4 * fields;
    if (has(0x100)) samples.duration += uint32(trun, at);
    if (has(0x200)) samples.bytes += uint32(trun, at + sizeAt);
  }
}
