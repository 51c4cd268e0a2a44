import type { JsonObject } from '../../shared/core/json.ts';

/** An item of a conversation, or of what a response was asked. */
export type KeptItem = JsonObject & { readonly id: string };

/** A conversation of the simulated account. */
export interface StoredConversation {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  metadata: JsonObject;
  items: readonly KeptItem[];
}

/** A file of the simulated account that comes in parts. */
export interface StoredUpload {
  readonly id: string;
  readonly filename: string;
  readonly purpose: string;
  readonly bytes: number;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly parts: Map<string, Uint8Array>;
  status: 'pending' | 'completed' | 'cancelled';
}

/** A chat completion that was made with `store`. */
export interface StoredChat {
  readonly completion: JsonObject & { readonly id: string };
  readonly messages: readonly JsonObject[];
  metadata: JsonObject;
}
