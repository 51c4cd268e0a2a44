import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { listOf } from './json-members.ts';
import type { ObjectKind, StoredObject } from './objects.ts';

export type CreatedObject = Pick<StoredObject, 'id' | 'kind'>;

/**
 * Whether OpenAI keeps what this request makes: responses unless `store` is false, chat completions only where it is
 * true (OpenAI's API reference, `store`), all other kinds always.
 */
export function isKept(kind: ObjectKind, body: JsonObject): boolean {
  if (kind === 'response') return body['store'] !== false;
  return kind !== 'chat_completion' || body['store'] === true;
}

/** What an answer says that was made, by the kind that its endpoint makes. */
export function createdObjects(kind: ObjectKind, answer: JsonObject): readonly CreatedObject[] {
  switch (kind) {
    case 'response':
      return [...named(kind, answer), ...listOf(answer['output']).flatMap(itemObjects)];
    case 'item':
      return listOf(answer['data']).flatMap(itemObjects);
    case 'file':
      // A completed upload carries its file.
      return isObject(answer['file']) ? named(kind, answer['file']) : named(kind, answer);
    default:
      return named(kind, answer);
  }
}

/** What an event of a stream says that was made. */
export function createdInEvent(kind: ObjectKind, data: JsonObject): readonly CreatedObject[] {
  if (kind !== 'response') return named(kind, data);
  if (data['type'] === 'response.created' && isObject(data['response'])) return named(kind, data['response']);
  return data['type'] === 'response.output_item.done' ? itemObjects(data['item'] ?? null) : [];
}

/** An item, and the container that it worked in. */
function itemObjects(item: JsonValue): readonly CreatedObject[] {
  if (!isObject(item)) return [];
  const environment = isObject(item['environment']) ? item['environment'] : {};
  const containers = [item['container_id'], environment['container_id']];
  return [
    ...named('item', item),
    ...containers.flatMap((id) => (isId(id) ? [{ id, kind: 'container' as const }] : [])),
  ];
}

function named(kind: ObjectKind, object: JsonObject): readonly CreatedObject[] {
  const { id } = object;
  return isId(id) ? [{ id, kind }] : [];
}

function isId(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '';
}
