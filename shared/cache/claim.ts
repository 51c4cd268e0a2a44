import type { Seal } from './seal.ts';

/** The right to compute one answer while identical calls wait for it. */
export interface Claim {
  /** Of the answer, from `Seal.name`. */
  readonly name: string;
  /** The sealed bytes that stand for it in the cache. */
  readonly proof: Uint8Array;
}

const TIME_BYTES = 8;

/** Proofs are sealed under a name of their own, so that neither a proof nor an answer can stand in for the other. */
function sealedName(name: string): string {
  return `claim:${name}`;
}

/** @param at milliseconds since the epoch */
export function makeClaim(seal: Seal, name: string, at: number): Claim {
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(Math.max(0, Math.trunc(at))));
  return { name, proof: seal.seal(sealedName(name), time) };
}

/**
 * Whether a proof was made by this stage, for this answer, less than `ttlSeconds` ago. A store that invents claims, or
 * keeps old ones, makes nobody wait.
 *
 * @param now milliseconds since the epoch
 */
export function isGenuine(
  seal: Seal,
  name: string,
  proof: Uint8Array | undefined,
  now: number,
  ttlSeconds: number,
): boolean {
  const content = proof === undefined ? undefined : seal.open(sealedName(name), proof);
  if (content?.length !== TIME_BYTES) return false;
  const at = Number(content.readBigUInt64BE(0));
  return Math.abs(now - at) <= ttlSeconds * 1_000;
}
