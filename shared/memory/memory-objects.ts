import { furtherTime, largestSize } from '../core/containers.ts';
import { isListed, placeOf } from '../core/listed-objects.ts';
import { isObjectId, requireObjectIds, type StoredObject } from '../core/objects.ts';
import type { Clock } from '../ports/clock.ts';
import type { ListedObject, ListQuery, Objects } from '../ports/objects.ts';

/** Up to when a container is booked, and for which calls. */
interface BookedTimes {
  readonly until?: number;
  readonly calls: ReadonlyMap<string, number>;
}

interface Listing extends ListedObject {
  readonly tags: readonly string[];
}

/** The owners of a stage's objects in memory: for tests, and for trying things out. */
export function createMemoryObjects(clock: Clock = { now: () => Date.now() }): Objects {
  const known = new Map<string, StoredObject>();
  const listings = new Map<string, Listing>();
  const containers = new Map<string, BookedTimes>();
  /** Of all that was ever listed and is still owned: a cursor may name what is listed no more. */
  const places = new Map<string, ListedObject>();

  function list(object: StoredObject): void {
    const { id, kind, project, createdAt, tags = [] } = object;
    if (!isListed(kind)) return;
    const place = { id, kind, project, place: placeOf(id, createdAt, clock.now()) };
    places.set(id, place);
    listings.set(id, { ...place, tags });
  }

  return {
    async own(objects) {
      for (const object of objects) {
        if (!isObjectId(object.id) || known.has(object.id)) continue;
        const { createdAt: _at, tags: _tags, ...owner } = object;
        known.set(object.id, owner);
        list(object);
      }
      requireObjectIds(objects);
    },
    async owners(ids) {
      return new Map(ids.flatMap((id) => entryOf(id, known.get(id))));
    },
    async vet(id) {
      const object = known.get(id);
      if (object !== undefined) known.set(id, { ...object, vetted: true });
    },
    async disown(id) {
      known.delete(id);
      containers.delete(id);
      listings.delete(id);
      places.delete(id);
    },
    async list(query) {
      const found = [...listings.values()].filter((each) => isIn(query, each));
      const ordered = found.toSorted(({ place: a }, { place: b }) => (a < b ? -1 : 1));
      const objects = query.order === 'asc' ? ordered : ordered.toReversed();
      const placeOfId = (id: string) => {
        const known = places.get(id);
        return known?.project === query.project && known.kind === query.kind ? known.place : undefined;
      };
      return part(objects, query, placeOfId);
    },
    async unlist({ id }) {
      listings.delete(id);
    },
    async enlarge(id, size) {
      const object = known.get(id);
      if (object !== undefined) known.set(id, { ...object, size: largestSize([object.size, size]) ?? size });
    },
    async bookContainer(id, call, use) {
      const object = known.get(id);
      if (object?.kind !== 'container') return undefined;
      const booked: BookedTimes = containers.get(id) ?? { calls: new Map() };
      const size = object.size === undefined ? {} : { size: object.size };
      const before = booked.calls.get(call);
      if (before !== undefined) return { minutes: before, ...size };
      const { minutes, bookedUntil } = furtherTime(booked.until, use);
      if (minutes > 0)
        containers.set(id, { until: bookedUntil, calls: new Map([...booked.calls, [call, minutes]]) });
      return { minutes, ...size };
    },
    async retag(id, tags) {
      const listing = listings.get(id);
      if (listing !== undefined) listings.set(id, { ...listing, tags });
    },
  };
}

function isIn({ project, kind, tags }: ListQuery, listing: Listing): boolean {
  return (
    listing.project === project &&
    listing.kind === kind &&
    (listing.tags.length === 0 || tags.every((tag) => listing.tags.includes(tag)))
  );
}

/** @param placeOfId of the objects that a query names */
function part(
  objects: readonly Listing[],
  { after, before, order, limit }: ListQuery,
  placeOfId: (id: string) => string | undefined,
) {
  const comes = (a: string, b: string) => (order === 'asc' ? a < b : a > b);
  const [from, to] = [after, before].map((id) => (id === undefined ? undefined : placeOfId(id)));
  if ((after !== undefined && from === undefined) || (before !== undefined && to === undefined))
    return { objects: [], more: false };
  const within = objects.filter(
    ({ place }) => (from === undefined || comes(from, place)) && (to === undefined || comes(place, to)),
  );
  const isLast = to !== undefined && from === undefined;
  const some = isLast ? within.slice(-limit) : within.slice(0, limit);
  return { objects: some, more: some.length < within.length };
}

function entryOf(id: string, object: StoredObject | undefined): [string, StoredObject][] {
  return object === undefined ? [] : [[id, object]];
}
