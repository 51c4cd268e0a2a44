import type { JsonObject, JsonValue } from './json.ts';
import { textBytes } from './json-members.ts';
import { sizeOfDataUrl } from './picture-size.ts';
import { recordingOf } from './sound/measure.ts';
import type { Picture, PictureDetail } from './vision.ts';

/** What the content of a request refers to, found by the readers of content parts. */
export interface Media {
  readonly pictures: Picture[];
  /** In seconds. */
  audio: number;
  /** Bytes of base64 that are media and no text. */
  mediaBytes: number;
  /** It refers to something that cannot be seen from here, which may be of any kind. */
  unseen: boolean;
}

const DETAILS: ReadonlySet<string> = new Set(['low', 'high', 'original', 'auto'] satisfies PictureDetail[]);

export function noMedia(): Media {
  return { pictures: [], audio: 0, mediaBytes: 0, unseen: false };
}

/**
 * Counts a picture that is given as a URL; the bytes of a `data:` URL are the picture's and no text.
 *
 * @param detail what its part of the content asks for, where OpenAI documents such a member there
 */
export function addPicture(media: Media, url: JsonValue | undefined, detail: PictureDetail): void {
  const isInline = typeof url === 'string' && url.startsWith('data:');
  const size = isInline ? sizeOfDataUrl(url) : undefined;
  media.pictures.push({ detail, ...(size === undefined ? {} : { size }) });
  if (isInline) media.mediaBytes += textBytes(url);
}

/** Counts an `input_image`, by the URL of its picture; one that names a file may be the file. */
export function addInputImage(media: Media, part: JsonObject): void {
  const { file_id: file, image_url: url } = part;
  if (file === undefined || file === null) addPicture(media, url, detailOf(part));
  else media.pictures.push({ detail: detailOf(part) });
}

/** The `detail` of a picture; OpenAI reads none, or `null`, as `auto`. */
export function detailOf({ detail }: JsonObject): PictureDetail {
  if (detail === undefined || detail === null) return 'auto';
  return typeof detail === 'string' && DETAILS.has(detail) ? (detail as PictureDetail) : 'unknown';
}

/** Counts audio that is given as base64, by how long it plays at most. */
export function addAudio(media: Media, data: JsonValue | undefined): void {
  if (typeof data !== 'string') {
    media.unseen = true;
    return;
  }
  media.mediaBytes += textBytes(data);
  const recording = isBase64(data) ? recordingOf(Buffer.from(data, 'base64')) : undefined;
  if (recording === undefined) media.unseen = true;
  else media.audio += recording.seconds;
}

/** Whether all decoders read the same bytes: whatever else is in such a text, some skip it, and others end there. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
