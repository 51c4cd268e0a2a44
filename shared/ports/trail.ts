import type { JsonObject } from '../core/json.ts';

/** One change that an admin asked for. */
export interface TrailEntry {
  /** Unique, and in the order of time. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Who, in the admin's own word; `null` where none was given. */
  readonly by: string | null;
  /** The id of the invocation, under which AWS knows who it was; `null` outside of Lambda. */
  readonly request: string | null;
  readonly command: string;
  /** The fields of the payload. */
  readonly fields: JsonObject;
  /** `begun` until the command has answered: then `done`, or the code of its refusal. */
  readonly outcome: string;
}

/** The changes of one stage by its admins: written before they are made, never removed. Throws `Unavailable`. */
export interface Trail {
  begin(entry: TrailEntry): Promise<void>;
  end(id: string, outcome: string): Promise<void>;
  /** The newest first. */
  entries(): AsyncIterable<TrailEntry>;
}
