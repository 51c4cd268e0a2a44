import type { Seal } from './seal.ts';

/** The right to compute one answer while identical calls wait for it. */
export interface Claim {
  readonly key: string;
  /** The sealed bytes that stand for it in the cache. */
  readonly proof: Uint8Array;
}

const TIME_BYTES = 8;

/** Proofs are sealed under a name of their own, so that neither a proof nor an answer can stand in for the other. */
function sealedName(key: string): string {
  return `claim:${key}`;
}

/** @param at milliseconds since the epoch */
export async function makeClaim(seal: Seal, key: string, at: number): Promise<Claim> {
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(Math.max(0, Math.trunc(at))));
  return { key, proof: await seal.seal(sealedName(key), time) };
}

/**
 * Whether a proof was made by this stage, for this key, less than `ttlSeconds` ago. A store that invents claims, or
 * keeps old ones, makes nobody wait.
 *
 * @param now milliseconds since the epoch
 */
export async function isGenuine(
  seal: Seal,
  key: string,
  proof: Uint8Array | undefined,
  now: number,
  ttlSeconds: number,
): Promise<boolean> {
  const content = proof === undefined ? undefined : await seal.open(sealedName(key), proof);
  if (content?.length !== TIME_BYTES) return false;
  const at = Number(new DataView(content.buffer, content.byteOffset).getBigUint64(0));
  return Math.abs(now - at) <= ttlSeconds * 1_000;
}
