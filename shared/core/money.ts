/**
 * An amount of money in integer picodollars (1e-12 USD). Every rate is a whole number of them a unit, so that costs are
 * exact and nothing is ever rounded.
 */
export type Picodollars = bigint;

const DECIMALS = 12;
export const ONE_USD: Picodollars = 10n ** BigInt(DECIMALS);

/** A decimal such as `10`, `0.01` or `-3.5`, with an optional exponent as JavaScript prints small numbers. */
const USD_PATTERN = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,2}))?$/i;

/**
 * Reads an amount in USD, exactly.
 *
 * @param usd a decimal string, or a number that JavaScript prints as one (the shortest decimal that reads back
 *   as that number is what is meant)
 * @returns picodollars, or `undefined` when the text is no decimal or is finer than a picodollar
 */
export function parseUsd(usd: string | number): Picodollars | undefined {
  const match = USD_PATTERN.exec(String(usd));
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const scale = DECIMALS + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  if (scale >= 0) return signed(sign, digits * 10n ** BigInt(scale));
  const divisor = 10n ** BigInt(-scale);
  return digits % divisor === 0n ? signed(sign, digits / divisor) : undefined;
}

/** As a decimal database prints numbers: any number of digits, any exponent (`0.0600000000000000`, `0E-6176`). */
const LONG_DECIMAL = /^(-?)(\d{1,60})(?:\.(\d{1,60}))?(?:e([+-]?\d{1,5}))?$/i;
const MAX_SCALE = 60;

/**
 * Reads an amount in USD that may be finer than a picodollar, to the nearest picodollar, halves away from zero.
 *
 * @param usd the text of a decimal, as a JSON number may be written
 * @returns picodollars, or `undefined` when the text is no decimal or no amount that anybody could owe
 */
export function roundUsd(usd: string): Picodollars | undefined {
  const read = readLongDecimal(usd);
  return read === undefined ? undefined : divideRounded(read.dividend, read.divisor);
}

/**
 * Reads an amount in USD that may be finer than a picodollar, rounded down: an amount that is not quite one picodollar
 * is none, and a negative one is at most minus one.
 *
 * @param usd the text of a decimal, as a JSON number may be written
 * @returns picodollars, or `undefined` when the text is not a decimal or is out of all proportion
 */
export function floorUsd(usd: string): Picodollars | undefined {
  const read = readLongDecimal(usd);
  if (read === undefined) return undefined;
  const { dividend, divisor } = read;
  const quotient = dividend / divisor;
  return dividend < 0n && dividend % divisor !== 0n ? quotient - 1n : quotient;
}

/** The picodollars of a long decimal as a fraction. An exponent below all proportion is read as the lowest within it. */
function readLongDecimal(usd: string): { readonly dividend: bigint; readonly divisor: bigint } | undefined {
  const match = LONG_DECIMAL.exec(usd);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const dividend = signed(sign, BigInt(whole + fraction));
  const scale = Math.max(DECIMALS + Number(exponent) - fraction.length, -2 * MAX_SCALE - 1);
  if (dividend === 0n) return { dividend, divisor: 1n };
  if (scale > MAX_SCALE) return undefined;
  if (scale >= 0) return { dividend: dividend * 10n ** BigInt(scale), divisor: 1n };
  return { dividend, divisor: 10n ** BigInt(-scale) };
}

/** The quotient of two amounts to the nearest whole, halves away from zero. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const [over, under] = divisor < 0n ? [-dividend, -divisor] : [dividend, divisor];
  return over < 0n ? -((-over * 2n + under) / (under * 2n)) : (over * 2n + under) / (under * 2n);
}

/**
 * Prints an amount in USD, exactly, with no trailing zeros: `0`, `0.01`, `12.5`, `-0.000001`.
 *
 * @param amount picodollars
 */
export function formatUsd(amount: Picodollars): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  const whole = digits.slice(0, -DECIMALS);
  return `${amount < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function signed(sign: string | undefined, amount: bigint): bigint {
  return sign === '-' ? -amount : amount;
}
