import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divideRounded, floorUsd, formatUsd, parseUsd, roundUsd } from '../../../shared/core/money.ts';

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

  it.each([
    ['0.0600000000000000', 60_000_000_000n],
    ['0.13080438000000001', 130_804_380_000n],
    ['0.0000000000005', 1n],
    ['0.00000000000049999', 0n],
    ['-0.0000000000005', -1n],
    ['4.2E-05', 42_000_000n],
    ['0E-6176', 0n],
    ['1E-6176', 0n],
    ['12e3', 12_000_000_000_000_000n],
  ])('rounds %s USD to the nearest picodollar', (text, amount) => {
    expect(roundUsd(text)).toBe(amount);
  });

  it.each([
    ['8.333333333333334', 8_333_333_333_333n],
    ['0.0000000000019', 1n],
    ['1e-13', 0n],
    ['-1e-13', -1n],
    ['-1E-6176', -1n],
    ['1E-6176', 0n],
    ['-2', -2_000_000_000_000n],
    ['1e3', 1_000_000_000_000_000n],
  ])('rounds %s USD down to a picodollar', (text, amount) => {
    expect(floorUsd(text)).toBe(amount);
  });

  it.each(['', 'much', 'NaN', '1e99', '1,5', '9'.repeat(61)])('finds no amount in %j', (text) => {
    expect(roundUsd(text)).toBeUndefined();
  });

  it('rounds what is exact to itself, and a quotient by no more than a half', () => {
    fc.assert(
      fc.property(
        fc.bigInt(-(10n ** 30n), 10n ** 30n),
        fc.bigInt(-(10n ** 9n), 10n ** 9n),
        (amount, divisor) => {
          expect(roundUsd(formatUsd(amount))).toBe(amount);
          fc.pre(divisor !== 0n);
          const rest = amount - divideRounded(amount, divisor) * divisor;
          expect(2n * (rest < 0n ? -rest : rest) <= (divisor < 0n ? -divisor : divisor)).toBe(true);
        },
      ),
    );
  });
});
