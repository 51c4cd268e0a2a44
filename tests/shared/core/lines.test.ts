import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from '../../../shared/core/lines.ts';

test('Lines come out as they went in, wherever the pieces are cut', () => {
  const text = fc.array(
    fc.string().map((line) => line.replaceAll('\n', ' ')),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 20 }), (lines, size) => {
      const splitter = new LineSplitter(1_000);
      const bytes = new TextEncoder().encode(lines.join('\n'));
      const found: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size)
        found.push(...splitter.push(bytes.subarray(at, at + size)));
      found.push(splitter.end());
      expect(found.map((line) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(line))).toEqual(
        lines.map((line) =>
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(line)),
        ),
      );
    }),
  );
});

test('A line that is too long is told of, and takes no more memory', () => {
  const splitter = new LineSplitter(10);
  splitter.push(new Uint8Array(8).fill(97));
  expect(splitter.tooLong()).toBe(false);
  splitter.push(new Uint8Array(8).fill(97));
  expect(splitter.tooLong()).toBe(true);
});
