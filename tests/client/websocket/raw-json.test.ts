import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementsOf, membersOf, objectOf } from '../../../client/src/websocket/raw-json.ts';

describe('a text of JSON, read at its outer level', () => {
  it('keeps every member as it was written', () => {
    const text = '{ "10": 1e3 , "2":[1.0, {"b":1,"a":2}], "a\\"b" : "x,}]" ,"e":{},"n":12345678901234567890}';
    expect([...(membersOf(text) ?? [])]).toEqual([
      ['10', '1e3'],
      ['2', '[1.0, {"b":1,"a":2}]'],
      ['a"b', '"x,}]"'],
      ['e', '{}'],
      ['n', '12345678901234567890'],
    ]);
    expect(elementsOf(' [ 1.0 , "a,b" ,[2],{"c":"]"}] ')).toEqual(['1.0', '"a,b"', '[2]', '{"c":"]"}']);
  });

  it('counts the last of members with one name, as parsers do', () => {
    expect([...(membersOf('{"a":1,"b":2,"a":3}') ?? [])]).toEqual([
      ['a', '3'],
      ['b', '2'],
    ]);
  });

  it.each(['', '1', '"{}"', '[]', '{"a":1', '{"a":1}}', '{a:1}'])('is not an object: %j', (text) => {
    expect(membersOf(text)).toBeUndefined();
  });

  it('means what it meant, whatever it is', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(JSON.parse(objectOf(membersOf(text) ?? new Map()))).toEqual(JSON.parse(text));
        const list = JSON.stringify(Object.values(value), null, indent);
        expect(elementsOf(list)?.map((each) => JSON.parse(each))).toEqual(JSON.parse(list));
      }),
    );
  });
});
