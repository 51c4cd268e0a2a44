import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SsePiece, SseSplitter, sseComment, sseEvent } from '../../../shared/core/sse.ts';

const FIXTURES = new URL('../../fixtures/sse/', import.meta.url);
const fixtures = readdirSync(FIXTURES).map((name) => [name, readFileSync(new URL(name, FIXTURES))] as const);

/** What a browser would dispatch, written down from the standard on the whole text. */
function dispatched(text: string): { event: string; data: string }[] {
  const events: { event: string; data: string }[] = [];
  let event = '';
  let data = '';
  // What follows the last line end is no line yet.
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .slice(0, -1);
  for (const line of lines) {
    if (line === '') {
      if (data !== '') events.push({ event: event === '' ? 'message' : event, data: data.slice(0, -1) });
      event = '';
      data = '';
      continue;
    }
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data += `${value}\n`;
  }
  return events;
}

function split(chunks: readonly Uint8Array[], maxEventBytes?: number): SsePiece[] {
  const splitter = new SseSplitter(maxEventBytes);
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}

function cut(bytes: Uint8Array, ...ends: readonly number[]): Uint8Array[] {
  const starts = [0, ...ends];
  return starts.map((start, index) => bytes.slice(start, ends[index] ?? bytes.length));
}

function joined(pieces: readonly SsePiece[]): string {
  return Buffer.concat(pieces.map((piece) => piece.raw)).toString('latin1');
}

function readable(pieces: readonly SsePiece[]) {
  return pieces.flatMap((piece) =>
    piece.kind === 'event' && piece.complete && piece.data !== undefined
      ? [{ event: piece.event, data: piece.data }]
      : [],
  );
}

describe('a recorded stream', () => {
  test.each(fixtures)('%s reads the same wherever it is cut, and loses no byte', (_name, bytes) => {
    const expected = dispatched(bytes.toString('utf8'));
    for (let at = 0; at <= bytes.length; at++) {
      const pieces = split(cut(bytes, at));
      if (joined(pieces) !== bytes.toString('latin1')) expect.fail(`bytes differ when cut at ${at}`);
      expect(readable(pieces)).toEqual(expected);
    }
  });

  test.each(fixtures)('%s reads the same byte by byte', (_name, bytes) => {
    const pieces = split(Array.from(bytes, (byte) => Uint8Array.of(byte)));
    expect(joined(pieces)).toBe(bytes.toString('latin1'));
    expect(readable(pieces)).toEqual(dispatched(bytes.toString('utf8')));
  });
});

describe('any stream', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'data',
      'data:',
      'event: ping',
      ': hi',
      'id: 1',
      '\uFEFFdata: x',
      'data: é字🏔',
      'data:  two',
      '',
    ),
    fc.string({ unit: 'grapheme' }),
  );
  const stream = fc
    .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n', '\r\r', '')))
    .map((lines) => Buffer.from(lines.flat().join(''), 'utf8'));

  test('reads as the standard says, cut anywhere', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(200)), (bytes, ends) => {
        const sorted = ends.filter((end) => end <= bytes.length).sort((a, b) => a - b);
        const pieces = split(cut(bytes, ...sorted));
        expect(joined(pieces)).toBe(bytes.toString('latin1'));
        expect(readable(pieces)).toEqual(dispatched(bytes.toString('utf8')));
      }),
      { numRuns: 500 },
    );
  });

  test('of any bytes at all comes out as it went in, with any limit of an event', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 })),
        fc.integer({ min: 1, max: 60 }),
        (chunks, limit) => {
          const pieces = split(chunks, limit);
          expect(joined(pieces)).toBe(Buffer.concat(chunks).toString('latin1'));
          for (const piece of pieces)
            if (piece.kind === 'event') expect(piece.raw.length).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });
});

describe('an event', () => {
  const ascii = (text: string) => Buffer.from(text, 'latin1');

  test('comes out with the chunk that brings its blank line', () => {
    const splitter = new SseSplitter();
    expect(splitter.push(ascii('data: 1\n'))).toEqual([]);
    expect(splitter.push(ascii('\ndata: 2\r\n\r'))).toMatchObject([{ data: '1' }, { data: '2' }]);
    expect(splitter.push(ascii('\ndata: 3\r\r'))).toMatchObject([{ data: '3', complete: true }]);
    expect(splitter.end()).toEqual([]);
  });

  test('of 1 MB in chunks of one byte is read in linear time', () => {
    const text = 'x'.repeat(1_000_000);
    const bytes = sseEvent('big', text);
    const splitter = new SseSplitter();
    const pieces: SsePiece[] = [];
    for (let at = 0; at < bytes.length; at++) pieces.push(...splitter.push(bytes.subarray(at, at + 1)));
    expect(pieces).toHaveLength(1);
    expect(pieces[0]).toMatchObject({ kind: 'event', event: 'big', data: text });
  });

  test('without its blank line is read at the end of the stream, and says so', () => {
    expect(split([ascii('data: last')])).toMatchObject([{ data: 'last', complete: false }]);
  });

  test('above the limit passes in opaque pieces, and the next one is read again', () => {
    const pieces = split([ascii('data: 12345'), ascii('6789'), ascii('0\n\ndata: ok\n\n')], 16);
    expect(pieces.map((piece) => piece.kind)).toEqual(
      ['opaque', 'event'].flatMap((kind) => (kind === 'opaque' ? [kind] : [kind])),
    );
    expect(pieces.at(-1)).toMatchObject({ kind: 'event', data: 'ok' });
  });

  test('above the limit is not kept: its parts come out as they arrive', () => {
    const splitter = new SseSplitter(8);
    expect(splitter.push(ascii('data: 123'))).toMatchObject([{ kind: 'opaque' }]);
    expect(splitter.push(ascii('4'))).toMatchObject([{ kind: 'opaque', raw: ascii('4') }]);
    expect(splitter.push(ascii('\n\n'))).toMatchObject([{ kind: 'opaque', raw: ascii('\n\n') }]);
  });

  test('of comments only has no data', () => {
    expect(split([ascii(': hi\n\n')])[0]).not.toHaveProperty('data');
  });
});

describe('what Farebox writes itself', () => {
  test('a comment is no event to any client', () => {
    const bytes = sseComment('cost 0.01\r\ndata: not an event');
    expect(Buffer.from(bytes).toString()).toBe(': cost 0.01\n: data: not an event\n\n');
    expect(readable(split([bytes]))).toEqual([]);
  });

  test('an event reads back as it was written, with its line breaks as line feeds', () => {
    const text = '{"a":"é"}\r\n2\r3\n4';
    expect(split([sseEvent('error', text)])).toMatchObject([
      { event: 'error', data: '{"a":"é"}\n2\n3\n4', complete: true },
    ]);
  });

  test('a name cannot smuggle in a field', () => {
    expect(() => sseEvent('error\ndata: x', '')).toThrow(RangeError);
  });
});
