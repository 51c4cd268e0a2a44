import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { readMultipart, writeMultipart } from '../../../shared/core/multipart.ts';
import { isRefusal } from '../../../shared/core/refusal.ts';

const TYPE = 'multipart/form-data; boundary=XyZ';
const FIELD = 'Content-Disposition: form-data; name="model"';
const FILE = 'Content-Disposition: form-data; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg';
const part = (head: string, content = 'whisper-1') => `--XyZ\r\n${head}\r\n\r\n${content}\r\n`;
const LAST = '--XyZ--\r\n';

function read(body: string | Uint8Array, type = TYPE) {
  return readMultipart(typeof body === 'string' ? Buffer.from(body, 'latin1') : body, type);
}

function partsOf(body: string | Uint8Array, type = TYPE) {
  const form = read(body, type);
  if (isRefusal(form)) throw new Error(form.message);
  return form.parts.map(({ bytes, ...head }) => ({ ...head, text: Buffer.from(bytes).toString('latin1') }));
}

describe('a form', () => {
  it('is its parts, whatever their bytes are', () => {
    const bytes = '\r\n--\0\xff--Xy\r\n\r\n';
    expect(partsOf(part(FIELD) + part(FILE, bytes) + LAST)).toEqual([
      { name: 'model', text: 'whisper-1' },
      { name: 'file', filename: 'a.mp3', contentType: 'audio/mpeg', text: bytes },
    ]);
  });

  it.each([
    ['curl', 'Content-Disposition: form-data; name="model"'],
    ['.NET', 'Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=model'],
    ['OkHttp', 'Content-Disposition: form-data; name="model"\r\nContent-Length: 9'],
    [
      "Apache's client",
      'content-disposition: form-data; name="model"\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit',
    ],
  ])('is read as %s writes it', (_client, head) => {
    expect(partsOf(part(head) + LAST)).toMatchObject([{ name: 'model', text: 'whisper-1' }]);
  });

  it.each([
    ['a.mp3', '"a.mp3"'],
    ['a b; name=c.mp3', '"a b; name=c.mp3"'],
    ['C:\\\\a.mp3', '"C:\\\\a.mp3"'],
    ['a.mp3', "a.mp3; filename*=utf-8''a.mp3"],
  ])('may name a file %s', (filename, written) => {
    const head = `Content-Disposition: form-data; name="file"; filename=${written}`;
    expect(partsOf(part(head) + LAST)).toMatchObject([{ name: 'file', filename }]);
  });

  it('has a boundary in quotes or without', () => {
    expect(partsOf(part(FIELD) + LAST, 'Multipart/Form-Data;boundary="XyZ"')).toHaveLength(1);
    expect(partsOf(part(FIELD) + LAST.trimEnd())).toHaveLength(1);
  });
});

const SPRING = `${FIELD.replace('model', 'temperature')}\r\nContent-Type: application/json`;
const APACHE = `${FIELD}\r\nContent-Type: text/plain; charset=ISO-8859-1\r\nContent-Transfer-Encoding: 8bit`;

describe('a form with one meaning, in a writing that another reader may take for something else,', () => {
  const whole = part(FIELD) + part(FILE, 'sound') + LAST;
  it.each<[string, string, string?]>([
    ['ends in line ends (form-data-encoder)', `${whole}\r\n`],
    ['begins with a line end', `\r\n${whole}`],
    ['names its charset first', whole, 'multipart/form-data; charset=ISO-8859-1; boundary=XyZ'],
    ['names its charset last', whole, 'multipart/form-data; boundary="XyZ"; charset="UTF-8"'],
    ['has fields of JSON (Spring AI)', part(SPRING, '0.7') + whole],
    ['has fields of Latin letters (Apache HttpClient)', whole.replace(FIELD, APACHE)],
    ['has a file with quotes in its name (Go)', whole.replace('"a.mp3"', '"my \\"take\\".mp3"')],
    ['has parts with an id', whole.replace(FIELD, `${FIELD}\r\nContent-ID: <1>`)],
    ['has white space before a semicolon', whole.replace('form-data;', 'form-data ;')],
    ['has names of parameters in capitals', whole.replace('; name=', '; Name=')],
  ])('%s: it is written again', (_what, body, type = TYPE) => {
    const form = read(body, type);
    if (isRefusal(form)) throw new Error(form.message);
    expect(form.isPlain).toBe(false);
    const written = read(writeMultipart(form), `multipart/form-data; boundary=${form.boundary}`);
    if (isRefusal(written)) throw new Error(written.message);
    expect(written.isPlain).toBe(true);
    const told = ({ name, bytes }: (typeof form.parts)[number]) => [
      name,
      Buffer.from(bytes).toString('latin1'),
    ];
    expect(written.parts.map(told)).toEqual(form.parts.map(told));
    expect(written.parts.map(told)).toEqual(
      expect.arrayContaining([
        ['model', 'whisper-1'],
        ['file', 'sound'],
      ]),
    );
  });

  it('keeps the name of a file, its quotes as browsers write them', () => {
    const form = read(whole.replace('"a.mp3"', '"my \\"take\\".mp3"'));
    if (isRefusal(form)) throw new Error(form.message);
    expect(form.parts[1]).toMatchObject({ filename: 'my "take".mp3', contentType: 'audio/mpeg' });
    expect(Buffer.from(writeMultipart(form)).toString()).toContain(
      'filename="my %22take%22.mp3"\r\ncontent-type: audio/mpeg',
    );
  });

  it('goes on as it is where every reader takes it for the same', () => {
    expect(read(whole)).toMatchObject({ isPlain: true });
  });

  it.each([
    ['a field of another type', part(`${FIELD}\r\nContent-Type: application/octet-stream`) + LAST],
    ['an empty filename', part(`${FIELD}; filename=""`) + LAST],
    ['an encoded filename alone', part(`${FIELD}; filename*=utf-8''a.mp3`) + LAST],
  ])('is told what to do about %s', (_what, body) => {
    expect(read(body)).toMatchObject({ message: expect.stringMatching(/give the file a (file)?name/) });
  });
});

describe('what could be read in two ways is refused', () => {
  const whole = part(FIELD) + LAST;
  it.each([
    ['no boundary', whole, 'multipart/form-data'],
    ['two boundaries', whole, 'multipart/form-data; boundary=a; boundary=XyZ'],
    ['a boundary and another parameter', whole, 'multipart/form-data; boundary=XyZ; charset=utf-16'],
    ['two content types', whole, 'multipart/form-data; boundary=XyZ, application/json'],
    ['another kind of parts', whole, 'multipart/mixed; boundary=XyZ'],
    ['text before the first boundary', `preamble\r\n${whole}`],
    ['text after the last boundary', `${whole}epilogue`],
    ['a second form after the last boundary', whole + whole],
    ['white space after a boundary', whole.replace('--XyZ\r\n', '--XyZ \r\n')],
    ['lines that end in LF', whole.replaceAll('\r\n', '\n')],
    ['no last boundary', part(FIELD)],
    ['a boundary after LF inside of a part', part(FIELD, `x\n--XyZ\n${FIELD}\n\ngpt-4o`) + LAST],
    ['a boundary with text before it', part(FIELD, 'x--XyZ\r\n') + LAST],
    ['a bare boundary inside of a part', part(FIELD, 'x\r\nXyZ\r\n') + LAST],
    ['a boundary inside of a head', part(`${FIELD}; filename="--XyZ"`) + LAST],
    ['a part without a head', '--XyZ\r\n\r\nwhisper-1\r\n--XyZ--\r\n'],
    ['a part without the end of its head', `--XyZ\r\n${FIELD}\r\n--XyZ--\r\n`],
    ['a head with a header twice', part(`${FIELD}\r\n${FIELD.replace('model', 'other')}`) + LAST],
    ['a head with another header', part(`${FIELD}\r\nX-Name: other`) + LAST],
    ['a folded head', part(FIELD.replace('; ', ';\r\n ')) + LAST],
    ['a head with white space before its colon', part(FIELD.replace(':', ' :')) + LAST],
    ['a bare CR in a head', part(`${FIELD}\rX: y`) + LAST],
    ['a name twice', part(`${FIELD}; name="other"`) + LAST],
    ['no name', part('Content-Disposition: form-data') + LAST],
    ['an encoded name', part("Content-Disposition: form-data; name*=utf-8''model") + LAST],
    ['a name that is escaped', part('Content-Disposition: form-data; name="mod%65l"') + LAST],
    ['a name with a quote in it', part('Content-Disposition: form-data; name="a\\"; name=\\"model"') + LAST],
    ['an encoded filename alone', part(`${FIELD}; filename*=utf-8''a.mp3`) + LAST],
    ['an empty filename', part(`${FIELD}; filename=""`) + LAST],
    ['an attachment', part(FIELD.replace('form-data', 'attachment')) + LAST],
    ['a transfer encoding', part(`${FIELD}\r\nContent-Transfer-Encoding: base64`) + LAST],
    ['a wrong length', part(`${FIELD}\r\nContent-Length: 3`) + LAST],
    ['a field in UTF-16', part(`${FIELD}\r\nContent-Type: text/plain; charset=utf-16`) + LAST],
    [
      'a field of Latin letters',
      part(`${FIELD}\r\nContent-Type: text/plain; charset=ISO-8859-1`, '\xe9') + LAST,
    ],
    ['a charset twice', whole, 'multipart/form-data; charset=utf-8; boundary=XyZ; charset=utf-8'],
    ['a text in JSON', part(`${FIELD}\r\nContent-Type: application/json`, '"whisper-1"') + LAST],
    ['a file that is a form', part(`${FILE.replace('audio/mpeg', 'multipart/mixed; boundary=b')}`) + LAST],
    ['too many parts', part(FIELD).repeat(257) + LAST],
    ['nothing', ''],
  ])('%s', (_what, body, type = TYPE) => {
    expect(read(body, type)).toMatchObject({ status: 400, code: 'invalid_multipart' });
  });

  it('and no text of it is repeated', () => {
    const refusal = read(`secret${whole}`);
    expect(JSON.stringify(refusal)).not.toContain('secret');
  });
});

/** Pieces that confuse readers of forms, put together at random. */
const piece = fc.oneof(
  fc.constantFrom(
    '--XyZ',
    '--XyZ--',
    '\r\n',
    '\n',
    '\r',
    '--',
    'XyZ',
    ' ',
    '\t',
    '\0',
    '"',
    ';',
    '\\',
    '%22',
  ),
  fc.constantFrom(FIELD, FILE, 'Content-Type: text/plain', 'Content-Length: 0', 'name="model"', 'filename=a'),
  fc.constantFrom(part(FIELD), part(FILE), part(FIELD, ''), LAST),
  fc.string({ maxLength: 4 }),
);

test('whatever is read as a form, Node reads as the same parts, or not at all', async () => {
  let read = 0;
  const parts = fc.array(fc.constantFrom(part(FIELD), part(FILE), part(FIELD, ''), part(FILE, '\r\n-')), {
    maxLength: 3,
  });
  const broken = fc
    .tuple(parts, fc.array(piece, { maxLength: 3 }), fc.nat(400), fc.nat(8))
    .map(([sound, odd, at, gap]) => {
      const whole = sound.join('') + LAST;
      return whole.slice(0, at) + odd.join('') + whole.slice(at + gap);
    });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        broken,
        fc.array(piece, { maxLength: 8 }).map((all) => all.join('')),
      ),
      async (text) => {
        const body = Buffer.from(text, 'latin1');
        const form = readMultipart(body, TYPE);
        if (isRefusal(form)) return;
        const node = await new Response(body, { headers: { 'content-type': TYPE } })
          .formData()
          .catch(() => undefined);
        // To refuse it is no other reading of it.
        if (node === undefined) return;
        read += 1;
        const theirs = await Promise.all(
          [...node].map(async ([name, value]) => [
            name,
            typeof value === 'string' ? value : Buffer.from(await value.arrayBuffer()).toString('latin1'),
          ]),
        );
        expect(form.parts.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('latin1')])).toEqual(
          theirs,
        );
      },
    ),
    { numRuns: 20_000 },
  );
  expect(read).toBeGreaterThan(500);
});

test('whatever Node writes as a form is read as it was', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 });
  const bytes = fc.uint8Array({ maxLength: 200 });
  const filename = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((name) => !name.includes('\\'));
  await fc.assert(
    fc.asyncProperty(text, bytes, filename, async (prompt, file, name) => {
      const form = new FormData();
      form.append('prompt', prompt);
      form.append('file', new File([file], name.isWellFormed() ? name : 'a', { type: 'audio/wav' }));
      const request = new Response(form);
      const type = request.headers.get('content-type') ?? '';
      const body = Buffer.from(await request.arrayBuffer());
      const [field, sound] = partsOf(body, type);
      const lines = prompt.replace(/\r\n?|\n/g, '\r\n');
      expect(Buffer.from(field?.text ?? '', 'latin1').toString()).toBe(Buffer.from(lines).toString());
      expect(sound?.text).toBe(Buffer.from(file).toString('latin1'));
    }),
  );
});
