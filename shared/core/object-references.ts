import { isObject, type JsonObject, type JsonValue } from './json.ts';

/** Where a request names something that OpenAI keeps. */
export interface ObjectReference {
  readonly id: string;
  /** Such as `input[0].content[1].file_id`. */
  readonly param: string;
  /** The request would be told what is there, or work on it; a `weak` one carries its own content beside the id. */
  readonly weak: boolean;
}

/** Members whose text, or whose texts, are ids of objects, wherever in a request they stand. */
const ID_MEMBERS: ReadonlySet<string> = new Set([
  'container_id',
  'conversation',
  'conversation_id',
  'file_id',
  'file_ids',
  'input_file_id',
  'previous_response_id',
  'response_id',
  'vector_store_id',
  'vector_store_ids',
]);

/** What callers may write as they like: nothing in it is looked up by OpenAI. */
const FREE_FORM: ReadonlySet<string> = new Set(['metadata', 'parameters', 'schema', 'client_metadata']);

/**
 * Finds the ids of stored objects in a request, by the names of its members: files, vector stores, containers, earlier
 * responses, conversations, and items of any of them. Stored prompts are left out: people of the stage make them in
 * OpenAI's dashboard, for all of its projects.
 */
export function objectReferences(body: JsonObject): readonly ObjectReference[] {
  const found: ObjectReference[] = [];
  walk(body, '', found);
  return found;
}

function walk(value: JsonValue, path: string, found: ObjectReference[]): void {
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) walkElement(each, path, index, found);
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) walkMember(name, member, path, found);
  }
}

function walkElement(value: JsonValue, list: string, index: number, found: ObjectReference[]): void {
  const path = `${list}[${index}]`;
  if (isObject(value) && ITEM_LIST.test(list)) addItem(value, path, found);
  walk(value, path, found);
}

function walkMember(
  name: string,
  value: JsonValue | undefined,
  parent: string,
  found: ObjectReference[],
): void {
  if (value === undefined || FREE_FORM.has(name)) return;
  const path = parent === '' ? name : `${parent}.${name}`;
  if (ID_MEMBERS.has(name)) addIds(value, path, found);
  if (name === 'conversation' && isObject(value)) addIds(value['id'], `${path}.id`, found);
  walk(value, path, found);
}

/** The lists whose elements are items that OpenAI may know by their ids. */
const ITEM_LIST = /^(input|items)$/;

/** An item with nothing but its id is looked up; `item_reference` is the type of such, and may be left out. */
function addItem(item: JsonObject, param: string, found: ObjectReference[]): void {
  const { type, id } = item;
  if (typeof id !== 'string') return;
  const isReference = type === undefined || type === null || type === 'item_reference';
  found.push({ id, param: `${param}.id`, weak: !isReference });
}

function addIds(value: JsonValue | undefined, param: string, found: ObjectReference[]): void {
  const ids = Array.isArray(value) ? value : [value];
  for (const id of ids) if (typeof id === 'string' && id !== '') found.push({ id, param, weak: false });
}
