/** A JSON number (RFC 8259, section 6) in its parts: sign, whole, fraction, exponent. */
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;

/** Exponents of more digits are left as written: no number that anybody means has one. */
const MAX_EXPONENT_DIGITS = 12;

/**
 * Writes a number so that equal values, and only they, are written the same: `1`, `1.0`, `10e-1` all become
 * `1e0`. Exact at any size, because it never goes through a binary float.
 *
 * @param text a JSON number, or what JavaScript prints for one
 * @returns `<digits>e<exponent>`; a text that is no JSON number (`Infinity`) comes back marked, and unlike any number
 */
export function canonicalNumber(text: string): string {
  const match = NUMBER.exec(text);
  if (match === null) return `!${text}`;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (exponent.length > MAX_EXPONENT_DIGITS) return `!${text}`;
  const digits = whole + fraction;
  const start = countZeros(digits, 0, 1);
  if (start === digits.length) return '0';
  const trailing = countZeros(digits, digits.length - 1, -1);
  const scale = Number(exponent) - fraction.length + trailing;
  return `${sign}${digits.slice(start, digits.length - trailing)}e${scale}`;
}

/** A loop, since a pattern such as `0+$` takes quadratic time on long runs of zeros. */
function countZeros(digits: string, from: number, step: 1 | -1): number {
  let count = 0;
  while (digits[from + count * step] === '0') count += 1;
  return count;
}
