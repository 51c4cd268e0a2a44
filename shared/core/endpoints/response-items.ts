import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf } from '../json-members.ts';
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
  program: ['code', 'fingerprint'],
  program_output: ['result'],
  reasoning: ['encrypted_content'],
  shell_call: ['action'],
  shell_call_output: ['output'],
  tool_search_call: ['arguments'],
  tool_search_output: ['tools'],
};

/**
 * What an item carries that is a call of a hosted tool, or answers one, beside what OpenAI keeps of it: enough for it to
 * be taken as it is sent.
 */
const SHOWN_OF: Readonly<Record<string, readonly string[]>> = {
  code_interpreter_call: ['code', 'outputs'],
  file_search_call: ['queries', 'results'],
  image_generation_call: ['result'],
  mcp_approval_response: ['approval_request_id'],
  program: ['code'],
  program_output: ['result'],
  web_search_call: ['action'],
};

/** Members of a content part that say how it is to be read, or whence it comes; the others are what it carries. */
const NO_CONTENT: ReadonlySet<string> = new Set([
  'annotations',
  'detail',
  'filename',
  'logprobs',
  'prompt_cache_breakpoint',
  'type',
]);
/** Members of an item that hold such parts. */
const PARTS: ReadonlySet<string> = new Set(['content', 'output']);

/**
 * Whether an item is no more than its id, whatever its type: OpenAI looks up what it stands for. So is one whose type
 * is not known, as nobody can tell what it carries.
 */
export function isReference(item: JsonObject): boolean {
  if (!isGiven(item, 'id')) return false;
  const type = typeOf(item);
  const members = membersOf(CONTENT_OF, type) ?? membersOf(SHOWN_OF, type) ?? [];
  return !members.some((name) => isFilled(item[name], PARTS.has(name)));
}

/** Tells where the content of an item is. */
export function contentOf(item: JsonObject): ItemContent {
  const type = typeOf(item);
  if (membersOf(CONTENT_OF, type) === undefined || isReference(item)) return { kind: 'elsewhere' };
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

/**
 * A message needs no `type`, and neither does a reference to a stored item (`ItemReference.type` is optional, and may be
 * null, in the types of OpenAI's SDK): without one, only what has a role and a content is a message.
 */
function typeOf(item: JsonObject): string {
  const { type } = item;
  if (typeof type === 'string') return type;
  const isMessage = !isGiven(item, 'id') || (isGiven(item, 'role') && isGiven(item, 'content'));
  return type === undefined && isMessage ? 'message' : 'item_reference';
}

function membersOf(
  table: Readonly<Record<string, readonly string[]>>,
  type: string,
): readonly string[] | undefined {
  return Object.hasOwn(table, type) ? table[type] : undefined;
}

function isFilled(value: JsonValue | undefined, isPart: boolean): boolean {
  if (typeof value === 'string') return value !== '';
  if (Array.isArray(value)) return listOf(value).some((each) => isFilled(each, isPart));
  if (!isObject(value)) return value !== undefined && value !== null;
  return Object.entries(value).some(
    ([name, member]) => !(isPart && NO_CONTENT.has(name)) && isFilled(member, false),
  );
}
