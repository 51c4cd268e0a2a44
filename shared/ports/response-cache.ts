/**
 * A store of sealed bytes under opaque keys. It may lose anything at any time; it never throws, never takes longer
 * than its bound, and is not trusted: what it returns is proved by the seal, not by the store.
 */
export interface ResponseCache {
  get(key: string): Promise<Uint8Array | undefined>;
  /** @param ttlSeconds how long the value may be kept */
  set(key: string, value: Uint8Array, ttlSeconds: number): Promise<void>;
  /**
   * Claims the right to compute the value of a key, for at most `ttlSeconds`. `free`: the claim is now the caller's ·
   * `taken`: somebody else computes it · `unknown`: the store did not answer, do not wait for it.
   *
   * @param proof sealed bytes that show the others that the claim is genuine, and whose
   */
  claim(key: string, proof: Uint8Array, ttlSeconds: number): Promise<'free' | 'taken' | 'unknown'>;
  /** The proof of whoever holds the claim; `undefined`: nobody does, or the store did not answer. */
  claimed(key: string): Promise<Uint8Array | undefined>;
  unclaim(key: string): Promise<void>;
}
