import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { page } from './listing.ts';
import { apiError, type JsonReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import type { StoredChat } from './stored-things.ts';

/** Keeps a completion with what it was asked. */
export function keepChat(
  body: JsonObject,
  completion: { readonly id: string },
  { chats }: Pick<Simulation, 'chats'>,
): void {
  const messages = Array.isArray(body['messages']) ? body['messages'].filter(isObject) : [];
  chats.set(completion.id, {
    completion: { ...completion },
    messages: messages.map((message, index) => ({ ...message, id: `${completion.id}-${index}` })),
    metadata: isObject(body['metadata']) ? body['metadata'] : {},
  });
}

/** `GET /chat/completions` */
export function listChats({ query }: EndpointRequest, { chats }: Simulation): Reply {
  const found = [...chats.values()].filter((chat) => isAskedFor(chat, query));
  return ok(page(found.map(wire), query, 'asc'));
}

/** `GET /chat/completions/{id}` */
export function getChat({ id }: EndpointRequest, { chats }: Simulation): Reply {
  const found = chats.get(id);
  return found === undefined ? noSuchChat(id) : ok(wire(found));
}

/** `POST /chat/completions/{id}` */
export function updateChat({ id, body }: EndpointRequest, { chats }: Simulation): Reply {
  const found = chats.get(id);
  if (found === undefined) return noSuchChat(id);
  found.metadata = isObject(body['metadata']) ? body['metadata'] : {};
  return ok(wire(found));
}

/** `DELETE /chat/completions/{id}` */
export function deleteChat({ id }: EndpointRequest, { chats }: Simulation): Reply {
  return chats.delete(id) ? ok({ id, object: 'chat.completion.deleted', deleted: true }) : noSuchChat(id);
}

/** `GET /chat/completions/{id}/messages` */
export function listMessages({ id, query }: EndpointRequest, { chats }: Simulation): Reply {
  const found = chats.get(id);
  if (found === undefined) return noSuchChat(id);
  const messages = found.messages.map((message) => ({ ...message, id: String(message['id']) }));
  return ok(page(query.get('order') === 'desc' ? messages : messages.toReversed(), query));
}

function isAskedFor({ completion, metadata }: StoredChat, query: URLSearchParams): boolean {
  return [...query].every(([name, value]) => {
    const [, noted] = /^metadata\[(.+)\]$/.exec(name) ?? [];
    if (noted !== undefined) return metadata[noted] === value;
    return name !== 'model' || completion['model'] === value;
  });
}

function wire({ completion, metadata }: StoredChat) {
  return { ...completion, metadata };
}

function noSuchChat(id: string): JsonReply {
  return apiError(404, `Chat completion with id '${id}' not found.`);
}
