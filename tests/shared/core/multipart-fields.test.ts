import { expect, test } from 'vitest';
import { readMultipart } from '../../../shared/core/multipart.ts';
import { type RawForm, withFields } from '../../../shared/core/multipart-fields.ts';
import { isRefusal } from '../../../shared/core/refusal.ts';

const FILE = Buffer.from(Array.from({ length: 300 }, (_, at) => at & 255));
const part = (head: string, content: string) =>
  `--boundary\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
const form = {
  bytes: Buffer.concat([
    Buffer.from(part('name="response_format"', 'text')),
    Buffer.from(
      '--boundary\r\nContent-Disposition: form-data; name="file"; filename="ä b.mp3"\r\nContent-Type: audio/mpeg\r\n\r\n',
    ),
    FILE,
    Buffer.from(`\r\n${part('name="model"', 'whisper-1')}--boundary--\r\n`),
  ]),
  contentType: 'multipart/form-data; boundary=boundary',
};

function partsOf({ bytes, contentType }: RawForm) {
  const read = readMultipart(bytes, contentType);
  if (isRefusal(read)) throw new Error(read.message);
  return new Map(read.parts.map((each) => [each.name, each]));
}

test('a field of a form gets another value, and its files stay as they are', () => {
  const changed = withFields(form, new Map([['response_format', 'json']]));
  const parts = partsOf(changed);
  expect([...parts.keys()].sort()).toEqual(['file', 'model', 'response_format']);
  expect(String(parts.get('response_format')?.bytes)).toBe('json');
  expect(parts.get('file')).toEqual(partsOf(form).get('file'));
  expect(parts.get('model')).toEqual(partsOf(form).get('model'));
});

test('a field that a form does not have is added, and a form without changes is the same', () => {
  const { bytes, contentType } = form;
  const added = withFields({ bytes, contentType }, new Map([['language', 'de']]));
  expect(String(partsOf(added).get('language')?.bytes)).toBe('de');
  expect(withFields(form, new Map())).toBe(form);
});
