import type { LambdaOptions } from '../lambda-api.ts';

/** What one look at the surroundings came to. */
export interface Finding {
  /** `note`: nothing is wrong, but something is not there that some people need. */
  readonly state: 'good' | 'note' | 'bad';
  readonly says: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** What the checks look at. */
export interface Patient extends LambdaOptions {
  readonly staging: string;
  readonly project?: string | undefined;
  readonly url?: string | undefined;
  readonly clientVersion: string;
}

export interface Check {
  readonly name: string;
  /** The checks without which there is nothing to look at. */
  readonly needs?: readonly string[];
  readonly look: (patient: Patient) => Promise<Finding>;
}

export function good(says: string): Finding {
  return { state: 'good', says };
}

export function note(says: string, advice?: string): Finding {
  return { state: 'note', says, ...(advice === undefined ? {} : { advice }) };
}

export function bad(says: string, advice?: string): Finding {
  return { state: 'bad', says, ...(advice === undefined ? {} : { advice }) };
}
