import { type ContainerSize, LARGEST_SIZE, largestSize } from '../../shared/core/containers.ts';
import type { StoredObject } from '../../shared/core/objects.ts';
import type { Served } from '../../shared/core/usage.ts';
import { withContainerTime, withLargestContainers } from '../../shared/ledger/container-time.ts';
import type { Admitted, FreeWork, HeldCall, Work } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { withRent } from './rented-work.ts';
import { nameOf } from './settle.ts';

/**
 * What is asked, bounded by the containers that it can run in: OpenAI goes on using one that is still active in what a
 * request leans on, whatever size the request asks for ("Code interpreter" guide, "Containers").
 *
 * @param owners of all that the request names
 */
export function withContainers(
  work: Work,
  owners: readonly StoredObject[],
): Pick<Admitted, 'work' | 'containerSize'> {
  const inContext = largestSize(owners.map(sizeIn));
  const made = work.kind === 'metered' ? (work.rules.containers?.(work.body) ?? []) : [madeBy(work)];
  const largest = largestSize([inContext, ...made]);
  const containerSize = largest === undefined ? {} : { containerSize: largest };
  if (work.kind === 'free') return { work: withRent(work, owners), ...containerSize };
  if (inContext === undefined || made.length === 0) return { work, ...containerSize };
  return { work: { ...work, ...work.boundWith?.({ containerSize: inContext }) }, ...containerSize };
}

/** The size of the container that a call makes by itself. */
function madeBy({ rent }: FreeWork): ContainerSize | undefined {
  return rent !== undefined && rent.named === undefined ? rent.size : undefined;
}

/** The largest container in an object. What an admin gave to a project was made elsewhere, with who knows what in it. */
function sizeIn({ kind, size, call }: StoredObject): ContainerSize | undefined {
  if (size !== undefined || kind === 'file' || kind === 'vector_store') return size;
  return kind === 'container' || call === undefined ? LARGEST_SIZE : undefined;
}

/** Before a container can come to be in a conversation that goes on: later calls in it may use it. */
export async function rememberContainers(
  size: ContainerSize | undefined,
  owners: readonly StoredObject[],
  { objects }: Pick<ProxyDeps, 'objects'>,
): Promise<void> {
  if (size === undefined) return;
  const smaller = owners.filter(
    (owner) => owner.kind === 'conversation' && largestSize([owner.size, size]) !== owner.size,
  );
  await Promise.all(smaller.map(({ id }) => objects.enlarge(id, size)));
}

/**
 * What an answer that has ended served, with the time of its containers. Never throws: where that cannot be booked, each
 * of them is a session of the largest.
 */
export async function withTime(call: HeldCall, served: Served, deps: ProxyDeps): Promise<Served> {
  if (served.containers === undefined) return served;
  const { id, projectName: project, user, at: from, containerSize: largest } = call;
  try {
    return await withContainerTime(
      served,
      { id, project, user, from, until: deps.clock.now(), largest },
      deps.objects,
    );
  } catch (error) {
    deps.log.event('warn', 'container_unbooked', { call: id, fault: nameOf(error) });
    return withLargestContainers(served, largest);
  }
}
