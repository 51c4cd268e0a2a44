import { type FormatReading, type PictureSize, readFormat } from './picture-formats.ts';

/** How many bytes of a picture are read, first; more of them only where its size was not among the ones before. */
const HEADS = [1_024, 65_536, 1_048_576] as const;

/** Only the alphabet itself: what a lenient decoder would skip could show it another picture than is read here. */
const STRICT = /^[A-Za-z0-9+/]*$/;

/**
 * The size of a picture that is given as a `data:` URL in base64, as its first bytes tell it.
 *
 * @returns `undefined` for what is no PNG, JPEG, GIF or WebP, tells no size, or could be read in another way than here
 */
export function sizeOfDataUrl(url: string): PictureSize | undefined {
  const start = dataStart(url);
  if (start === undefined) return undefined;
  for (const bytes of HEADS) {
    const head = decoded(url, start, bytes);
    if (head === undefined) return undefined;
    const reading = readFormat(head.bytes);
    if (reading !== 'more') return sizeOf(reading);
    if (head.isAll) return undefined;
  }
  return undefined;
}

/** Where the base64 of a `data:` URL begins; nowhere, where a second comma leaves open which part is the picture. */
function dataStart(url: string): number | undefined {
  const [prefix] = /^data:[^,]{0,200};base64,/.exec(url) ?? [];
  return prefix === undefined || url.includes(',', prefix.length) ? undefined : prefix.length;
}

function decoded(
  url: string,
  start: number,
  bytes: number,
): { readonly bytes: Buffer; readonly isAll: boolean } | undefined {
  const end = start + 4 * Math.ceil(bytes / 3);
  const isAll = end >= url.length;
  const text = isAll ? url.slice(start).replace(/={1,2}$/, '') : url.slice(start, end);
  return STRICT.test(text) ? { bytes: Buffer.from(text, 'base64'), isAll } : undefined;
}

/** A picture without pixels is none that anybody can look at. */
function sizeOf(reading: Exclude<FormatReading, 'more'>): PictureSize | undefined {
  return reading !== undefined && reading.width > 0 && reading.height > 0 ? reading : undefined;
}
