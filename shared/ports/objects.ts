/** The kinds of things that OpenAI keeps for a project until they are deleted. */
export const OBJECT_KINDS = [
  'batch',
  'chat_completion',
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
  /** The call that made it: with the project, the way to its entry. */
  readonly call: string;
}

/**
 * Who owns what OpenAI keeps. An owner is written once and never changed by callers: the first one stays. Throws
 * `Unavailable`.
 */
export interface Objects {
  /** Writes owners before anybody can be told of the objects. One that is there already stays as it is. */
  own(objects: readonly StoredObject[]): Promise<void>;
  /** The owners that are known, by id; those of no known object are left out. */
  owners(ids: readonly string[]): Promise<ReadonlyMap<string, StoredObject>>;
  /** Forgets an object that OpenAI has deleted. */
  disown(id: string): Promise<void>;
}
