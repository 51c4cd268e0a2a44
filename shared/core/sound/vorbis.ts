const BITS_PER_MODE = 41;
const MOST_MODES = 64;
const IDENTIFICATION = Buffer.from('\x01vorbis', 'latin1');
const SETUP = Buffer.from('\x05vorbis', 'latin1');

/** Reads packets of one stream of Vorbis in order. */
export interface VorbisReader {
  readonly rate: number;
  /** How long the next packet plays, in seconds: 0 for a header. */
  packetSeconds(packet: Buffer): number;
}

/**
 * Begins a stream of Vorbis with its first packet (Vorbis I specification, section 4.2.2).
 *
 * @returns `undefined` if that is no such packet
 */
export function vorbisReader(identification: Buffer): VorbisReader | undefined {
  if (!startsWith(identification, IDENTIFICATION) || identification.length < 30) return undefined;
  const rate = identification.readUInt32LE(12);
  const sizes = identification[28] ?? 0;
  const [short, long] = [2 ** (sizes & 15), 2 ** (sizes >> 4)];
  if (rate === 0) return undefined;
  let modes: readonly boolean[] | undefined;
  let previous: number | undefined;
  const sizeOf = (packet: Buffer) => {
    if (modes === undefined) return Math.max(short, long);
    const bits = 32 - Math.clz32(modes.length - 1);
    return modes[((packet[0] ?? 0) >> 1) & (2 ** bits - 1)] === false ? short : long;
  };
  return {
    rate,
    packetSeconds(packet) {
      if (startsWith(packet, SETUP)) modes = blockFlags(packet);
      if (packet.length === 0 || ((packet[0] ?? 0) & 1) === 1) return 0;
      const size = sizeOf(packet);
      const samples = ((previous ?? size) + size) / 4;
      previous = size;
      return samples / rate;
    },
  };
}

/**
 * Which modes of a stream have long blocks. They stand at the end of the setup header, so they are read from there:
 * before its last bit that is set, each mode has 8 bits of a mapping, 32 bits of 0, and the flag; before them stands how
 * many there are (section 4.2.4). `undefined` if that could be read in two ways.
 */
function blockFlags(setup: Buffer): readonly boolean[] | undefined {
  const bit = (at: number) => ((setup[at >> 3] ?? 0) >> (at & 7)) & 1;
  const bits = (at: number, count: number) => {
    let value = 0;
    for (let index = count - 1; index >= 0; index--) value = value * 2 + bit(at + index);
    return value;
  };
  let framing = setup.length * 8 - 1;
  while (framing > 0 && bit(framing) === 0) framing -= 1;
  let found: readonly boolean[] | undefined;
  const flags: boolean[] = [];
  for (let at = framing - BITS_PER_MODE; at >= 6 && flags.length < MOST_MODES; at -= BITS_PER_MODE) {
    if (bits(at + 1, 32) !== 0) break;
    flags.unshift(bit(at) === 1);
    if (bits(at - 6, 6) !== flags.length - 1) continue;
    if (found !== undefined) return undefined;
    found = [...flags];
  }
  return found;
}

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  return bytes.subarray(0, prefix.length).equals(prefix);
}
