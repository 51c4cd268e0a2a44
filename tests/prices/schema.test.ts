import { describe, expect, it } from 'vitest';
import { toPriceTable } from '../../prices/load.ts';
import { parseTable } from '../../prices/schema.ts';

describe('a table that is wrong is refused, with what is wrong and where', () => {
  const row = {
    model: 'm',
    family: 'm',
    source: 'https://example.com',
    sourceDate: '2026-11-21',
    contextWindow: 10,
    maxOutputTokens: 10,
    maxImageTokens: 10,
    rates: { default: { input: 1, output: 2 } },
  };
  const refusal = { model: 'm', reason: 'no', source: 'https://example.com', sourceDate: '2026-11-21' };
  const tableOf = (rows: readonly object[], refused: readonly object[] = []) => ({
    base: 'test',
    prices: rows,
    refused,
  });

  it('the row that the others are made from is right', () => {
    expect(toPriceTable(parseTable(tableOf([row]))).find('m', 0)).toMatchObject({
      kind: 'priced',
      price: { rates: { default: { input: 1n, output: 2n } } },
    });
  });

  it.each([
    [
      'a rate that is no integer',
      { rates: { default: { input: 0.5, output: 2 } } },
      /m\.rates\.default\.input/,
    ],
    [
      'a rate past what JSON holds',
      { rates: { default: { input: 2 ** 53, output: 2 } } },
      /m\.rates\.default\.input/,
    ],
    ['a negative rate', { rates: { default: { input: -1, output: 2 } } }, /m\.rates\.default\.input/],
    ['no rates', { rates: {} }, /m\.rates: has no rates for the default tier/],
    [
      'no input rate',
      { rates: { default: { output: 2 } } },
      /m\.rates\.default: has no rate for input, characters, audio_seconds/,
    ],
    ['no output rate', { rates: { default: { input: 2 } } }, /m: has no output rate/],
    [
      'an unknown class',
      { rates: { default: { input: 1, output: 2, smell: 3 } } },
      /m\.rates\.default: .*smell/,
    ],
    [
      'an unknown tier',
      { rates: { default: { input: 1, output: 2 }, warp: { input: 1 } } },
      /m\.rates: .*warp/,
    ],
    ['an unknown field', { discount: 1 }, /m: .*discount/],
    ['no source', { source: '' }, /m\.source/],
    ['an image of no kind', { imageOutput: {} }, /m\.imageOutput/],
    ['an image of no quality', { imageOutput: { sizes: {} } }, /m\.imageOutput/],
    ['a quality of no size', { imageOutput: { sizes: { low: {} } } }, /m\.imageOutput/],
    ['an image of no tokens', { imageOutput: { units: { low: 0 } } }, /m\.imageOutput/],
    ['thoughts that it has anyway', { reasons: true }, /m\.reasons/],
    ['a date that is none', { from: '2026-02-30' }, /m\.from/],
    [
      'a first price that begins late',
      { from: '2026-01-01' },
      /m: the first price of a model must have no "from"/,
    ],
    ['no window', { contextWindow: 0 }, /m\.contextWindow/],
    ['a search in every call at no rate', { searchPerCall: true }, /m: searches in every call/],
  ])('%s', (_, change, message) => {
    expect(() => parseTable(tableOf([{ ...row, ...change }]))).toThrow(message);
  });

  it('two prices for one day', () => {
    const dated = { ...row, from: '2026-01-01' };
    expect(() => parseTable(tableOf([row, dated, dated]))).toThrow(
      /m: is not later than the price before it/,
    );
  });

  it('a model that is priced and refused, or refused twice', () => {
    expect(() => parseTable(tableOf([row], [refusal]))).toThrow(/m: is priced and refused/);
    const other = { ...refusal, model: 'n' };
    expect(() => parseTable(tableOf([row], [other, other]))).toThrow(/n: is refused twice/);
  });

  it.each([undefined, null, [], 'table', {}])('%o is no table', (data) => {
    expect(() => parseTable(data)).toThrow(/The price table is not valid/);
  });

  it('all problems at once', () => {
    const bad = { ...row, source: '', contextWindow: 0 };
    expect(() => parseTable(tableOf([bad]))).toThrow(/m\.source[\s\S]*m\.contextWindow/);
  });
});
