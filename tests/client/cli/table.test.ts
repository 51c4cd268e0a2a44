import { describe, expect, it } from 'vitest';
import { csv } from '../../../client/src/cli/table.ts';

const COLUMN = [{ head: 'USER', value: (text: string) => text }];
const cellOf = (text: string) => csv(COLUMN, [text]).slice('USER\r\n'.length, -'\r\n'.length);

describe('a cell of an export in CSV', () => {
  it.each([
    ['=HYPERLINK("http://example.com","click")', '"\'=HYPERLINK(""http://example.com"",""click"")"'],
    ['@SUM(1+1)', '"\'@SUM(1+1)"'],
    ['-2+3', '"\'-2+3"'],
    ['+1+1', '"\'+1+1"'],
    ['-', '"\'-"'],
    ["=cmd|'/C calc'!A0", "\"'=cmd|'/C calc'!A0\""],
    ['\t=1+1', '"\'\t=1+1"'],
    ['\r=1+1', '"\'\r=1+1"'],
    [' =1+1', '"\' =1+1"'],
    ['＝1+1', '"\'＝1+1"'],
    ['-1e5', '"\'-1e5"'],
  ])('that a spreadsheet would run, %j, is text in it', (text, cell) => {
    expect(cellOf(text)).toBe(cell);
  });

  it.each(['-0.000001', '12', '0', '-3', '0.0300'])('that is the number %s stays one', (text) => {
    expect(cellOf(text)).toBe(text);
  });

  it.each(['user/alice', 'sso/carol@example.com', 'gpt-4o', '–', '', 'a=b', '2026-11-21'])(
    'that is no formula, %j, stays as it is',
    (text) => expect(cellOf(text)).toBe(text),
  );

  it.each([
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['a\r\nb', '"a\r\nb"'],
    // Some spreadsheets take a semicolon for the end of a cell.
    ['user;=1+1', '"user;=1+1"'],
  ])('with something special in it, %j, is quoted', (text, cell) => {
    expect(cellOf(text)).toBe(cell);
  });
});
