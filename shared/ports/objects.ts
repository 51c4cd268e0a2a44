import type { StoredObject } from '../core/objects.ts';

/**
 * Who owns what OpenAI keeps. An owner is written once and never changed by callers: the first one stays. A text that
 * cannot be an id (`isObjectId`) has no owner, wherever it came from. Throws `Unavailable`.
 */
export interface Objects {
  /**
   * Writes owners before anybody can be told of the objects. One that is there already stays as it is.
   *
   * @throws RangeError after the others were written, if an object has an id that nobody could look up
   */
  own(objects: readonly StoredObject[]): Promise<void>;
  /** The owners that are known, by id; those of no known object are left out. */
  owners(ids: readonly string[]): Promise<ReadonlyMap<string, StoredObject>>;
  /** Forgets an object that OpenAI has deleted. */
  disown(id: string): Promise<void>;
}
