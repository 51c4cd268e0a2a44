import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf, textOf } from '../json-members.ts';
import { addAudio, addInputImage, addPicture, type Media, noMedia } from '../media.ts';
import { isGiven } from '../request-checks.ts';
import { mentions } from '../token-bounds.ts';
import { contentOf } from './response-items.ts';

/** What a request can lean on that is stored at OpenAI, and may be another thing tomorrow. */
const STORED = ['previous_response_id', 'conversation', 'prompt'];

/** Finds what a request of `/responses` refers to beside its text. */
export function responseMedia(body: JsonObject): Media {
  const media = noMedia();
  if (usesStored(body)) media.unseen = true;
  for (const item of itemsOf(body)) addItem(media, item);
  return media;
}

/** Whether the request alone does not say what is asked: another day the same one could mean another thing. */
export function leansOnStored(body: JsonObject): boolean {
  return usesStored(body) || mentions(body['input'], 'file_id');
}

function usesStored(body: JsonObject): boolean {
  return (
    STORED.some((name) => isGiven(body, name)) ||
    itemsOf(body).some((item) => contentOf(item).kind === 'elsewhere')
  );
}

function itemsOf(body: JsonObject): readonly JsonObject[] {
  return listOf(body['input']).filter(isObject);
}

function addItem(media: Media, item: JsonObject): void {
  const found = contentOf(item);
  if (found.kind === 'parts') addParts(media, found.content);
  if (found.kind === 'screenshot') addScreenshot(media, found.output);
  if (item['type'] === 'program_output') addPrinted(media, item['result']);
}

/** A program can hand pictures to the model as well as text ("`text(...)` or `image(...)`", of its guide). */
function addPrinted(media: Media, result: JsonValue | undefined): void {
  for (const _ of (textOf(result) ?? '').matchAll(/data:image\//g)) addPicture(media, undefined, 'unknown');
}

/** No detail is documented for it: whatever it says may be ignored. */
function addScreenshot(media: Media, output: JsonValue | undefined): void {
  const isInline = isObject(output) && !isGiven(output, 'file_id');
  addPicture(media, isInline ? output['image_url'] : undefined, 'unknown');
}

function addParts(media: Media, content: JsonValue | undefined): void {
  // Not what OpenAI documents: no bound is made for it.
  if (isObject(content)) media.unseen = true;
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
      addInputImage(media, part);
      return;
    case 'computer_screenshot':
      addScreenshot(media, part);
      return;
    case 'input_audio':
      addAudio(media, isObject(part['input_audio']) ? part['input_audio']['data'] : undefined);
      return;
    default:
      // A file becomes the text and the image of each of its pages; a part of an unknown type could become anything.
      media.unseen = true;
  }
}
