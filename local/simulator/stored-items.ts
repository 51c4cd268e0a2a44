import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import { apiError, type JsonReply } from './reply.ts';
import type { ResponseStore } from './response-store.ts';

/**
 * The input with all items that name a stored one by its id replaced by what was stored, as OpenAI reads it. An id of
 * nothing that is stored is an error where the item is no more than its id.
 */
export function resolveItems(
  input: JsonValue | undefined,
  responses: ResponseStore,
): { readonly input: JsonValue | undefined } | JsonReply {
  if (!Array.isArray(input)) return { input };
  const resolved: JsonValue[] = [];
  for (const item of input) {
    const id = isObject(item) && looksUp(item) ? item['id'] : undefined;
    if (typeof id !== 'string') {
      resolved.push(item);
      continue;
    }
    const content = responses.itemText(id);
    if (content === undefined) return notFound(id);
    resolved.push({ type: 'message', role: 'assistant', content });
  }
  return { input: resolved };
}

/** What OpenAI found or made is not in the item, or not all of it. */
const HOSTED = new Set([
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
]);

function looksUp(item: JsonObject): boolean {
  const { type } = item;
  if (type === undefined || type === null || type === 'item_reference') {
    return item['content'] === undefined && item['role'] === undefined;
  }
  if (type === 'reasoning') return typeof item['encrypted_content'] !== 'string';
  return HOSTED.has(String(type));
}

function notFound(id: string): JsonReply {
  const message = `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false.`;
  return apiError(404, message, { param: 'input' });
}
