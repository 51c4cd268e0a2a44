import type { JsonObject, JsonValue } from '../json.ts';
import { isGiven } from '../request-checks.ts';

/** Where the content of one item of `/responses` is, as far as the request shows it. */
export type ItemContent =
  /** Text and no more, so that its bytes bound it. */
  | { readonly kind: 'text' }
  /** Content parts, or a text in their place. */
  | { readonly kind: 'parts'; readonly content: JsonValue | undefined }
  | { readonly kind: 'screenshot'; readonly output: JsonValue | undefined }
  /** At OpenAI, found by an id; or it is an item that could become anything. */
  | { readonly kind: 'elsewhere' };

/**
 * For each type of item that is what it carries (`ResponseInputItem` in the types of OpenAI's SDK), the members that
 * are its content. An item that has an `id` and none of them is one that OpenAI looks up. Not listed: what OpenAI
 * found or made in a call of a hosted tool is not in the item, or not all of it, and approvals name a stored request.
 *
 * The encrypted content of reasoning and compaction is the text itself, encrypted and in base64: longer than what it
 * holds. The summary of a reasoning is not its content.
 */
const CONTENT_OF: Readonly<Record<string, readonly string[]>> = {
  additional_tools: ['tools'],
  apply_patch_call: ['operation'],
  apply_patch_call_output: ['output'],
  compaction: ['encrypted_content'],
  compaction_trigger: [],
  computer_call: ['action', 'actions'],
  computer_call_output: ['output'],
  configuration_update: ['reasoning', 'text'],
  custom_tool_call: ['input'],
  custom_tool_call_output: ['output'],
  function_call: ['arguments'],
  function_call_output: ['output'],
  local_shell_call: ['action'],
  local_shell_call_output: ['output'],
  mcp_approval_request: ['arguments'],
  mcp_call: ['output', 'error'],
  mcp_list_tools: ['tools'],
  message: ['content'],
  reasoning: ['encrypted_content'],
  shell_call: ['action'],
  shell_call_output: ['output'],
  tool_search_call: ['arguments'],
  tool_search_output: ['tools'],
};

/**
 * Tells where the content of an item is. A message needs no `type`, and neither does a reference to a stored item
 * (`ItemReference.type` is optional in the types of OpenAI's SDK): without one, only what has a role and a content is
 * a message.
 */
export function contentOf(item: JsonObject): ItemContent {
  const type = item['type'] === undefined ? untyped(item) : item['type'];
  const members = typeof type === 'string' && Object.hasOwn(CONTENT_OF, type) ? CONTENT_OF[type] : undefined;
  if (members === undefined) return { kind: 'elsewhere' };
  if (isGiven(item, 'id') && !members.some((name) => isFilled(item[name]))) return { kind: 'elsewhere' };
  switch (type) {
    case 'message':
      return { kind: 'parts', content: item['content'] };
    case 'function_call_output':
    case 'custom_tool_call_output':
      return { kind: 'parts', content: item['output'] };
    case 'computer_call_output':
      return { kind: 'screenshot', output: item['output'] };
    default:
      return { kind: 'text' };
  }
}

function untyped(item: JsonObject): string {
  return isGiven(item, 'id') && !(isGiven(item, 'role') && isGiven(item, 'content'))
    ? 'item_reference'
    : 'message';
}

function isFilled(content: JsonValue | undefined): boolean {
  if (typeof content === 'string' || Array.isArray(content)) return content.length > 0;
  return content !== undefined && content !== null;
}
