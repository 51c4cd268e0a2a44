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
}

/** More parts than any request that means something, and few enough for every reader after this one. */
const MAX_PARTS = 256;

const CR_LF = Buffer.from('\r\n');
const BLANK_LINE = Buffer.from('\r\n\r\n');
const DASHES = Buffer.from('--');

/** A boundary of RFC 2046, section 5.1.1, less the space; it is the only parameter. */
const CONTENT_TYPE =
  /^multipart\/form-data *; *boundary=(?:([A-Za-z0-9'()+_,./:=?-]{1,70})|"([A-Za-z0-9'()+_,./:=?-]{1,70})")$/i;

/** Whether a request says that its body is a form of parts. */
export function isMultipart(contentType: string): boolean {
  return /^\s*multipart\//i.test(contentType);
}

/**
 * Reads a `multipart/form-data` body (RFC 7578), as no more than one that every reader takes for the same parts: what is
 * forwarded are these very bytes, and another reading of them could be another model, or another price. So nothing may
 * stand before the first boundary or after the last, the boundary nowhere but between parts, lines end in CR LF, and a
 * part's head is one that `multipartHead` knows. All that SDKs, browsers, curl and the common HTTP clients send is.
 *
 * @param contentType the request's header
 * @returns the parts as views of `body`, or a 400 refusal, without any text of the body
 */
export function readMultipart(body: Uint8Array, contentType: string): FormParts | Refusal {
  const [, bare, quoted] = CONTENT_TYPE.exec(contentType.trim()) ?? [];
  const boundary = bare ?? quoted;
  if (boundary === undefined) return refuse('its content-type must name one boundary, and nothing else');
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const parts: FormPart[] = [];
  let at = endOfDelimiter(bytes, 0, boundary);
  if (at === undefined) return refuse('it must begin with its boundary');
  while (!isLast(bytes, at)) {
    if (parts.length === MAX_PARTS) return refuse(`it has more than ${MAX_PARTS} parts`);
    const part = readPart(bytes, at, boundary);
    if (typeof part === 'string') return refuse(part);
    parts.push(part.part);
    at = part.end;
  }
  return { kind: 'form', parts };
}

/** One part, from the end of the delimiter before it to the end of the one after it; or what is wrong. */
function readPart(
  bytes: Buffer,
  start: number,
  boundary: string,
): { readonly part: FormPart; readonly end: number } | string {
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
  const head = multipartHead(bytes.subarray(start + CR_LF.length, blank), to - from);
  if (typeof head === 'string') return head;
  return { part: { ...head, bytes: bytes.subarray(from, to) }, end };
}

/** Where the delimiter ends that begins here; `undefined` where none does. */
function endOfDelimiter(bytes: Buffer, at: number, boundary: string): number | undefined {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  return startsWith(bytes, delimiter, at) ? at + delimiter.length : undefined;
}

/** Whether this is the end of the last delimiter, and of the body. */
function isLast(bytes: Buffer, at: number): boolean {
  const rest = bytes.subarray(at);
  return rest.equals(DASHES) || rest.equals(Buffer.concat([DASHES, CR_LF]));
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
