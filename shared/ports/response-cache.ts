/**
 * A store of sealed items under opaque keys. It may lose anything at any time; it never throws, never takes longer
 * than its bound, and is not trusted: what it returns is proved by the seal, not by the store.
 */
export interface ResponseCache {
  readonly capacity: CacheCapacity;
  get(key: string): Promise<Uint8Array | undefined>;
  /**
   * @param item of no more than `capacity.itemBytes`
   * @param ttlSeconds how long it may be kept
   * @returns whether it was stored
   */
  set(key: string, item: Uint8Array, ttlSeconds: number): Promise<boolean>;
  /** Says that what `get` returned was not sealed by this stage, in case the store mixed up its answers. */
  distrust(key: string): void;
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

/** What a store takes, so that a larger answer can be split, or left out. */
export interface CacheCapacity {
  /** The most bytes of one item. */
  readonly itemBytes: number;
  /** The most bytes of all items of one answer. */
  readonly answerBytes: number;
  /** How many items it is asked for at once. */
  readonly width: number;
  /** How long all items of one answer may take together, in milliseconds. */
  readonly answerMs: number;
}
