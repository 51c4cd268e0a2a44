import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  isObjectId,
  OBJECT_KINDS,
  type ObjectKind,
  requireObjectIds,
  type StoredObject,
} from '../core/objects.ts';
import type { Clock } from '../ports/clock.ts';
import type { Objects } from '../ports/objects.ts';
import { type Item, itemOf, numberAttribute, optional, text, textAttribute } from './attributes.ts';
import { createItemAccess } from './item-access.ts';
import { key, TTL_ATTRIBUTE } from './table.ts';

/** As many as one BatchGetItem may ask for. */
const READ_TOGETHER = 100;
const DAY_SECONDS = 86_400;

/**
 * What OpenAI itself forgets (responses after 30 days, containers and uploads sooner) is forgotten here, after the
 * retention of entries: whoever's it was, it is nobody's then. All else stays until it is deleted.
 */
const PASSING: ReadonlySet<ObjectKind> = new Set([
  'chat_completion',
  'container',
  'item',
  'response',
  'upload',
]);

/** The owners of a stage's objects in its table, one item each. */
export function createDynamoDbObjects(
  client: DynamoDBClient,
  tableName: string,
  options: { readonly clock: Clock; readonly retentionDays: number },
): Objects {
  const table = createItemAccess(client, tableName);

  function ownerItem({ id, kind, project, user, call }: StoredObject): Item {
    const until = Math.ceil(options.clock.now() / 1_000) + options.retentionDays * DAY_SECONDS;
    return itemOf({
      ...ownerKey(id),
      id: textAttribute(id),
      kind: textAttribute(kind),
      project: textAttribute(project),
      user: textAttribute(user),
      call: optional(call, textAttribute),
      [TTL_ATTRIBUTE]: PASSING.has(kind) ? numberAttribute(until) : undefined,
    });
  }

  return {
    async own(objects) {
      const findable = objects.filter(({ id }) => isObjectId(id));
      await Promise.all(findable.map((object) => table.create(ownerItem(object))));
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

    async disown(id) {
      if (isObjectId(id)) await table.remove(ownerKey(id));
    },
  };
}

function ownerKey(id: string): Item {
  return { pk: textAttribute(key('object', id)), sk: textAttribute('owner') };
}

function ownerOf(item: Item): StoredObject {
  const kind = OBJECT_KINDS.find((known) => known === item['kind']?.S);
  if (kind === undefined) throw new Error(`no such kind of object: ${item['kind']?.S}`);
  const call = item['call']?.S;
  return {
    id: text(item, 'id'),
    kind,
    project: text(item, 'project'),
    user: text(item, 'user'),
    ...(call === undefined ? {} : { call }),
  };
}
