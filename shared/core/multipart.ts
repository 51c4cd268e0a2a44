import { multipartHead, type PartHead } from './multipart-head.ts';
import { invalidRequest, type Refusal } from './refusal.ts';

/** One part of a form: a field, or a file where it has a name of one. */
export interface FormPart extends PartHead {
  readonly bytes: Uint8Array;
}

/** The parts of a body, in a wrapping of their own. */
export interface FormParts {
  readonly kind: 'form';
  readonly parts: readonly FormPart[];
  readonly boundary: string;
  /** Every reader takes these bytes for these parts; otherwise they must be written again before they go on. */
  readonly isPlain: boolean;
}

/** More parts than any request that means something, and few enough for every reader after this one. */
const MAX_PARTS = 256;

const CR_LF = Buffer.from('\r\n');
const BLANK_LINE = Buffer.from('\r\n\r\n');
const DASHES = Buffer.from('--');

/** A boundary of RFC 2046, section 5.1.1, less the space. */
const BOUNDARY = /^boundary=(?:([A-Za-z0-9'()+_,./:=?-]{1,70})|"([A-Za-z0-9'()+_,./:=?-]{1,70})")$/i;

/** What Java's clients say of the names in a form, which have only ASCII in them. */
const CHARSET = /^charset="?(utf-8|us-ascii|iso-8859-1)"?$/i;

/** Whether a request says that its body is a form of parts. */
export function isMultipart(contentType: string): boolean {
  return /^\s*multipart\//i.test(contentType);
}

/**
 * Reads a `multipart/form-data` body (RFC 7578), if there is only one reading of it that makes sense: another reading
 * could be another model, or another price. So nothing but line ends may stand before the first boundary or after the
 * last, the boundary nowhere but between parts, lines end in CR LF, and a part's head is one that `multipartHead` knows.
 *
 * @param contentType the request's header
 * @returns the parts as views of `body`, or a 400 refusal, without any text of the body
 */
export function readMultipart(body: Uint8Array, contentType: string): FormParts | Refusal {
  const type = contentTypeOf(contentType);
  if (type === undefined) return refuse('its content-type must name one boundary, and nothing but a charset');
  const { boundary } = type;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const parts: FormPart[] = [];
  const begin = skipLineEnds(bytes, 0);
  let at = endOfDelimiter(bytes, begin, boundary);
  if (at === undefined) return refuse('it must begin with its boundary');
  let isPlain = !type.hasCharset && begin === 0;
  while (!isLast(bytes, at)) {
    if (parts.length === MAX_PARTS) return refuse(`it has more than ${MAX_PARTS} parts`);
    const part = readPart(bytes, at, boundary);
    if (typeof part === 'string') return refuse(part);
    parts.push(part.part);
    isPlain &&= part.isPlain;
    at = part.end;
  }
  isPlain &&= bytes.length - at <= DASHES.length + CR_LF.length;
  return { kind: 'form', parts, boundary, isPlain };
}

/** The one boundary that a content type names, which may name a charset beside it. */
function contentTypeOf(header: string): { boundary: string; hasCharset: boolean } | undefined {
  const [kind = '', ...parameters] = header.split(';').map((each) => each.trim());
  if (kind.toLowerCase() !== 'multipart/form-data') return undefined;
  const boundaries = parameters.flatMap((each) => {
    const [, bare, quoted] = BOUNDARY.exec(each) ?? [];
    return bare ?? quoted ?? [];
  });
  const charsets = parameters.filter((each) => CHARSET.test(each)).length;
  const [boundary] = boundaries;
  if (boundary === undefined || boundaries.length > 1 || charsets > 1) return undefined;
  return boundaries.length + charsets === parameters.length
    ? { boundary, hasCharset: charsets > 0 }
    : undefined;
}

/**
 * Writes a form that every reader takes for the same parts.
 *
 * @param form read by `readMultipart`, so that its boundary occurs in none of its parts
 */
export function writeMultipart({ parts, boundary }: FormParts): Uint8Array {
  const pieces = parts.flatMap(({ name, filename, contentType, bytes }) => {
    const file = filename === undefined ? '' : `; filename="${escaped(filename)}"`;
    const type =
      filename === undefined || contentType === undefined ? '' : `\r\ncontent-type: ${contentType}`;
    const head = `content-disposition: form-data; name="${name}"${file}${type}`;
    return [Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), bytes, CR_LF];
  });
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

/** As browsers write a filename. Source: HTML, "Multipart form data". */
function escaped(filename: string): string {
  return filename.replaceAll('"', '%22');
}

function skipLineEnds(bytes: Buffer, from: number): number {
  let at = from;
  while (startsWith(bytes, CR_LF, at)) at += CR_LF.length;
  return at;
}

/** One part, from the end of the delimiter before it to the end of the one after it; or what is wrong. */
function readPart(
  bytes: Buffer,
  start: number,
  boundary: string,
): { readonly part: FormPart; readonly isPlain: boolean; readonly end: number } | string {
  if (!startsWith(bytes, CR_LF, start)) return 'a line of its boundary has more on it';
  const blank = bytes.indexOf(BLANK_LINE, start);
  // The next place where any reader could see a boundary, with or without dashes and line ends before it.
  const next = bytes.indexOf(boundary, start);
  if (next === -1) return 'its last boundary is missing';
  if (blank === -1 || next < blank) return 'a part has no head, or no end of it';
  const from = blank + BLANK_LINE.length;
  const to = next - DASHES.length - CR_LF.length;
  const end = to < from ? undefined : endOfDelimiter(bytes, to + CR_LF.length, boundary);
  if (end === undefined || !startsWith(bytes, CR_LF, to)) return 'its boundary occurs inside of a part';
  const content = bytes.subarray(from, to);
  const read = multipartHead(bytes.subarray(start + CR_LF.length, blank), content);
  if (typeof read === 'string') return read;
  const { isPlain, ...head } = read;
  return { part: { ...head, bytes: content }, isPlain, end };
}

/** Where the delimiter ends that begins here; `undefined` where none does. */
function endOfDelimiter(bytes: Buffer, at: number, boundary: string): number | undefined {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  return startsWith(bytes, delimiter, at) ? at + delimiter.length : undefined;
}

/** Whether this is the end of the last delimiter, and of the body but for line ends (RFC 2046, section 5.1.1). */
function isLast(bytes: Buffer, at: number): boolean {
  return startsWith(bytes, DASHES, at) && skipLineEnds(bytes, at + DASHES.length) === bytes.length;
}

function startsWith(bytes: Buffer, prefix: Buffer, at: number): boolean {
  return bytes.subarray(at, at + prefix.length).equals(prefix);
}

function refuse(problem: string): Refusal {
  const message =
    `The multipart body of your request cannot be read in one way only: ${problem}. ` +
    'Send multipart/form-data as the OpenAI SDKs and curl do.';
  return invalidRequest('invalid_multipart', message);
}
