/** Samples that a block of AAC has at most, at its own sampling rate (960 is rare, and 512 or 480 with low delay). */
export const AAC_FRAME_SAMPLES = 1_024;

/** Sampling rates by their index (ISO/IEC 14496-3, table 1.18). */
export const AAC_RATES: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

/** The kinds of AAC whose blocks have 1,024 samples or fewer: Main, LC, SSR, LTP, with SBR or PS, and with low delay. */
const KNOWN_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 17, 19, 20, 23, 29, 39]);

/**
 * The rate that the blocks of AAC are coded at, by the configuration of their decoder (ISO/IEC 14496-3, section 1.6.2.1).
 * SBR doubles the rate and the samples of a block alike.
 *
 * @returns `undefined` for what is not such AAC
 */
export function aacRate(config: Uint8Array): number | undefined {
  const bits = bitReader(config);
  const type = objectType(bits);
  const index = bits(4);
  const rate = index === 15 ? bits(24) : AAC_RATES[index];
  return KNOWN_TYPES.has(type) && rate !== undefined && rate > 0 && config.length >= 2 ? rate : undefined;
}

function objectType(bits: (count: number) => number): number {
  const type = bits(5);
  return type === 31 ? 32 + bits(6) : type;
}

/** Reads bits from the highest on; those past the end are 0. */
function bitReader(bytes: Uint8Array): (count: number) => number {
  let at = 0;
  return (count) => {
    let value = 0;
    for (let bit = 0; bit < count; bit++, at++) {
      value = value * 2 + (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    }
    return value;
  };
}
