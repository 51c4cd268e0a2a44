import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import { page } from './listing.ts';
import { apiError, type JsonReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import type { KeptItem, StoredConversation } from './stored-things.ts';

/** OpenAI's own bound on the items of one request. */
const MOST_ITEMS = 20;

/** `POST /conversations` */
export function createConversation({ body }: EndpointRequest, simulation: Simulation): Reply {
  const items = body['items'] ?? [];
  if (!isItemList(items)) return badItems();
  const conversation: StoredConversation = {
    id: simulation.newId('conv_'),
    createdAt: simulation.now(),
    metadata: isObject(body['metadata']) ? body['metadata'] : {},
    items: items.map((item) => kept(item, simulation)),
  };
  simulation.conversations.set(conversation.id, conversation);
  return ok(wire(conversation));
}

/** `GET /conversations/{id}` */
export function getConversation({ id }: EndpointRequest, { conversations }: Simulation): Reply {
  const found = conversations.get(id);
  return found === undefined ? noSuchConversation(id) : ok(wire(found));
}

/** `POST /conversations/{id}` */
export function updateConversation({ id, body }: EndpointRequest, { conversations }: Simulation): Reply {
  const found = conversations.get(id);
  if (found === undefined) return noSuchConversation(id);
  found.metadata = isObject(body['metadata']) ? body['metadata'] : {};
  return ok(wire(found));
}

/** `DELETE /conversations/{id}` */
export function deleteConversation({ id }: EndpointRequest, { conversations }: Simulation): Reply {
  if (!conversations.delete(id)) return noSuchConversation(id);
  return ok({ id, object: 'conversation.deleted', deleted: true });
}

/** `GET /conversations/{id}/items` */
export function listItems({ id, query }: EndpointRequest, { conversations }: Simulation): Reply {
  const found = conversations.get(id);
  return found === undefined ? noSuchConversation(id) : ok(page(found.items, query));
}

/** `POST /conversations/{id}/items` */
export function addItems({ id, body }: EndpointRequest, simulation: Simulation): Reply {
  const found = simulation.conversations.get(id);
  if (found === undefined) return noSuchConversation(id);
  const { items } = body;
  if (!isItemList(items)) return badItems();
  const added = items.map((item) => kept(item, simulation));
  found.items = [...found.items, ...added];
  return ok(page(added, new URLSearchParams({ order: 'asc' })));
}

/** `GET /conversations/{id}/items/{item}` */
export function getItem({ id, part }: EndpointRequest, { conversations }: Simulation): Reply {
  const item = conversations.get(id)?.items.find((each) => each.id === part);
  return item === undefined ? noSuchItem(part) : ok(item);
}

/** `DELETE /conversations/{id}/items/{item}` */
export function deleteItem({ id, part }: EndpointRequest, { conversations }: Simulation): Reply {
  const found = conversations.get(id);
  if (found === undefined) return noSuchConversation(id);
  if (!found.items.some((item) => item.id === part)) return noSuchItem(part);
  found.items = found.items.filter((item) => item.id !== part);
  return ok(wire(found));
}

/** The conversation that a request for a response names; `undefined` where it names none. */
export function conversationOf(
  body: JsonObject,
  { conversations }: Simulation,
): StoredConversation | JsonReply | undefined {
  const named = body['conversation'] ?? undefined;
  if (named === undefined) return undefined;
  const id = String(isObject(named) ? named['id'] : named);
  return conversations.get(id) ?? noSuchConversation(id);
}

/** Adds to a conversation what a response took in and put out. */
export function continueConversation(
  conversation: StoredConversation,
  input: JsonValue | undefined,
  output: readonly object[],
  simulation: Simulation,
): void {
  const asked = Array.isArray(input) ? input : [{ type: 'message', role: 'user', content: input ?? '' }];
  const all: unknown[] = [...asked, ...output];
  conversation.items = [...conversation.items, ...all.filter(isObject).map((item) => kept(item, simulation))];
}

/** An item as it is kept: with an id, and its text as a list of parts. */
export function kept(item: JsonObject, simulation: Pick<Simulation, 'newId'>): KeptItem {
  const type = typeof item['type'] === 'string' ? item['type'] : 'message';
  const id =
    typeof item['id'] === 'string' ? item['id'] : simulation.newId(type === 'message' ? 'msg_' : 'item_');
  if (typeof item['content'] !== 'string') return { ...item, type, id };
  const part = item['role'] === 'assistant' ? 'output_text' : 'input_text';
  return { ...item, type, id, status: 'completed', content: [{ type: part, text: item['content'] }] };
}

function isItemList(value: JsonValue | undefined): value is JsonObject[] {
  return Array.isArray(value) && value.length <= MOST_ITEMS && value.every(isObject);
}

function wire({ id, createdAt, metadata }: StoredConversation): JsonObject {
  return { id, object: 'conversation', created_at: createdAt, metadata };
}

function badItems(): JsonReply {
  return apiError(400, `items must be an array of at most ${MOST_ITEMS} items.`, { param: 'items' });
}

function noSuchConversation(id: string): JsonReply {
  return apiError(404, `Conversation with id '${id}' not found.`);
}

function noSuchItem(id: string): JsonReply {
  return apiError(404, `Item with id '${id}' not found.`);
}
