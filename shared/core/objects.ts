/** The kinds of things that OpenAI keeps in an account, as far as callers can reach them through Farebox. */
export const OBJECT_KINDS = [
  'batch',
  'chat_completion',
  'container',
  'conversation',
  'file',
  'item',
  'response',
  'upload',
  'vector_store',
] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/** A thing that OpenAI keeps in the stage's one account, and the project that it belongs to here. */
export interface StoredObject {
  /** OpenAI's own id of it, such as `file-abc` or `resp_abc`. */
  readonly id: string;
  readonly kind: ObjectKind;
  readonly project: string;
  readonly user: string;
  /** The call that made it: with the project, the way to its entry. Absent where an admin gave it to the project. */
  readonly call?: string;
}
