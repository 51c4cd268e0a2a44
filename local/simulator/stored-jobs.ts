import type { JsonObject } from '../../shared/core/json.ts';

/** A file of the simulated account. */
export interface StoredFile {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly filename: string;
  readonly purpose: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
}

/** A request of a batch. */
export interface BatchLine {
  readonly custom_id: string;
  readonly body: JsonObject;
}

/** A batch of the simulated account: its lines are run, one after the other, when somebody looks. */
export interface StoredBatch {
  readonly id: string;
  readonly endpoint: string;
  readonly inputFile: string;
  readonly metadata: JsonObject | null;
  readonly lines: readonly BatchLine[];
  /** What is wrong with the file: then nothing is run. */
  readonly errors: readonly object[];
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number;
  readonly endsAt: number;
  cancelledAt?: number;
  /** What it came to, once it has ended. */
  ended?: Ended;
}

export interface Ended {
  readonly status: 'completed' | 'cancelled';
  readonly outputFile?: string;
  readonly errorFile?: string;
  readonly completed: number;
  readonly failed: number;
}
