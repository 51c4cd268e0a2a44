/** What a later turn may go on from: the whole context so far, as texts of JSON. */
export interface Context {
  /** A response that OpenAI has stored, which the items follow. */
  readonly stored?: string;
  readonly items: readonly string[];
}

/** A longer context could not be sent again: a Lambda function URL takes 6 MiB. */
const MOST_CONTEXT_BYTES = 6 * 1024 * 1024;
const MOST_BYTES = 16 * 1024 * 1024;

interface Kept extends Context {
  readonly id: string;
  readonly bytes: number;
}

/**
 * The latest response of each lane of one socket, so that a caller who stores nothing at OpenAI can go on from it by
 * its id. It holds at most 16 MiB; what was kept longest ago goes first.
 */
export class ResponseMemory {
  /** By lane, the longest kept first. */
  readonly #kept = new Map<string, Kept>();

  /** The context that ends with a response, whichever lane made it. */
  find(id: string): Context | undefined {
    return [...this.#kept.values()].find((kept) => kept.id === id);
  }

  /** Keeps a response in place of the lane's last one, unless its context is too large to be sent again. */
  keep(lane: string, id: string, context: Context): void {
    this.#kept.delete(lane);
    const bytes = context.items.reduce((sum, item) => sum + Buffer.byteLength(item), 0);
    if (bytes > MOST_CONTEXT_BYTES) return;
    this.#kept.set(lane, { ...context, id, bytes });
    let all = [...this.#kept.values()].reduce((sum, kept) => sum + kept.bytes, 0);
    for (const [oldest, kept] of this.#kept) {
      if (all <= MOST_BYTES) return;
      this.#kept.delete(oldest);
      all -= kept.bytes;
    }
  }

  /** Forgets a response: a turn that went on from it failed. */
  forget(id: string): void {
    for (const [lane, kept] of this.#kept) if (kept.id === id) this.#kept.delete(lane);
  }
}
