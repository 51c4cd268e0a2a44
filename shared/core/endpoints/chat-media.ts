import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf } from '../json-members.ts';
import { addAudio, addPicture, detailOf, type Media, noMedia } from '../media.ts';
import { isGiven } from '../request-checks.ts';

/** Finds what the messages of a chat completion refer to beside their text. */
export function chatMedia(messages: JsonValue | undefined): Media {
  const media = noMedia();
  for (const message of listOf(messages)) {
    if (isObject(message)) addMessage(media, message);
  }
  return media;
}

function addMessage(media: Media, message: JsonObject): void {
  // Names audio of an earlier answer by its id.
  if (isGiven(message, 'audio')) media.unseen = true;
  for (const part of listOf(message['content'])) {
    if (isObject(part)) addPart(media, part);
  }
}

function addPart(media: Media, part: JsonObject): void {
  switch (part['type']) {
    case 'text':
    case 'refusal':
      return;
    case 'image_url':
      addImageUrl(media, part['image_url']);
      return;
    case 'input_audio':
      addAudio(media, isObject(part['input_audio']) ? part['input_audio']['data'] : undefined);
      return;
    default:
      // A file becomes the text and the image of each of its pages; a part of an unknown type could become anything.
      media.unseen = true;
  }
}

/** OpenAI documents an object with a URL and a detail, and no other form. */
function addImageUrl(media: Media, image: JsonValue | undefined): void {
  if (isObject(image)) addPicture(media, image['url'], detailOf(image));
  else addPicture(media, image, 'unknown');
}
