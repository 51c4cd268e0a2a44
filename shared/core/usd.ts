import { ONE_USD, type Picodollars, parseUsd } from './money.ts';

const MILLION = 1_000_000n;

/** Reads a decimal amount of USD for one unit. Throws where it is none, or finer than a picodollar. */
export function perUnit(usd: string): Picodollars {
  const amount = parseUsd(usd);
  if (amount === undefined || amount < 0n) throw new Error(`${usd} is no price in USD`);
  return amount;
}

/** Turns USD for a million units into picodollars for one. Throws where that is not a whole number. */
export function perMillion(usd: string): Picodollars {
  const amount = perUnit(usd);
  if (amount % MILLION !== 0n) throw new Error(`$${usd} for a million is finer than a picodollar for one`);
  return amount / MILLION;
}

/** Multiplies by a decimal factor. Throws where the product is not a whole number of picodollars. */
export function times(amount: Picodollars, factor: string): Picodollars {
  const product = amount * perUnit(factor);
  if (product % ONE_USD !== 0n) throw new Error(`${amount} times ${factor} is finer than a picodollar`);
  return product / ONE_USD;
}

/** For JSON: a number that holds the amount exactly. */
export function toNumber(amount: Picodollars): number {
  const number = Number(amount);
  if (!Number.isSafeInteger(number)) throw new Error(`${amount} picodollars do not fit into a JSON number`);
  return number;
}
