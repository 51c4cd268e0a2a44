import { isReference } from './endpoints/response-items.ts';
import { FREE, ITEM, NAMED, type Place, placeOf, REQUEST } from './free-form.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { listOf } from './json-members.ts';
import type { ObjectKind } from './objects.ts';
import { invalidRequest, type Refusal } from './refusal.ts';

/** No request may name more than these: each of them is looked up. A long run of an agent names some 300 items. */
const MOST_REFERENCES = 500;

/** Where a request names something that OpenAI keeps. */
export interface ObjectReference {
  readonly id: string;
  /** Such as `input[0].content[1].file_id`. */
  readonly param: string;
  /** What it must be; absent where its member does not tell. */
  readonly kind?: ObjectKind;
  /** The request would be told what is there, or work on it; a `weak` one carries its own content beside the id. */
  readonly weak: boolean;
}

/** Members whose text, or whose texts, are ids of objects, wherever in a request they stand. */
const ID_MEMBERS: ReadonlyMap<string, ObjectKind> = new Map([
  ['comparison_response_id', 'response'],
  ['container_id', 'container'],
  ['conversation', 'conversation'],
  ['conversation_id', 'conversation'],
  ['file_id', 'file'],
  ['file_ids', 'file'],
  ['input_file_id', 'file'],
  ['previous_response_id', 'response'],
  ['response_id', 'response'],
  ['vector_store_id', 'vector_store'],
  ['vector_store_ids', 'vector_store'],
]);

/** Any other member with such a name is taken to name an object of some kind, but for these that do not. */
const OTHER_ID = /_ids?$/;
const NO_OBJECTS: ReadonlySet<string> = new Set([
  // Names a request for an approval, which `addApproval` looks at.
  'approval_request_id',
  'call_id',
  'caller_id',
  'connector_id',
  'custom_id',
  'skill_id',
  'tool_call_id',
  'tunnel_id',
]);

/**
 * Finds the ids of stored objects in a request, by the names of its members: files, vector stores, containers, earlier
 * responses, conversations, sound of earlier answers, and items of any of them. Stored prompts, skills, voices and
 * tunnels are left out: people of the stage make them in OpenAI's dashboard, for all of its projects.
 *
 * @returns each once; a 400 refusal of a request that names too many
 */
export function objectReferences(body: JsonObject): readonly ObjectReference[] | Refusal {
  const search = new Search();
  search.walk(body, '', REQUEST);
  const found = search.found();
  return found.length > MOST_REFERENCES ? TOO_MANY : found;
}

/** Tells references apart that are looked up, or judged, apart. */
export function referenceKey({ id, kind, weak }: ObjectReference): string {
  return `${kind ?? ''} ${weak} ${id}`;
}

class Search {
  readonly #found = new Map<string, ObjectReference>();
  readonly #approvals: ObjectReference[] = [];
  readonly #wholeItems = new Set<string>();

  found(): readonly ObjectReference[] {
    for (const approval of this.#approvals) {
      this.#add({ ...approval, weak: approval.weak || this.#wholeItems.has(approval.id) });
    }
    return [...this.#found.values()];
  }

  walk(value: JsonValue, path: string, place: Place | undefined): void {
    if (this.#found.size > MOST_REFERENCES) return;
    if (Array.isArray(value)) {
      for (const [index, each] of value.entries()) this.walk(each, `${path}[${index}]`, place);
    } else if (isObject(value)) {
      if (place === ITEM) this.#addItem(value, path);
      for (const [name, member] of Object.entries(value)) {
        if (member !== undefined)
          this.#walkMember(name, member, path === '' ? name : `${path}.${name}`, place);
      }
    }
  }

  #walkMember(name: string, value: JsonValue, path: string, parent: Place | undefined): void {
    const place = placeOf(parent, name);
    if (place === FREE) return;
    if (parent === NAMED) {
      this.walk(value, path, undefined);
      return;
    }
    const kind = ID_MEMBERS.get(name);
    if (kind !== undefined) {
      this.#addTexts(value, path, { kind, weak: false });
      return;
    }
    if (name === 'container' && typeof value === 'string')
      this.#addTexts(value, path, { kind: 'container', weak: false });
    if (name === 'audio' && isObject(value))
      this.#addTexts(value['id'], `${path}.id`, { kind: 'audio', weak: false });
    if (OTHER_ID.test(name) && !NO_OBJECTS.has(name)) this.#addTexts(value, path, { weak: true });
    this.walk(value, path, place);
  }

  /** All texts in a member that is made of ids, however they are wrapped: `{"id": …}` names a conversation, too. */
  #addTexts(value: JsonValue | undefined, param: string, how: Pick<ObjectReference, 'kind' | 'weak'>): void {
    if (typeof value === 'string' && value !== '') this.#add({ id: value, param, ...how });
    else if (Array.isArray(value)) for (const each of listOf(value)) this.#addTexts(each, param, how);
    else if (isObject(value)) {
      for (const [name, each] of Object.entries(value)) this.#addTexts(each, `${param}.${name}`, how);
    }
  }

  /** An item that carries nothing but its id is looked up by it. */
  #addItem(item: JsonObject, param: string): void {
    this.#addApproval(item, param);
    const { id } = item;
    if (typeof id !== 'string' || id === '') return;
    const weak = !isReference(item);
    if (weak) this.#wholeItems.add(id);
    this.#add({ id, param: `${param}.id`, kind: 'item', weak });
  }

  /** Who approves a call by a server's tool names the item that asked for it; it may be among the items themselves. */
  #addApproval({ type, approval_request_id: id }: JsonObject, param: string): void {
    if (typeof id !== 'string' || id === '') return;
    const weak = type !== 'mcp_approval_response';
    this.#approvals.push({ id, param: `${param}.approval_request_id`, kind: 'item', weak });
  }

  #add(reference: ObjectReference): void {
    if (this.#found.size > MOST_REFERENCES) return;
    const key = referenceKey(reference);
    if (!this.#found.has(key)) this.#found.set(key, reference);
  }
}

const TOO_MANY = invalidRequest(
  'too_many_objects',
  `A request can name up to ${MOST_REFERENCES} files, items and other stored objects. Leave out the ids of items that are ` +
    'sent whole, or go on from previous_response_id.',
);
