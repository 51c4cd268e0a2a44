import { describe, expect, it } from 'vitest';
import { createPreludeReader } from '../../local/prelude.ts';

const NULS = Buffer.alloc(8);

function stream(prelude: object, ...body: (string | Uint8Array)[]): Buffer {
  return Buffer.concat([
    Buffer.from(JSON.stringify(prelude)),
    NULS,
    ...body.map((part) => Buffer.from(part)),
  ]);
}

/** Feeds a stream in pieces of so many bytes. */
function read(bytes: Buffer, size: number) {
  const reader = createPreludeReader();
  const body: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const part = reader.push(bytes.subarray(at, at + size));
    if (part !== undefined) body.push(part);
  }
  return { prelude: reader.prelude(), body: Buffer.concat(body).toString('utf8') };
}

describe('a function’s stream is split into head and body', () => {
  const bytes = stream(
    { statusCode: 404, headers: { 'content-type': 'text/plain', 'x-n': 1 }, cookies: ['a=1', 'b=2'] },
    'Grüße',
    new Uint8Array(16),
    'end',
  );

  it('wherever its chunks are cut', () => {
    for (let size = 1; size <= bytes.length; size += 1) {
      expect(read(bytes, size)).toEqual({
        prelude: {
          statusCode: 404,
          headers: { 'content-type': 'text/plain', 'x-n': 1 },
          cookies: ['a=1', 'b=2'],
        },
        body: `Grüße${'\0'.repeat(16)}end`,
      });
    }
  });

  it('with Lambda’s own defaults', () => {
    expect(read(stream({}), 100)).toEqual({
      prelude: { statusCode: 200, headers: {}, cookies: [] },
      body: '',
    });
  });

  it('and has no head until all of it came', () => {
    const reader = createPreludeReader();
    expect(reader.push(Buffer.from('{"statusCode":200}'))).toBeUndefined();
    expect(reader.push(NULS.subarray(0, 7))).toBeUndefined();
    expect(reader.prelude()).toBeUndefined();
    expect(reader.push(NULS.subarray(7))?.length).toBe(0);
    expect(reader.prelude()).toMatchObject({ statusCode: 200 });
  });

  it.each([['no JSON'], ['[]'], ['{"statusCode":"200"}'], ['{"statusCode":99}'], ['{"cookies":"a=1"}']])(
    'or is at fault: %s',
    (text) => {
      expect(() => createPreludeReader().push(Buffer.concat([Buffer.from(text), NULS]))).toThrow();
    },
  );
});
