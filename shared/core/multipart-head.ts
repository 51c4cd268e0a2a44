/** What the head of a part says. */
export interface PartHead {
  readonly name: string;
  /** Of a file; absent of a field. */
  readonly filename?: string;
  readonly contentType?: string;
}

/** A head, and whether every reader takes it for the same. */
export type ReadHead = PartHead & { readonly isPlain: boolean };

/** The headers that forms have (RFC 7578, section 4). */
const HEADERS: ReadonlySet<string> = new Set([
  'content-disposition',
  'content-length',
  'content-transfer-encoding',
  'content-type',
]);

/** Those that MIME has beside them, which say nothing in a form. */
const IGNORED: ReadonlySet<string> = new Set([
  'content-description',
  'content-id',
  'content-language',
  'content-location',
  'mime-version',
]);

const LINE = /^([A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*$/;

/** A name of a member, perhaps of a member in it, or of a list: `a`, `a[]`, `a[b]`. */
const NAME = /^[A-Za-z][A-Za-z0-9_]*(\[[A-Za-z0-9_]*\])?$/;

/** One parameter of a disposition: a token, or a text in quotes, in which a backslash may stand before a quote. */
const PARAMETER = /[ \t]*;[ \t]*([A-Za-z]+\*?)=(?:"((?:[^"\\\0]|\\[^\0])*)"|([A-Za-z0-9!#$&+.^_`|~%'-]+))/y;

const PARAMETERS: ReadonlySet<string> = new Set(['name', 'filename', 'filename*']);

/** Encodings that leave the bytes of a part as they are. */
const AS_THEY_ARE: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary']);

const UTF8_TEXT = /^text\/plain(; *charset="?(utf-?8|us-ascii)"?)?$/i;
const LATIN_TEXT = /^text\/plain; *charset="?iso-8859-1"?$/i;
const JSON_TEXT = /^application\/json(; *charset="?(utf-?8|us-ascii)"?)?$/i;

/**
 * Reads the head of one part of `multipart/form-data` (RFC 7578, section 4), as strictly as `readMultipart` reads the
 * body.
 *
 * @param bytes the lines of the head, without the blank one
 * @param content what follows it
 * @returns what is wrong, as a half-sentence, if it could be read in more ways than one
 */
export function multipartHead(bytes: Uint8Array, content: Uint8Array): ReadHead | string {
  const headers = headersOf(Buffer.from(bytes).toString('utf8'));
  if (headers === undefined) return 'a part has a header that forms do not have, or one twice';
  const disposition = dispositionOf(headers.get('content-disposition') ?? '');
  if (typeof disposition === 'string') return disposition;
  const { name, filename } = disposition;
  const type = headers.get('content-type');
  const problem =
    unfit(headers, content) ??
    (filename === undefined ? unfitField(type ?? 'text/plain', content) : unfitFile(type ?? ''));
  if (problem !== undefined) return problem;
  const isUsual = filename !== undefined || UTF8_TEXT.test(type ?? 'text/plain');
  return {
    name,
    ...(filename === undefined ? {} : { filename }),
    ...(type === undefined ? {} : { contentType: type }),
    isPlain: disposition.isPlain && isUsual && [...headers.keys()].every((header) => HEADERS.has(header)),
  };
}

function headersOf(text: string): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const [, name, value] = LINE.exec(line) ?? [];
    const header = name?.toLowerCase();
    if (header === undefined || value === undefined || headers.has(header)) return undefined;
    if (!HEADERS.has(header) && !IGNORED.has(header)) return undefined;
    headers.set(header, value);
  }
  return headers;
}

function unfit(headers: ReadonlyMap<string, string>, content: Uint8Array): string | undefined {
  const length = headers.get('content-length');
  if (length !== undefined && length !== String(content.byteLength)) {
    return 'the content-length of a part is not its length';
  }
  const encoding = headers.get('content-transfer-encoding');
  if (encoding !== undefined && !AS_THEY_ARE.has(encoding.toLowerCase())) {
    return 'a part has a content-transfer-encoding: send its bytes as they are';
  }
  return undefined;
}

function unfitFile(type: string): string | undefined {
  return /^multipart\//i.test(type) ? 'a file must not be multipart itself' : undefined;
}

/** A field is read as text, so another type of it must read the same. */
function unfitField(type: string, content: Uint8Array): string | undefined {
  if (UTF8_TEXT.test(type)) return undefined;
  const isAscii = content.every((byte) => byte < 0x80);
  if (LATIN_TEXT.test(type))
    return isAscii ? undefined : 'a field has letters beyond ASCII: send it in UTF-8';
  if (!JSON_TEXT.test(type)) {
    return 'a field must be text/plain, in UTF-8; a file needs a filename: give the file a name';
  }
  // A text in JSON's quotes is another text without them.
  return content[0] === 0x22 ? 'a field is a text in quotes, as JSON: send it as text/plain' : undefined;
}

interface Disposition {
  readonly name: string;
  readonly filename?: string;
  readonly isPlain: boolean;
}

/** The name in a disposition and the name of its file, or what is wrong if they are not those of a form. */
function dispositionOf(disposition: string): Disposition | string {
  const wrong = 'the content-disposition of a part must be form-data, with a name and at most a filename';
  if (!/^form-data(?=[ \t]*;)/i.test(disposition)) return wrong;
  const parameters = new Map<string, string>();
  let isPlain = !/^form-data[ \t]/i.test(disposition);
  let at = 'form-data'.length;
  while (at < disposition.length) {
    PARAMETER.lastIndex = at;
    const [whole, written = '', quoted, token = ''] = PARAMETER.exec(disposition) ?? [];
    const name = written.toLowerCase();
    if (whole === undefined || parameters.has(name) || !PARAMETERS.has(name)) return wrong;
    const value = (quoted ?? token).replace(/\\"/g, '"');
    isPlain &&= written === name && !value.includes('"') && !/^[ \t]+;|\t/.test(whole);
    parameters.set(name, value);
    at += whole.length;
  }
  const [name = '', filename] = [parameters.get('name'), parameters.get('filename')];
  if (filename === '') return 'a part has an empty filename: give the file a name';
  // With a `filename*` alone, some readers see a file and others a field.
  if (filename === undefined && parameters.has('filename*')) {
    return 'a part has a filename* alone: give the file a filename too, in ASCII';
  }
  if (!NAME.test(name)) return wrong;
  return { name, ...(filename === undefined ? {} : { filename }), isPlain };
}
