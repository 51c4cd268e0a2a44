import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import { apiError, type JsonReply } from './reply.ts';
import type { Simulation } from './simulation.ts';

/**
 * The input with all items that name a stored one by its id replaced by what was stored, as OpenAI reads it. An id of
 * nothing that is stored is an error where the item is no more than its id.
 */
export function resolveItems(
  input: JsonValue | undefined,
  { responses, conversations }: Pick<Simulation, 'responses' | 'conversations'>,
): { readonly input: JsonValue | undefined } | JsonReply {
  if (!Array.isArray(input)) return { input };
  const inConversations = (id: string) => {
    const items = [...conversations.values()].flatMap((conversation) => conversation.items);
    const found = items.find((item) => item.id === id);
    return found && JSON.stringify(found);
  };
  const resolved: JsonValue[] = [];
  for (const item of input) {
    const id = isObject(item) && looksUp(item) ? item['id'] : undefined;
    if (typeof id !== 'string') {
      resolved.push(item);
      continue;
    }
    const content = responses.itemText(id) ?? inConversations(id);
    if (content !== undefined) resolved.push({ type: 'message', role: 'assistant', content });
    else if (isObject(item) && showsCall(item)) resolved.push(item);
    else return notFound(id);
  }
  return { input: resolved };
}

/** What OpenAI found or made is not in the item, or not all of it; an image can be sent along. */
const HOSTED = new Set(['web_search_call', 'file_search_call', 'code_interpreter_call']);

/** Where nothing is stored, the call of a hosted tool is taken as it is sent. */
function showsCall({ type, action, queries, code }: JsonObject): boolean {
  return HOSTED.has(String(type)) && [action, queries, code].some((shown) => shown !== undefined);
}

function looksUp(item: JsonObject): boolean {
  const { type } = item;
  if (type === undefined || type === null || type === 'item_reference') {
    return item['content'] === undefined && item['role'] === undefined;
  }
  if (type === 'reasoning') return typeof item['encrypted_content'] !== 'string';
  if (type === 'image_generation_call') return typeof item['result'] !== 'string';
  if (type === 'message') return Array.isArray(item['content']) && item['content'].length === 0;
  return HOSTED.has(String(type));
}

function notFound(id: string): JsonReply {
  const message = `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false.`;
  return apiError(404, message, { param: 'input' });
}
