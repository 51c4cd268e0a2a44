import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsd, parseUsd } from '../../../shared/core/money.ts';

describe('money', () => {
  it.each([
    ['0', 0n],
    ['1', 1_000_000_000_000n],
    ['0.01', 10_000_000_000n],
    ['-3.5', -3_500_000_000_000n],
    ['0.000000000001', 1n],
    ['1e-7', 100_000n],
    ['1.5e3', 1_500_000_000_000_000n],
    ['00.10', 100_000_000_000n],
  ])('reads %s USD exactly', (text, amount) => {
    expect(parseUsd(text)).toBe(amount);
  });

  it('reads a number as the shortest decimal that means it', () => {
    expect(parseUsd(0.1)).toBe(100_000_000_000n);
    expect(parseUsd(1e-12)).toBe(1n);
  });

  it.each(['', ' 1', '1 USD', '.5', '5.', '1,5', '0x10', 'NaN', 'Infinity', '1e', '0.0000000000001', '+1'])(
    'refuses %j, which is no amount or finer than a picodollar',
    (text) => {
      expect(parseUsd(text)).toBeUndefined();
    },
  );

  it('prints what it reads, whatever the amount', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (amount) => {
        expect(parseUsd(formatUsd(amount))).toBe(amount);
      }),
    );
  });

  it('prints no trailing zeros and no exponent', () => {
    expect(formatUsd(0n)).toBe('0');
    expect(formatUsd(10_000_000_000n)).toBe('0.01');
    expect(formatUsd(-1n)).toBe('-0.000000000001');
    expect(formatUsd(12_500_000_000_000n)).toBe('12.5');
  });
});
