import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daysBetween, PERIODS, periodEnd, periodKey, periodStart } from '../../../shared/core/period.ts';

const at = (iso: string) => Date.parse(iso);

describe('periods, in UTC', () => {
  it.each([
    ['day', '2026-11-21T23:59:59.999Z', '2026-11-21', '2026-11-21T00:00:00Z', '2026-11-22T00:00:00Z'],
    ['week', '2026-11-21T12:00:00Z', '2026-W47', '2026-11-16T00:00:00Z', '2026-11-23T00:00:00Z'],
    ['week', '2026-11-22T23:59:59Z', '2026-W47', '2026-11-16T00:00:00Z', '2026-11-23T00:00:00Z'],
    ['week', '2027-01-01T00:00:00Z', '2026-W53', '2026-12-28T00:00:00Z', '2027-01-04T00:00:00Z'],
    ['week', '2024-12-30T00:00:00Z', '2025-W01', '2024-12-30T00:00:00Z', '2025-01-06T00:00:00Z'],
    ['month', '2026-12-31T23:59:59Z', '2026-12', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['month', '2028-02-29T08:00:00Z', '2028-02', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z'],
  ] as const)('the %s of %s is %s', (period, instant, key, start, end) => {
    expect(periodKey(period, at(instant))).toBe(key);
    expect(periodStart(period, at(instant))).toBe(at(start));
    expect(periodEnd(period, at(instant))).toBe(at(end));
  });

  it('a total never starts again', () => {
    expect(periodKey('total', at('2026-11-21T00:00:00Z'))).toBe('total');
    expect(periodEnd('total', at('2026-11-21T00:00:00Z'))).toBeUndefined();
  });

  it('every instant lies in its period, and the next one has another key', () => {
    const instants = fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2100-01-01T00:00:00Z') });
    fc.assert(
      fc.property(instants, fc.constantFrom(...PERIODS), (instant, period) => {
        const end = periodEnd(period, instant) ?? Number.POSITIVE_INFINITY;
        expect(periodStart(period, instant)).toBeLessThanOrEqual(instant);
        expect(end).toBeGreaterThan(instant);
        if (period === 'total') return;
        expect(periodKey(period, end - 1)).toBe(periodKey(period, instant));
        expect(periodKey(period, end)).not.toBe(periodKey(period, instant));
      }),
    );
  });

  it('lists days with both ends', () => {
    expect(daysBetween(at('2026-02-27T22:00:00Z'), at('2026-03-01T01:00:00Z'))).toEqual([
      '2026-02-27',
      '2026-02-28',
      '2026-03-01',
    ]);
  });
});
