import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf } from '../json-members.ts';
import { addAudio, addImage, type Media, noMedia } from '../token-bounds.ts';

/**
 * Items that are text and no more, so that their bytes bound them. The encrypted content of reasoning and compaction
 * is the text itself, encrypted and in base64: longer than what it holds.
 */
const TEXT_ITEMS = new Set([
  'additional_tools',
  'apply_patch_call',
  'apply_patch_call_output',
  'compaction',
  'compaction_trigger',
  'computer_call',
  'configuration_update',
  'custom_tool_call',
  'file_search_call',
  'function_call',
  'local_shell_call',
  'local_shell_call_output',
  'mcp_approval_request',
  'mcp_approval_response',
  'mcp_call',
  'mcp_list_tools',
  'reasoning',
  'shell_call',
  'shell_call_output',
  'tool_search_call',
  'tool_search_output',
  'web_search_call',
]);

/** Finds what a request of `/responses` refers to beside its text. */
export function responseMedia(body: JsonObject): Media {
  const media = noMedia();
  const stored = ['previous_response_id', 'conversation', 'prompt'];
  if (stored.some((name) => body[name] !== undefined && body[name] !== null)) media.unseen = true;
  for (const source of [body['input'], body['instructions']]) {
    for (const item of listOf(source)) if (isObject(item)) addItem(media, item);
  }
  return media;
}

function addItem(media: Media, item: JsonObject): void {
  const { type } = item;
  if (type === undefined || type === 'message') addParts(media, item['content']);
  else if (type === 'function_call_output' || type === 'custom_tool_call_output')
    addParts(media, item['output']);
  else if (type === 'computer_call_output') {
    addImage(media, isObject(item['output']) ? item['output']['image_url'] : undefined);
  } else if (typeof type !== 'string' || !TEXT_ITEMS.has(type)) {
    // A reference to a stored item, an image that was made, or a kind of item that could become anything.
    media.unseen = true;
  }
}

function addParts(media: Media, content: JsonValue | undefined): void {
  for (const part of listOf(content)) {
    if (isObject(part)) addPart(media, part);
  }
}

function addPart(media: Media, part: JsonObject): void {
  switch (part['type']) {
    case 'input_text':
    case 'output_text':
    case 'refusal':
    case 'reasoning_text':
    case 'summary_text':
    case 'text':
      return;
    case 'input_image':
    case 'computer_screenshot':
      addImage(media, part['image_url']);
      return;
    case 'input_audio':
      addAudio(media, isObject(part['input_audio']) ? part['input_audio']['data'] : undefined);
      return;
    default:
      // A file becomes the text and the image of each of its pages; a part of an unknown type could become anything.
      media.unseen = true;
  }
}
