/** An amount in USD as the stage writes it, such as `-0.00001`, in picodollars. */
export function picodollars(usd: string): bigint {
  const [, sign, whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(usd) ?? [];
  const amount = BigInt(whole) * 1_000_000_000_000n + BigInt(fraction.padEnd(12, '0'));
  return sign === '-' ? -amount : amount;
}

/** How much of `whole` a `part` is, in thousandths; between 0 and 1000. */
export function thousandths(part: bigint, whole: bigint): number {
  if (whole <= 0n) return part > 0n ? 1000 : 0;
  const share = (part * 1000n) / whole;
  return Number(share < 0n ? 0n : share > 1000n ? 1000n : share);
}

/** A count with a comma between thousands. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** Pads amounts so that their decimal points stand in one column. */
export function alignedAtPoint(amounts: readonly string[]): string[] {
  const fractions = amounts.map((amount) => /\..*$/.exec(amount)?.[0].length ?? 0);
  const widest = Math.max(0, ...fractions);
  return amounts.map((amount, index) => amount + ' '.repeat(widest - (fractions[index] ?? 0)));
}
