/** The sizes of containers by their memory, the smallest first, and what a minute of each is billed as. */
export const CONTAINER_UNITS = {
  '1g': 'container_1g',
  '4g': 'container_4g',
  '16g': 'container_16g',
  '64g': 'container_64g',
} as const;

export type ContainerSize = keyof typeof CONTAINER_UNITS;
export type ContainerUnit = (typeof CONTAINER_UNITS)[ContainerSize];

export const CONTAINER_SIZES = Object.keys(CONTAINER_UNITS) as [ContainerSize, ...ContainerSize[]];
export const DEFAULT_SIZE: ContainerSize = '1g';
/** What one is taken for of which nothing is known. */
export const LARGEST_SIZE: ContainerSize = '64g';

/** "A container expires if it is not used for 20 minutes" ("Code interpreter" guide); until then it may be billed. */
export const CONTAINER_IDLE_MINUTES = 20;

/** The longest that Lambda lets a function run, and so the longest that an answer can go on using a container. */
export const LONGEST_ANSWER_MINUTES = 15;

/** The most minutes that a container can be billed for one answer: used to its end, and then left. */
export const MAX_CONTAINER_MINUTES = LONGEST_ANSWER_MINUTES + CONTAINER_IDLE_MINUTES;

const MINUTE_MS = 60_000;

export function isContainerSize(text: unknown): text is ContainerSize {
  return typeof text === 'string' && Object.hasOwn(CONTAINER_UNITS, text);
}

/** The largest of several; `undefined` of none. */
export function largestSize(sizes: readonly (ContainerSize | undefined)[]): ContainerSize | undefined {
  return CONTAINER_SIZES.findLast((size) => sizes.includes(size));
}

/** The time in which a container is used. */
export interface ContainerUse {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
}

/** Minutes that are booked for a container, and the time up to which it is booked then. */
export interface BookedTime {
  readonly minutes: number;
  /** Milliseconds since the epoch. */
  readonly bookedUntil: number;
}

/**
 * The minutes of a container that nobody has booked yet: from its first use to the time when it expires after its last.
 * Begun minutes count whole, and what they were begun for is booked with them; only that which the first answer begins
 * is left out, as a container comes to be in the midst of it.
 *
 * @param bookedUntil milliseconds since the epoch; absent for a container that nobody has booked
 */
export function furtherTime(bookedUntil: number | undefined, { from, until }: ContainerUse): BookedTime {
  const expires = until + CONTAINER_IDLE_MINUTES * MINUTE_MS;
  if (bookedUntil === undefined || bookedUntil < from) {
    return { minutes: Math.floor((expires - from) / MINUTE_MS), bookedUntil: expires };
  }
  const minutes = Math.max(0, Math.ceil((expires - bookedUntil) / MINUTE_MS));
  return { minutes, bookedUntil: bookedUntil + minutes * MINUTE_MS };
}
