import { isReference } from './endpoints/response-items.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { listOf } from './json-members.ts';
import type { Outline } from './json-outline.ts';
import { listingFacts } from './listed-objects.ts';
import type { ObjectKind, StoredObject } from './objects.ts';

export type CreatedObject = Pick<StoredObject, 'id' | 'kind' | 'createdAt' | 'tags'>;

/** All members of an answer that `createdObjects` looks at. */
export const CREATED = {
  id: true,
  created: true,
  created_at: true,
  model: true,
  purpose: true,
  file: { id: true, created_at: true, purpose: true },
  choices: { message: { audio: { id: true } } },
  data: { id: true, container_id: true, environment: true },
  output: { id: true, container_id: true, environment: true },
} as const satisfies Outline;

/** Events that carry a response with all that is in it by then. */
const WHOLE_RESPONSE = /^response\.(created|completed|incomplete|failed)$/;

/**
 * Whether OpenAI keeps what this request makes: responses unless `store` is false, chat completions only where it is
 * true (OpenAI's API reference, `store`), all other kinds always.
 */
export function isKept(kind: ObjectKind, body: JsonObject): boolean {
  if (kind === 'response') return body['store'] !== false;
  return kind !== 'chat_completion' || body['store'] === true;
}

/**
 * What an answer says that was made, by the kind that its endpoint makes.
 *
 * @param kept as `isKept` says: what is not kept leaves sound and containers behind, which are
 * @param whole the answer is all there, and not what `CREATED` outlines of it
 */
export function createdObjects(
  kind: ObjectKind,
  answer: JsonObject,
  kept: boolean,
  whole = true,
): readonly CreatedObject[] {
  const own = kept ? named(kind, answer) : [];
  switch (kind) {
    case 'response':
      return [...own, ...itemsIn(answer['output'], (item) => kept || (whole && isEmpty(item)))];
    case 'chat_completion':
      return [...own, ...soundIn(answer['choices'], 'message')];
    case 'item':
      return itemsIn(answer['data'], () => true);
    case 'file':
      // A completed upload carries its file.
      return isObject(answer['file']) ? named(kind, answer['file']) : own;
    default:
      return own;
  }
}

/** What an event of a stream says that was made. */
export function createdInEvent(kind: ObjectKind, data: JsonObject, kept: boolean): readonly CreatedObject[] {
  const { type, response, item } = data;
  if (kind === 'chat_completion')
    return [...(kept ? named(kind, data) : []), ...soundIn(data['choices'], 'delta')];
  if (kind !== 'response') return kept ? named(kind, data) : [];
  if (type === 'response.output_item.done') return itemsIn([item ?? null], (each) => kept || isEmpty(each));
  return typeof type === 'string' && WHOLE_RESPONSE.test(type) && isObject(response)
    ? createdObjects(kind, response, kept)
    : [];
}

/** The sound of an answer is kept for an hour or so, and found by an id of its own, also where the answer is not kept. */
function soundIn(choices: JsonValue | undefined, member: 'message' | 'delta'): readonly CreatedObject[] {
  return listOf(choices).flatMap((choice) => {
    const said = isObject(choice) ? choice[member] : undefined;
    const audio = isObject(said) ? said['audio'] : undefined;
    return isObject(audio) ? named('audio', audio) : [];
  });
}

/** Items, and the containers that they worked in, which outlive an answer that is not kept. */
function itemsIn(
  items: JsonValue | undefined,
  isOwned: (item: JsonObject) => boolean,
): readonly CreatedObject[] {
  return listOf(items)
    .filter(isObject)
    .flatMap((item) => [...(isOwned(item) ? named('item', item) : []), ...containersOf(item)]);
}

/**
 * An item of an answer that is not kept is sent back whole, and its id stands for nothing; but where it is empty, such
 * as a text that ended before it began, it looks like a reference. Thoughts without content are of no use to anybody.
 */
function isEmpty(item: JsonObject): boolean {
  return isReference(item) && item['type'] !== 'reasoning';
}

function containersOf(item: JsonObject): readonly CreatedObject[] {
  const environment = isObject(item['environment']) ? item['environment'] : {};
  return [item['container_id'], environment['container_id']].flatMap((id) =>
    isId(id) ? [{ id, kind: 'container' as const }] : [],
  );
}

function named(kind: ObjectKind, object: JsonObject): readonly CreatedObject[] {
  const { id } = object;
  return isId(id) ? [{ id, kind, ...listingFacts(kind, object) }] : [];
}

function isId(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '';
}
