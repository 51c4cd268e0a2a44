import { createHash } from 'node:crypto';

/** Hexadecimal digits that depend on nothing but the given parts: the simulator's only source of variety. */
export function digest(...parts: readonly (string | number)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(String(part)).update('\0');
  return hash.digest('hex');
}

/** Picks one of several, always the same one for the same digest. */
export function pick<T>(choices: readonly [T, ...T[]], hex: string): T {
  return choices[Number.parseInt(hex.slice(0, 8), 16) % choices.length] ?? choices[0];
}

/** A whole number from 0 to below `limit`, always the same one for the same digest. */
export function below(limit: number, hex: string): number {
  return Number.parseInt(hex.slice(0, 8), 16) % limit;
}

/**
 * Yields numbers from -1 to 1 that look random (a 32-bit xorshift): enough for vectors, useless for secrets.
 *
 * @param hex at least eight hexadecimal digits
 */
export function* numbers(hex: string): Generator<number, never> {
  let state = Number.parseInt(hex.slice(0, 8), 16) | 1;
  for (;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state / 0x8000_0000;
  }
}
