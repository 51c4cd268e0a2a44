/** What the head of a part says. */
export interface PartHead {
  readonly name: string;
  /** Of a file; absent of a field. */
  readonly filename?: string;
  readonly contentType?: string;
}

/** The headers that a part may have, each once; those of a later RFC could mean something to another reader. */
const HEADERS: ReadonlySet<string> = new Set([
  'content-disposition',
  'content-length',
  'content-transfer-encoding',
  'content-type',
]);

const LINE = /^([A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*$/;

/** A name of a member, perhaps of a member in it, or of a list: `a`, `a[]`, `a[b]`. */
const NAME = /^[A-Za-z][A-Za-z0-9_]*(\[[A-Za-z0-9_]*\])?$/;

/**
 * One parameter of a disposition: a token, or a text in quotes. A backslash before a quote is refused: to some readers it
 * ends the text there, to others not.
 */
const PARAMETER = /; *([a-z]+\*?)=(?:"((?:[^"\\\0]|\\[^"\0])*)"|([A-Za-z0-9!#$&+.^_`|~%'-]+))/y;

const PARAMETERS: ReadonlySet<string> = new Set(['name', 'filename', 'filename*']);

/** Encodings that leave the bytes of a part as they are. */
const AS_THEY_ARE: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary']);

/** What a field's text is in, where that is told. */
const PLAIN_TEXT = /^text\/plain(; *charset="?(utf-?8|us-ascii)"?)?$/i;

/**
 * Reads the head of one part of `multipart/form-data` (RFC 7578, section 4), as strictly as `readMultipart` reads the
 * body.
 *
 * @param bytes the lines of the head, without the blank one
 * @param contentBytes how long the part's content is
 * @returns what is wrong, as a half-sentence, where it could be read in more ways than one
 */
export function multipartHead(bytes: Uint8Array, contentBytes: number): PartHead | string {
  const headers = headersOf(Buffer.from(bytes).toString('utf8'));
  if (headers === undefined) return 'a part has a header that forms do not have, or one twice';
  const parameters = parametersOf(headers.get('content-disposition') ?? '');
  if (parameters === undefined) {
    return 'the content-disposition of a part must be form-data, with a name and at most a filename';
  }
  const filename = parameters.get('filename');
  const problem = unfit(headers, filename !== undefined, contentBytes);
  if (problem !== undefined) return problem;
  const contentType = headers.get('content-type');
  return {
    name: parameters.get('name') ?? '',
    ...(filename === undefined ? {} : { filename }),
    ...(contentType === undefined ? {} : { contentType }),
  };
}

function headersOf(text: string): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const [, name, value] = LINE.exec(line) ?? [];
    const header = name?.toLowerCase();
    if (header === undefined || value === undefined || !HEADERS.has(header) || headers.has(header)) {
      return undefined;
    }
    headers.set(header, value);
  }
  return headers;
}

function unfit(
  headers: ReadonlyMap<string, string>,
  isFile: boolean,
  contentBytes: number,
): string | undefined {
  const length = headers.get('content-length');
  if (length !== undefined && length !== String(contentBytes)) {
    return 'the content-length of a part is not its length';
  }
  const encoding = headers.get('content-transfer-encoding');
  if (encoding !== undefined && !AS_THEY_ARE.has(encoding.toLowerCase())) {
    return 'a part has a content-transfer-encoding';
  }
  const type = headers.get('content-type');
  if (isFile) return /^multipart\//i.test(type ?? '') ? 'a file must not be multipart itself' : undefined;
  return PLAIN_TEXT.test(type ?? 'text/plain') ? undefined : 'a field must be text/plain, in UTF-8';
}

/** The parameters of a disposition; `undefined` where they are not those of a form, each at most once. */
function parametersOf(disposition: string): ReadonlyMap<string, string> | undefined {
  if (!/^form-data(?=;)/i.test(disposition)) return undefined;
  const parameters = new Map<string, string>();
  let at = 'form-data'.length;
  while (at < disposition.length) {
    PARAMETER.lastIndex = at;
    const [whole, name = '', quoted, token = ''] = PARAMETER.exec(disposition) ?? [];
    if (whole === undefined || parameters.has(name) || !PARAMETERS.has(name)) return undefined;
    parameters.set(name, quoted ?? token);
    at += whole.length;
  }
  // With a `filename*` alone, or an empty name, some readers see a file and others a field.
  const isOneKind = parameters.has('filename')
    ? parameters.get('filename') !== ''
    : !parameters.has('filename*');
  return isOneKind && NAME.test(parameters.get('name') ?? '') ? parameters : undefined;
}
