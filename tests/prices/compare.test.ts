import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { differences, explain } from '../../prices/compare.ts';
import type { Base, BasePeriod } from '../../prices/genai.ts';
import { readBase } from '../../prices/genai.ts';
import { DIFFERENCES } from '../../prices/overlay/differences.ts';
import type { Explanation } from '../../prices/overlay/types.ts';
import { OVERLAY } from '../../prices/overlay.ts';
import { parseTable } from '../../prices/schema.ts';
import bundled from '../../prices/table.json' with { type: 'json' };

const period: BasePeriod = {
  rates: { input: '2', output: '8' },
  long: { input: '4', output: '12' },
  longOver: 271_999,
  fees: { web_search: '10' },
};
const baseOf = (periods: readonly BasePeriod[], more: readonly string[] = []): Base => ({
  name: 'base 1.0',
  entries: ['m', ...more],
  periods: () => periods,
  entryOf: (model) => (model === 'm' ? 'm' : undefined),
});
const ROW = {
  model: 'm',
  family: 'm',
  source: 'https://example.com',
  sourceDate: '2026-11-21',
  contextWindow: 10,
  maxOutputTokens: 10,
  maxImageTokens: 10,
  rates: { default: { input: 2_000_000, output: 8_000_000 }, flex: { input: 1, output: 1 } },
  calls: { web_search: 10_000_000_000, container_1g: 1_500_000_000 },
  longContext: { over: 271_999, rates: { default: { input: 4_000_000, output: 12_000_000 } } },
};
const tableOf = (...rows: object[]) => parseTable({ base: 'test', prices: rows, refused: [] });
const found = (base: Base, rows: object[], leftOut: string[] = []) =>
  differences(base, tableOf(...rows), leftOut).map(({ model, what, base: a, ours: b }) => [
    model,
    what,
    a,
    b,
  ]);

describe('the table is compared with the base', () => {
  it('and agrees, whatever it says of tiers and tools that the base does not know', () => {
    expect(found(baseOf([period]), [ROW])).toEqual([]);
  });

  it('on every class, long contexts and fees too', () => {
    const other: BasePeriod = {
      rates: { input: '2.5', output: '8', audio_input: '6' },
      long: { input: '5', output: '12' },
      longOver: 272_000,
      fees: { file_search: '2.5' },
    };
    expect(found(baseOf([other]), [ROW])).toEqual([
      ['m', 'input', '2.5', '2'],
      ['m', 'audio_input', '6', 'none'],
      ['m', 'long.input', '5', '4'],
      ['m', 'long.audio_input', '6', 'none'],
      ['m', 'web_search', 'none', '10'],
      ['m', 'file_search', '2.5', 'none'],
      ['m', 'longContextOver', '272000', '271999'],
    ]);
  });

  it('on every day from which one of them says something new', () => {
    const later = { ...period, from: '2026-12-01', rates: { input: '3', output: '8' } };
    expect(found(baseOf([period, later]), [ROW])).toEqual([['m', 'input from 2026-12-01', '3', '2']]);
    const corrected = {
      ...ROW,
      from: '2026-12-01',
      rates: { default: { input: 3_000_000, output: 8_000_000 } },
    };
    expect(found(baseOf([period, later]), [ROW, corrected])).toEqual([]);
  });

  it('on the models, in both directions', () => {
    expect(found(baseOf([period], ['new', 'old']), [ROW, { ...ROW, model: 'own' }], ['old', 'gone'])).toEqual(
      [
        ['own', 'model', 'none', 'listed'],
        ['new', 'model', 'listed', 'none'],
        ['gone', 'model', 'none', 'left out'],
      ],
    );
  });
});

describe('a reason', () => {
  const difference = { model: 'm', what: 'input', base: '2.5', ours: '2' };
  const reasonFor = (differs: Explanation['differs']) =>
    explain([difference], [{ models: ['m'], differs, reason: 'the page says so' }]);

  it('explains the difference that it names', () => {
    expect(reasonFor({ input: ['2.5', '2'] })).toEqual({
      explained: [{ difference, reason: 'the page says so' }],
      unexplained: [],
      stale: [],
    });
  });

  it.each([
    ['the base', { input: ['2.6', '2'] }],
    ['the table', { input: ['2.5', '3'] }],
    ['the point', { output: ['2.5', '2'] }],
  ] as const)('no longer holds when %s moved', (_, differs) => {
    const { explained, unexplained, stale } = reasonFor(differs);
    expect(explained).toEqual([]);
    expect(unexplained).toEqual([difference]);
    expect(stale).toHaveLength(1);
  });
});

describe('npm run prices:check', () => {
  it('finds every difference of today explained, and every reason in use', () => {
    const all = differences(readBase(), parseTable(bundled), OVERLAY.leftOut);
    const { unexplained, stale } = explain(all, DIFFERENCES);
    expect({ unexplained, stale }).toEqual({ unexplained: [], stale: [] });
    expect(all.length).toBeGreaterThan(100);
  });

  it('lists them and succeeds', () => {
    const run = spawnSync(process.execPath, ['prices/check.ts'], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(run.stdout).toMatch(/= gpt-4o-transcribe: audio_seconds: none in the base, 100 here\. /);
    expect(run.stdout).toMatch(
      /\d+ differences from @pydantic\/genai-prices \S+ explained, 0 not, 0 reasons/,
    );
    expect(run.status).toBe(0);
  });
});
