import type { ContainerSize } from './containers.ts';

/** The kinds of things that OpenAI keeps in an account, as far as callers can reach them through Farebox. */
export const OBJECT_KINDS = [
  'audio',
  'batch',
  'chat_completion',
  'container',
  'conversation',
  'file',
  'item',
  'response',
  'upload',
  'upload_part',
  'vector_store',
] as const;

/**
 * What owners are written down as: beside these kinds a `sent_item`, which OpenAI did not make. A caller sent it whole to
 * be stored, under an id that nobody owned; it may come back under that id, and must not become anybody's by that.
 */
export const RECORDED_KINDS = [...OBJECT_KINDS, 'sent_item'] as const;
export type ObjectKind = (typeof RECORDED_KINDS)[number];

/** What decides where an object stands in a list, and which filters find it. */
export interface ListingFacts {
  /** When OpenAI made it, in seconds since the epoch; absent where that is not known. */
  readonly createdAt?: number;
  /** All that a list can be filtered by, as `tagOf` writes it. */
  readonly tags?: readonly string[];
}

/** A thing that OpenAI keeps in the stage's one account, and the project that it belongs to here. */
export interface StoredObject extends ListingFacts {
  /** OpenAI's own id of it, such as `file-abc` or `resp_abc`. */
  readonly id: string;
  readonly kind: ObjectKind;
  readonly project: string;
  readonly user: string;
  /** The call that made it: with the project, the way to its entry. Absent where an admin gave it to the project. */
  readonly call?: string;
  /**
   * Of a container: its size, or the largest that it may have. Of what models read (responses, conversations, items): the
   * largest container in what has been said, which the next answer may go on using. Absent: none.
   */
  readonly size?: ContainerSize;
  /** Of a conversation: all that it holds came through the rules of metered calls, or was read by them since. */
  readonly vetted?: true;
}

/**
 * OpenAI's own ids have up to some 70 characters; other servers of its API make longer ones. With this bound the key
 * that an id becomes, each character escaped, stays below the 2,048 bytes that DynamoDB allows in a partition key.
 */
const OBJECT_ID = /^[!-~]{1,512}$/;

/** Whether a text can be the id of an object. Any other names nothing, so it is never looked up. */
export function isObjectId(text: string): boolean {
  return OBJECT_ID.test(text);
}

/** @throws RangeError if an object has an id by which nobody could ever find it */
export function requireObjectIds(objects: readonly StoredObject[]): void {
  const unfit = objects.find(({ id }) => !isObjectId(id));
  if (unfit !== undefined) throw new RangeError(`a ${unfit.kind} has an id that cannot be looked up`);
}
