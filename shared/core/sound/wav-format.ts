/** How fast the sound of a WAV file plays; `mpeg` is told by its own frames. */
export type WavFormat =
  | 'mpeg'
  | {
      /** The fewest that a decoder plays in a second. */
      readonly bytesPerSecond: number;
      /** What the head says of it agrees. */
      readonly isExact: boolean;
    };

interface Head {
  readonly channels: number;
  /** Samples a second. */
  readonly rate: number;
  readonly bits: number;
  /** Bytes of a sample in all channels, as the head says; most decoders work it out instead. */
  readonly blockAlign: number;
}

const EXTENSIBLE = 0xfffe;
const EXTENSIBLE_BYTES = 40;

/** By the codes of `mmreg.h`. Codings that are not here are refused, as the length of their sound is not bounded. */
const CODINGS: ReadonlyMap<number, (head: Head) => WavFormat | undefined> = new Map([
  // PCM: samples of whole bytes.
  [0x0001, (head) => (head.bits >= 1 && head.bits <= 64 ? plain(head, Math.ceil(head.bits / 8)) : undefined)],
  // Floats.
  [0x0003, (head) => (head.bits === 32 || head.bits === 64 ? plain(head, head.bits / 8) : undefined)],
  // A-law and mu-law: a byte a sample, whatever the head says.
  [0x0006, (head) => plain(head, 1)],
  [0x0007, (head) => plain(head, 1)],
  // ADPCM of Microsoft and of IMA: the head of a block holds fewer samples than as many bytes of samples.
  [0x0002, adpcm],
  [0x0011, adpcm],
  // GSM 6.10: 320 samples in 65 bytes.
  [0x0031, ({ rate }) => ({ bytesPerSecond: (rate * 65) / 320, isExact: false })],
  [0x0050, () => 'mpeg'],
  [0x0055, () => 'mpeg'],
]);

/** Reads a `fmt ` chunk; `undefined` if its coding is not known, or it makes no sense. */
export function wavFormat(chunk: Buffer): WavFormat | undefined {
  if (chunk.length < 16) return undefined;
  const code = chunk.readUInt16LE(0);
  const head: Head = {
    channels: chunk.readUInt16LE(2),
    rate: chunk.readUInt32LE(4),
    blockAlign: chunk.readUInt16LE(12),
    bits: chunk.readUInt16LE(14),
  };
  if (head.channels === 0 || head.rate === 0) return undefined;
  if (code !== EXTENSIBLE) return CODINGS.get(code)?.(head);
  // The code itself is the beginning of an identifier then.
  return chunk.length < EXTENSIBLE_BYTES ? undefined : CODINGS.get(chunk.readUInt16LE(24))?.(head);
}

/** Some readers believe the size of a block: if it is the smaller one, the sound lasts longer for them. */
function plain({ channels, rate, blockAlign }: Head, sampleBytes: number): WavFormat {
  const block = channels * sampleBytes;
  const least = blockAlign === 0 ? block : Math.min(block, blockAlign);
  return { bytesPerSecond: rate * least, isExact: block === blockAlign };
}

function adpcm({ channels, rate, bits }: Head): WavFormat | undefined {
  if (bits < 2 || bits > 5) return undefined;
  return { bytesPerSecond: (rate * channels * bits) / 8, isExact: false };
}
