import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Trail, TrailEntry } from '../ports/trail.ts';
import {
  type Item,
  itemOf,
  number,
  numberAttribute,
  object,
  optional,
  text,
  textAttribute,
} from './attributes.ts';
import { assignments } from './directory-items.ts';
import { createItemAccess } from './item-access.ts';
import { key } from './table.ts';

/** One partition, in the order of time: admins change little. */
const TRAIL = key('trail');

/** The trail of a stage in its table, one item for each change. */
export function createDynamoDbTrail(client: DynamoDBClient, tableName: string): Trail {
  const table = createItemAccess(client, tableName);
  return {
    async begin({ id, at, by, request, command, fields, outcome }) {
      const item = itemOf({
        ...entryKey(id),
        id: textAttribute(id),
        at: numberAttribute(at),
        by: optional(by ?? undefined, textAttribute),
        request: optional(request ?? undefined, textAttribute),
        command: textAttribute(command),
        fields: textAttribute(JSON.stringify(fields)),
        outcome: textAttribute(outcome),
      });
      await table.create(item);
    },

    async end(id, outcome) {
      await table.change(entryKey(id), {
        ...assignments({ outcome: textAttribute(outcome) }),
        ConditionExpression: 'attribute_exists(pk)',
      });
    },

    async *entries() {
      for await (const item of table.query({ pk: TRAIL, newestFirst: true })) yield entryOf(item);
    },
  };
}

function entryKey(id: string): Item {
  return { pk: textAttribute(TRAIL), sk: textAttribute(key(id)) };
}

function entryOf(item: Item): TrailEntry {
  return {
    id: text(item, 'id'),
    at: number(item, 'at'),
    by: item['by']?.S ?? null,
    request: item['request']?.S ?? null,
    command: text(item, 'command'),
    fields: object(item, 'fields'),
    outcome: text(item, 'outcome'),
  };
}
