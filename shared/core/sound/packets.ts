import { AAC_FRAME_SAMPLES, aacRate } from './aac.ts';
import { flacInfoRate, flacSeconds } from './flac.ts';
import { xiphSizes } from './matroska-blocks.ts';
import { opusSeconds } from './opus.ts';
import { vorbisReader } from './vorbis.ts';

/** Reads the packets of one track in order. */
export interface PacketReader {
  /** Whether a packet plays that long for every decoder; a packet of AAC can hold more than its container tells. */
  readonly isExact: boolean;
  packetSeconds(packet: Buffer): number;
}

/** What a container says of a track. */
export interface TrackFacts {
  /** For its decoder. */
  readonly configuration: Buffer;
  /** Samples a second. */
  readonly rate: number;
  readonly channels: number;
  readonly bits: number;
}

type Maker = (facts: TrackFacts) => PacketReader | undefined;

/** By the codec ids of Matroska. Codings that are not here are refused, as the length of their packets is not bounded. */
const CODINGS: readonly (readonly [RegExp, Maker])[] = [
  [/^A_OPUS$/, () => ({ isExact: true, packetSeconds: opusSeconds })],
  [/^A_VORBIS$/, vorbis],
  [/^A_FLAC$/, flac],
  [/^A_AAC(\/|$)/, aac],
  [/^A_PCM\/(INT\/(LIT|BIG)|FLOAT\/IEEE)$/, pcm],
];

/** @returns `undefined` for a coding that is not known, or that its configuration does not fit */
export function packetReader(codec: string, facts: TrackFacts): PacketReader | undefined {
  return CODINGS.find(([id]) => id.test(codec))?.[1](facts);
}

/** Its three headers stand in the configuration, laced together. */
function vorbis({ configuration }: TrackFacts): PacketReader | undefined {
  const laced = configuration[0] === 2 ? xiphSizes(configuration, 1, 2) : undefined;
  if (laced === undefined) return undefined;
  const [first = 0, second = 0] = laced.sizes;
  const reader = vorbisReader(configuration.subarray(laced.end, laced.end + first));
  reader?.packetSeconds(configuration.subarray(laced.end + first + second));
  return reader && { isExact: true, packetSeconds: reader.packetSeconds };
}

function flac({ configuration }: TrackFacts): PacketReader | undefined {
  const rate = flacInfoRate(configuration.subarray(8));
  return rate === undefined
    ? undefined
    : { isExact: true, packetSeconds: (packet) => flacSeconds(packet, rate) };
}

function aac({ configuration, rate: named }: TrackFacts): PacketReader | undefined {
  const rate = configuration.length === 0 ? named : aacRate(configuration);
  if (rate === undefined || !(rate > 0)) return undefined;
  return { isExact: false, packetSeconds: () => AAC_FRAME_SAMPLES / rate };
}

function pcm({ rate, channels, bits }: TrackFacts): PacketReader | undefined {
  const bytesPerSecond = rate * channels * Math.ceil(bits / 8);
  if (!(bytesPerSecond > 0)) return undefined;
  return { isExact: true, packetSeconds: (packet) => packet.length / bytesPerSecond };
}
