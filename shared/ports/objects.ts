import type { ContainerSize, ContainerUse } from '../core/containers.ts';
import type { ListedKind } from '../core/listed-objects.ts';
import type { StoredObject } from '../core/objects.ts';

/** A part of what a project has of a kind, in the order in which it was made. */
export interface ListQuery {
  readonly project: string;
  readonly kind: ListedKind;
  readonly order: 'asc' | 'desc';
  /** The id of the one that it begins after, and of the one that it ends before. */
  readonly after?: string;
  readonly before?: string;
  /** Only what has all of these, or was written down without any: what that is, OpenAI alone knows. */
  readonly tags: readonly string[];
  readonly limit: number;
}

export interface ListedObject {
  readonly id: string;
  readonly kind: ListedKind;
  readonly project: string;
  /** `placeOf` it. */
  readonly place: string;
}

export interface ObjectList {
  readonly objects: readonly ListedObject[];
  /** There are more, or may be. */
  readonly more: boolean;
}

/**
 * Who owns what OpenAI keeps. An owner is written once and never changed by callers: the first one stays. What can be
 * listed is listed for its project, until it is deleted. A text that cannot be an id (`isObjectId`) has no owner,
 * wherever it came from. Throws `Unavailable`.
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
  /** Notes that what an object holds was read and may be leaned on; does nothing where it has no owner. */
  vet(id: string): Promise<void>;
  /** Forgets an object that OpenAI has deleted. */
  disown(id: string): Promise<void>;
  /** Lists what a project owns: nothing after or before what is not listed. Sees every write that was acknowledged. */
  list(query: ListQuery): Promise<ObjectList>;
  /** Lists an object no more, which stays its owner's. */
  unlist(object: ListedObject): Promise<void>;
  /** Changes what an object is found by; nothing where it is not listed. */
  retag(id: string, tags: readonly string[]): Promise<void>;
  /** Remembers that a larger container is in an object than was known; never a smaller one. Nothing where it has no owner. */
  enlarge(id: string, size: ContainerSize): Promise<void>;
  /**
   * Books the minutes of a container that nobody has booked, for a call that used it. Each is booked once, for one of the
   * calls that race for it; the same call gets the same minutes, however often it asks.
   *
   * @returns `undefined` where no such container has an owner
   */
  bookContainer(id: string, call: string, use: ContainerUse): Promise<BookedContainer | undefined>;
}

/** What a call owes for a container. */
export interface BookedContainer {
  readonly minutes: number;
  /** Absent where it is not known. */
  readonly size?: ContainerSize;
}
