import type { KeptItem } from './stored-things.ts';
import type { WireResponse } from './wire-response.ts';

/** A response that is made in the background: it is decided at once, and told when its time has come. */
export interface ResponseJob {
  readonly startsAt: number;
  /** Milliseconds since the epoch, as all times here. */
  endsAt: number;
  isCancelled: boolean;
  /** Its events, those after a number; only of one that was created as a stream. */
  readonly frames?: (after: number) => Iterable<string>;
}

export interface StoredResponse {
  readonly response: WireResponse;
  /** Absent where it was answered at once. */
  readonly job?: ResponseJob;
  /** What a later response that continues this one takes in beside its own input. */
  readonly conversation: string;
  /** What it was asked, as items. */
  readonly input: readonly KeptItem[];
  /** The text of each of its items by the item's id: what a reference to it adds to an input. */
  readonly items: ReadonlyMap<string, string>;
}

const MAX_STORED = 1_000;

/** The responses that were created with `store`, the newest thousand of them. */
export interface ResponseStore {
  get(id: string): StoredResponse | undefined;
  /** The text of an item that any stored response put out, or was asked. */
  itemText(id: string): string | undefined;
  put(stored: StoredResponse): void;
  /** Whether there was one to delete. */
  delete(id: string): boolean;
}

/** An empty store, in memory. */
export function responseStore(): ResponseStore {
  const byId = new Map<string, StoredResponse>();
  return {
    get: (id) => byId.get(id),
    itemText(id) {
      for (const { items, input } of byId.values()) {
        const asked = input.find((item) => item.id === id);
        const text = items.get(id) ?? (asked && JSON.stringify(asked));
        if (text !== undefined) return text;
      }
      return undefined;
    },
    delete: (id) => byId.delete(id),
    put(stored) {
      byId.set(stored.response.id, stored);
      for (const oldest of byId.keys()) {
        if (byId.size <= MAX_STORED) return;
        byId.delete(oldest);
      }
    },
  };
}
