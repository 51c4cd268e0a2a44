import { isObjectId, requireObjectIds, type StoredObject } from '../core/objects.ts';
import type { Objects } from '../ports/objects.ts';

/** The owners of a stage's objects in memory: for tests, and for trying things out. */
export function createMemoryObjects(): Objects {
  const known = new Map<string, StoredObject>();
  return {
    async own(objects) {
      for (const object of objects)
        if (isObjectId(object.id) && !known.has(object.id)) known.set(object.id, { ...object });
      requireObjectIds(objects);
    },
    async owners(ids) {
      return new Map(ids.flatMap((id) => entryOf(id, known.get(id))));
    },
    async disown(id) {
      known.delete(id);
    },
  };
}

function entryOf(id: string, object: StoredObject | undefined): [string, StoredObject][] {
  return object === undefined ? [] : [[id, object]];
}
