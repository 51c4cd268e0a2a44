import { CONTAINER_IDLE_MINUTES, CONTAINER_UNITS, type ContainerSize } from '../core/containers.ts';
import { isObjectId, type StoredObject } from '../core/objects.ts';
import type { Served, UsedContainer } from '../core/usage.ts';
import type { BookedContainer, Objects } from '../ports/objects.ts';

/** A call that ran in containers. */
export interface ContainerUser {
  readonly id: string;
  readonly project: string;
  readonly user: string;
  /** From when until when it ran, at most; milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
  /** The largest container that it can have run in; absent: its answer's own tools are all that tells. */
  readonly largest: ContainerSize | undefined;
}

/**
 * What was served, with the time of its containers as it is: each container is of its own size, and each minute of it is
 * booked once, however many calls use it. May be asked again for the same call. Throws `Unavailable`.
 */
export async function withContainerTime(
  served: Served,
  user: ContainerUser,
  objects: Pick<Objects, 'own' | 'bookContainer'>,
): Promise<Served> {
  const { containers = [], ...rest } = served;
  if (containers.length === 0) return served;
  const counts = { ...served.counts };
  const times = await Promise.all(containers.map(({ id }) => timeOf(id, user, objects)));
  for (const [index, { unit: counted }] of containers.entries()) {
    const { minutes = CONTAINER_IDLE_MINUTES, size = user.largest } = times[index] ?? {};
    const unit = size === undefined ? counted : CONTAINER_UNITS[size];
    counts[counted] = (counts[counted] ?? 0) - CONTAINER_IDLE_MINUTES;
    counts[unit] = (counts[unit] ?? 0) + minutes;
  }
  return { ...rest, counts: withoutZeros(counts) };
}

/** The same where the books of containers cannot be reached: a session of each, as large as it can be. */
export function withLargestContainers(served: Served, largest: ContainerSize | undefined): Served {
  const { containers = [], ...rest } = served;
  const counts = { ...served.counts };
  for (const { unit: counted } of containers) {
    const unit = largest === undefined ? counted : CONTAINER_UNITS[largest];
    counts[counted] = (counts[counted] ?? 0) - CONTAINER_IDLE_MINUTES;
    counts[unit] = (counts[unit] ?? 0) + CONTAINER_IDLE_MINUTES;
  }
  return { ...rest, counts: withoutZeros(counts) };
}

/** One that nobody owns yet was made for this call. */
async function timeOf(
  id: UsedContainer['id'],
  { id: call, project, user, from, until, largest }: ContainerUser,
  objects: Pick<Objects, 'own' | 'bookContainer'>,
): Promise<BookedContainer> {
  const unknown = { minutes: CONTAINER_IDLE_MINUTES };
  if (!isObjectId(id)) return unknown;
  const use = { from, until };
  const booked = await objects.bookContainer(id, call, use);
  if (booked !== undefined) return booked;
  const own: StoredObject = { id, kind: 'container', project, user, call };
  await objects.own([largest === undefined ? own : { ...own, size: largest }]);
  return (await objects.bookContainer(id, call, use)) ?? unknown;
}

function withoutZeros(counts: Served['counts']): Served['counts'] {
  return Object.fromEntries(Object.entries(counts).filter(([, units]) => units > 0));
}
