import type { JsonObject } from '../json.ts';
import { isObject } from '../json.ts';
import { listOf } from '../json-members.ts';
import type { Refusal } from '../refusal.ts';
import { type Check, firstRefusal, objects, refuseUnmetered } from '../request-checks.ts';
import { arrays, itemsWithContent } from '../request-shapes.ts';
import { addsCallerTools } from './added-tools.ts';
import { knownMembers } from './request-members.ts';

/**
 * Items that are stored for nothing, and read by a response that is billed for what they do: what `/responses` takes in
 * its input, less what it holds more money for, as later calls do not show it.
 */
const ITEMS: readonly Check[] = [
  arrays('items'),
  itemsWithContent('items', ['content']),
  addsCallerTools('items'),
  triggersNothing,
];

const CONVERSATION = [knownMembers('conversations'), objects('metadata'), ...ITEMS];
const ADDED_ITEMS = [knownMembers('conversationItems'), ...ITEMS];
const METADATA = [knownMembers('metadata'), objects('metadata')];

/** `POST /conversations`, as far as a later call leans on it. */
export function checkConversation(body: JsonObject): Refusal | undefined {
  return firstRefusal(body, CONVERSATION);
}

/** `POST /conversations/{conversation_id}/items` */
export function checkAddedItems(body: JsonObject): Refusal | undefined {
  return firstRefusal(body, ADDED_ITEMS);
}

/** An update that changes metadata, and nothing that a metered call reads. */
export function checkMetadata(body: JsonObject): Refusal | undefined {
  return firstRefusal(body, METADATA);
}

function triggersNothing(body: JsonObject): Refusal | undefined {
  const index = listOf(body['items']).findIndex(
    (item) => isObject(item) && item['type'] === 'compaction_trigger',
  );
  return index === -1
    ? undefined
    : refuseUnmetered(
        `items[${index}].type`,
        'A compaction is billed to the call that it happens in: ask for it in the input of POST /responses.',
      );
}
