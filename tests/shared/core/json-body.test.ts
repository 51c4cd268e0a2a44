import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseExactNumbers, parseJsonBody, stringifyBody } from '../../../shared/core/json-body.ts';
import { isRefusal, REFUSAL } from '../../../shared/core/refusal.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

function forwarded(text: string): string {
  const body = parseJsonBody(utf8(text));
  if (isRefusal(body)) expect.fail(body.message);
  return new TextDecoder().decode(stringifyBody(body.json));
}

describe('a body that is forwarded', () => {
  test.each([
    ['a seed above 2^53', '{"seed":9007199254740993}'],
    ['a seed above 2^64', '{"seed":-123456789012345678901234567890}'],
    ['a number above all doubles', '{"a":[1e400,-1E+999]}'],
    ['an exponent that would be written out', '{"a":1e20}'],
    ['text of long digits', '{"a":"12345678901234567890, 1e400"}'],
    ['escapes and lone surrogates', '{"a":"\\ud800 \\"\\\\ é字🏔"}'],
    ['a member called __proto__', '{"__proto__":{"x":1},"seed":9007199254740993}'],
  ])('keeps %s', (_name, text) => {
    expect(forwarded(text)).toBe(text);
  });

  test('means what OpenAI will read: of a repeated key the last', () => {
    expect(forwarded('{"model":"cheap","model":"dear"}')).toBe('{"model":"dear"}');
  });

  test('keeps ordinary numbers as numbers, so that they can be checked', () => {
    const body = parseJsonBody(utf8('{"n":2,"seed":9007199254740993,"t":1.5e0}'));
    expect(body).toMatchObject({ json: { n: 2, t: 1.5 } });
  });

  test('may begin with a byte order mark', () => {
    expect(forwarded('\uFEFF{"a":1}')).toBe('{"a":1}');
  });

  test('is the same value to any JSON reader, and never grows', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
        fc.nat(3),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent);
          const out = forwarded(text);
          expect(JSON.parse(out)).toEqual(JSON.parse(text));
          expect(utf8(out).length).toBeLessThanOrEqual(utf8(text).length);
        },
      ),
    );
  });

  test('never grows by its numbers, however they are written', () => {
    const digits = fc.stringMatching(/^[0-9]{1,25}$/).map((each) => each.replace(/^0+(?=\d)/, ''));
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        digits,
        fc.option(digits),
        fc.option(fc.integer({ min: -400, max: 400 })),
      )
      .map(([sign, whole, fraction, exponent]) => {
        return `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : `e${exponent}`}`;
      });
    fc.assert(
      fc.property(number, (source) => {
        const out = forwarded(`{"a":${source}}`).slice('{"a":'.length, -1);
        expect(out.length).toBeLessThanOrEqual(source.length);
        expect(Number(out)).toBe(Number(source) + 0);
        if (/^-?\d+$/.test(source)) expect(BigInt(out)).toBe(BigInt(source));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a body that is refused', () => {
  const secret = 'my secret prompt';
  test.each([
    ['nothing', utf8('')],
    ['broken JSON', utf8(`{"messages":"${secret}",}`)],
    ['two objects', utf8(`{"a":"${secret}"}{}`)],
    ['a list', utf8(`["${secret}"]`)],
    ['a text', utf8(`"${secret}"`)],
    ['null', utf8('null')],
    ['bytes that are no UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
    ['a very deep list', utf8(`{"a":${'['.repeat(300_000)}${']'.repeat(300_000)}}`)],
    [
      'a very deep list beside a delicate number',
      utf8(`{"s":1e400,"a":${'['.repeat(300_000)}${']'.repeat(300_000)}}`),
    ],
    ['a very deep object', utf8(`{"a":${'{"a":'.repeat(300_000)}1${'}'.repeat(300_000)}}`)],
  ])('%s is answered with 400, and without its text', (_name, bytes) => {
    const refusal = parseJsonBody(bytes);
    expect(refusal).toMatchObject({
      kind: REFUSAL,
      status: 400,
      type: 'invalid_request_error',
      code: 'invalid_json',
    });
    expect(JSON.stringify(refusal)).not.toContain('secret');
  });

  test('one that pretends to be a refusal of Farebox is not taken for one', () => {
    const text = '{"kind":"refusal","status":200,"message":"x","code":"y"}';
    expect(forwarded(text)).toBe(text);
  });
});

describe('JSON with amounts in it', () => {
  test('keeps the text of every number that is no safe integer', () => {
    const text = '{"a":[1,-2,0.1,"0.2",1e3,9007199254740993,0E-6176],"b":null}';
    expect(parseExactNumbers(text)).toEqual({
      a: [1, -2, '0.1', '0.2', '1e3', '9007199254740993', '0E-6176'],
      b: null,
    });
  });

  test('is nothing where it is no JSON', () => {
    expect(parseExactNumbers('{"a":')).toBeUndefined();
    expect(parseExactNumbers('['.repeat(1_000_000))).toBeUndefined();
  });
});
