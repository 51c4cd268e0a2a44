import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CachedAnswer, decodeAnswer, encodeAnswer, keptHeaders } from '../../../shared/cache/answer.ts';

const ANSWER: CachedAnswer = {
  status: 200,
  headers: [
    ['content-type', 'text/event-stream; charset=utf-8'],
    ['x-request-id', 'req_1'],
  ],
  body: Buffer.from('data: {"é":1}\n\ndata: [DONE]\n\n'),
  cost: 123_456_789_012_345_678_901n,
  served: {
    model: 'gpt-4o-2024-08-06',
    serviceTier: 'default',
    counts: { input: 7, output: 11, reasoning: 3 },
  },
  storedAt: 1_793_664_000_123,
};

/** The stored form with another head. */
function withHead(change: Record<string, unknown>): Uint8Array {
  const encoded = Buffer.from(encodeAnswer(ANSWER));
  const end = 4 + encoded.readUInt32BE(0);
  const head = Buffer.from(JSON.stringify({ ...JSON.parse(encoded.toString('utf8', 4, end)), ...change }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, encoded.subarray(end)]);
}

describe('an answer', () => {
  it('comes back from its stored form as it was', () => {
    expect(decodeAnswer(encodeAnswer(ANSWER))).toEqual(ANSWER);
    const plain: CachedAnswer = {
      ...ANSWER,
      headers: [],
      body: Buffer.alloc(0),
      cost: 0n,
      served: { counts: {} },
    };
    expect(decodeAnswer(encodeAnswer(plain))).toEqual(plain);
  });

  it('keeps any bytes of its body', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.bigInt({ min: 0n, max: 10n ** 24n }), (body, cost) => {
        const read = decodeAnswer(encodeAnswer({ ...ANSWER, body, cost }));
        expect(Buffer.compare(read?.body ?? Buffer.from('none'), body)).toBe(0);
        expect(read?.cost).toBe(cost);
      }),
    );
  });

  it('is refused unless it is a 200', () => {
    const failed: unknown = { ...ANSWER, status: 429 };
    expect(() => encodeAnswer(failed as CachedAnswer)).toThrow(RangeError);
  });

  it.each([
    ['another status', { status: 500 }],
    ['a negative cost', { cost: '-1' }],
    ['a cost that is no integer', { cost: '1.5' }],
    ['a cost that is a float', { cost: 1 }],
    ['a header that is never kept', { headers: [['set-cookie', 'a=b']] }],
    ['a class of usage that nobody knows', { served: { counts: { dreams: 1 } } }],
    ['a count that is no count', { served: { counts: { input: -1 } } }],
    ['no time', { storedAt: undefined }],
    ['a field of another release', { encoding: 'gzip' }],
  ])('is not read from a stored form with %s', (_, change) => {
    expect(decodeAnswer(withHead({}))).toEqual(ANSWER);
    expect(decodeAnswer(withHead(change))).toBeUndefined();
  });

  it('is not read from bytes that are no stored form', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeAnswer(bytes)).toBeUndefined();
      }),
      {
        examples: [
          [new Uint8Array()],
          [Uint8Array.of(0, 0, 0, 2, 123, 125)],
          [Uint8Array.of(0, 0, 0, 1, 123)],
        ],
      },
    );
    const encoded = encodeAnswer(ANSWER);
    for (let length = 0; length < 50; length += 1)
      expect(decodeAnswer(encoded.subarray(0, length))).toBeUndefined();
  });

  it('keeps the headers that describe it, and none of the exchange that it came with', () => {
    const headers = new Headers({
      'Content-Type': 'application/json',
      'X-Request-Id': 'req_1',
      'openai-processing-ms': '12',
      'content-encoding': 'gzip',
      'content-length': '7',
      date: 'Sat, 21 Nov 2026 06:00:00 GMT',
      'set-cookie': '__cf_bm=1',
      'x-ratelimit-remaining-requests': '9',
      'cf-ray': '1',
    });
    expect(keptHeaders(headers)).toEqual([
      ['content-type', 'application/json'],
      ['x-request-id', 'req_1'],
      ['openai-processing-ms', '12'],
    ]);
  });
});
