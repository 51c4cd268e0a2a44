import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { isListed, type ListedKind, placeOf } from '../core/listed-objects.ts';
import {
  isObjectId,
  type ObjectKind,
  RECORDED_KINDS,
  requireObjectIds,
  type StoredObject,
} from '../core/objects.ts';
import type { Clock } from '../ports/clock.ts';
import type { ListedObject, ListQuery, ObjectList, Objects } from '../ports/objects.ts';
import { type Item, itemOf, numberAttribute, optional, text, textAttribute } from './attributes.ts';
import { bookContainer, enlarge, sizeOf } from './container-items.ts';
import { createItemAccess, type ItemAccess } from './item-access.ts';
import { key, TTL_ATTRIBUTE } from './table.ts';

/** As many as one BatchGetItem may ask for. */
const READ_TOGETHER = 100;
const DAY_SECONDS = 86_400;
/** A filter that finds little reads no further in one list: some tens of thousands of the project's own. */
const MOST_PARTS = 10;

/**
 * What OpenAI itself forgets (responses after 30 days, containers and uploads sooner) is forgotten here, after the
 * retention of entries: whoever's it was, it is nobody's then. All else stays until it is deleted.
 */
const PASSING: ReadonlySet<ObjectKind> = new Set([
  'audio',
  'chat_completion',
  'container',
  'item',
  'response',
  'upload',
  'upload_part',
]);

/**
 * The owners of a stage's objects in its table, one item each. What can be listed has a second one, in a partition of
 * its project and kind, which is written after the owner and removed before it: what is listed is owned. The index would
 * do it in one write, but lags behind it.
 */
export function createDynamoDbObjects(
  client: DynamoDBClient,
  tableName: string,
  options: { readonly clock: Clock; readonly retentionDays: number },
): Objects {
  const table = createItemAccess(client, tableName);

  function ttlOf(kind: ObjectKind) {
    const until = Math.ceil(options.clock.now() / 1_000) + options.retentionDays * DAY_SECONDS;
    return PASSING.has(kind) ? numberAttribute(until) : undefined;
  }

  async function own(object: StoredObject): Promise<void> {
    const { id, kind, project, user, call, size, vetted, createdAt, tags } = object;
    const place = placeOf(id, createdAt, options.clock.now());
    const listed = isListed(kind) ? { id, kind, project, place } : undefined;
    const ttl = ttlOf(kind);
    const owner = itemOf({
      ...ownerKey(id),
      id: textAttribute(id),
      kind: textAttribute(kind),
      project: textAttribute(project),
      user: textAttribute(user),
      call: optional(call, textAttribute),
      size: optional(size, textAttribute),
      place: optional(listed?.place, textAttribute),
      vetted: vetted === true ? { BOOL: true } : undefined,
      [TTL_ATTRIBUTE]: ttl,
    });
    if ((await table.create(owner)) === 'exists' || listed === undefined) return;
    await table.create(
      itemOf({
        ...listingKey(listed),
        id: textAttribute(id),
        tags: tagsAttribute(tags),
        [TTL_ATTRIBUTE]: ttl,
      }),
    );
  }

  /** What is listed of an object; `undefined` where it has no owner, or is of a kind that is not listed. */
  async function listingOf(id: string): Promise<ListedObject | undefined> {
    const item = isObjectId(id) ? await table.get(ownerKey(id)) : undefined;
    const place = item?.['place']?.S;
    const owner = item && ownerOf(item);
    if (owner === undefined || place === undefined || !isListed(owner.kind)) return undefined;
    return { id, kind: owner.kind, project: owner.project, place };
  }

  return {
    async own(objects) {
      await Promise.all(objects.filter(({ id }) => isObjectId(id)).map(own));
      requireObjectIds(objects);
    },

    async owners(ids) {
      const distinct = [...new Set(ids)].filter(isObjectId);
      const groups = Array.from({ length: Math.ceil(distinct.length / READ_TOGETHER) }, (_, group) =>
        distinct.slice(group * READ_TOGETHER, (group + 1) * READ_TOGETHER),
      );
      const found = await Promise.all(groups.map((group) => table.getAll(group.map(ownerKey))));
      return new Map(found.flat().map((item) => [text(item, 'id'), ownerOf(item)]));
    },

    async vet(id) {
      if (!isObjectId(id)) return;
      await table.change(ownerKey(id), {
        UpdateExpression: 'SET vetted = :vetted',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':vetted': { BOOL: true } },
      });
    },

    async disown(id) {
      if (!isObjectId(id)) return;
      const listing = await listingOf(id);
      if (listing !== undefined) await table.remove(listingKey(listing));
      await table.remove(ownerKey(id));
    },

    async list(query) {
      const [after, before] = await Promise.all(
        [query.after, query.before].map((id) => (id === undefined ? undefined : listingOf(id))),
      );
      const isUnknown = (id: string | undefined, at: ListedObject | undefined) =>
        id !== undefined && (at?.project !== query.project || at.kind !== query.kind);
      if (isUnknown(query.after, after) || isUnknown(query.before, before))
        return { objects: [], more: false };
      return readList(query, after?.place, before?.place, table);
    },

    unlist: (object) => table.remove(listingKey(object)),
    enlarge: (id, size) => enlarge(ownerKey(id), size, table),
    bookContainer: (id, call, use) => bookContainer(ownerKey(id), call, use, table),

    async retag(id, tags) {
      const listing = await listingOf(id);
      if (listing === undefined) return;
      const set = tagsAttribute(tags);
      await table.change(listingKey(listing), {
        UpdateExpression: set === undefined ? 'REMOVE tags' : 'SET tags = :tags',
        ConditionExpression: 'attribute_exists(pk)',
        ...(set !== undefined && { ExpressionAttributeValues: { ':tags': set } }),
      });
    },
  };
}

/** @param after the place that it begins after, and `before` the one that it ends before; of that alone, the last part */
async function readList(
  query: ListQuery,
  after: string | undefined,
  before: string | undefined,
  table: Pick<ItemAccess, 'queryPart'>,
): Promise<ObjectList> {
  const { project, kind, order, limit, tags } = query;
  const backwards = before !== undefined && after === undefined;
  const objects: ListedObject[] = [];
  let from = backwards ? before : after;
  let parts = 0;
  do {
    const part = await table.queryPart({
      pk: listPartition(project, kind),
      newestFirst: (order === 'desc') !== backwards,
      after: from,
      before: backwards ? undefined : before,
      having: { name: 'tags', values: tags },
      // One more tells whether that was all.
      ...(tags.length === 0 && { most: limit + 1 - objects.length }),
    });
    for (const item of part.items)
      objects.push({ id: text(item, 'id'), kind, project, place: text(item, 'sk') });
    from = part.next;
    parts += 1;
  } while (from !== undefined && objects.length <= limit && parts < MOST_PARTS);
  const found = objects.slice(0, limit);
  return { objects: backwards ? found.reverse() : found, more: objects.length > limit || from !== undefined };
}

function ownerKey(id: string): Item {
  return { pk: textAttribute(key('object', id)), sk: textAttribute('owner') };
}

/** Below the owners' first part, as what may delete these may delete those. An id, being encoded, is never such. */
function listPartition(project: string, kind: ListedKind): string {
  return key('object', 'of', project, kind);
}

function listingKey({ project, kind, place }: ListedObject): Item {
  return { pk: textAttribute(listPartition(project, kind)), sk: textAttribute(place) };
}

function tagsAttribute(tags: readonly string[] = []) {
  return tags.length === 0 ? undefined : { SS: [...new Set(tags)] };
}

function ownerOf(item: Item): StoredObject {
  const kind = RECORDED_KINDS.find((known) => known === item['kind']?.S);
  if (kind === undefined) throw new Error(`no such kind of object: ${item['kind']?.S}`);
  const call = item['call']?.S;
  return {
    id: text(item, 'id'),
    kind,
    project: text(item, 'project'),
    user: text(item, 'user'),
    ...(call === undefined ? {} : { call }),
    ...sizeOf(item),
    ...(item['vetted']?.BOOL === true ? { vetted: true } : {}),
  };
}
