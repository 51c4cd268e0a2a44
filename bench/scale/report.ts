import type { Load, Measured } from './load.ts';

/**
 * What one partition takes, in write units a second.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export const PARTITION_LIMIT = 1000;
/** On demand in us-east-1, USD. Source: https://aws.amazon.com/dynamodb/pricing/on-demand/ */
const USD_PER_MILLION_WRITES = 0.625;
const USD_PER_MILLION_READS = 0.125;
const KINDS = ['account', 'shard', 'books', 'entries', 'open list'] as const;
/** Of what is the most that a configuration carries, it is known this closely. */
const PRECISION = 0.05;
const MOST_IN_FLIGHT = 16_000;

/** What DynamoDB takes for a million such calls, in USD. */
export function usdPerMillionCalls({ writeUnitsPerCall, readUnitsPerCall }: Measured): number {
  return writeUnitsPerCall * USD_PER_MILLION_WRITES + readUnitsPerCall * USD_PER_MILLION_READS;
}

/** The table of what was measured, as Markdown. */
export function table(rows: readonly Measured[]): string {
  const head = [
    'in flight',
    'shards',
    'calls/s',
    ...KINDS.map((kind) => `${kind}`),
    'throttled',
    'writes',
    'units',
    'reads',
    'USD',
  ];
  const cells = rows.map((row) => [
    String(row.inFlight),
    String(row.shards),
    row.callsPerSecond.toFixed(0),
    ...KINDS.map((kind) => heat(row, kind)),
    throttled(row),
    row.writesPerCall.toFixed(1),
    row.writeUnitsPerCall.toFixed(1),
    row.readUnitsPerCall.toFixed(1),
    usdPerMillionCalls(row).toFixed(2),
  ]);
  return aligned([head, ...cells]);
}

/** Pads the cells of a table, the first row being its head, all columns to the right. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(4, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => `${'-'.repeat(width - 1)}:`).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

function heat({ hottest }: Measured, kind: string): string {
  const found = hottest.find((key) => key.kind === kind);
  return found === undefined ? '-' : found.unitsPerSecond.toFixed(0);
}

function throttled({ hottest }: Measured): string {
  const over = hottest
    .filter(({ unitsPerSecond }) => unitsPerSecond > PARTITION_LIMIT)
    .map(({ kind }) => kind);
  return over.length === 0 ? 'no' : over.join(', ');
}

/**
 * The most calls in flight before one partition of a kind is past its limit, or all of them.
 *
 * @param kinds which partitions count
 */
export async function capacity(
  load: Omit<Load, 'inFlight'>,
  kinds: readonly string[],
  measure: (load: Load) => Promise<Measured>,
): Promise<number> {
  const carries = async (inFlight: number) => {
    const { hottest } = await measure({ ...load, inFlight });
    return hottest.every(
      ({ kind, unitsPerSecond }) => !kinds.includes(kind) || unitsPerSecond <= PARTITION_LIMIT,
    );
  };
  let low = 10;
  let high = low;
  while (high < MOST_IN_FLIGHT && (await carries(high))) [low, high] = [high, high * 2];
  if (high >= MOST_IN_FLIGHT) return MOST_IN_FLIGHT;
  while (high - low > low * PRECISION) {
    const middle = Math.round((low + high) / 2);
    if (await carries(middle)) low = middle;
    else high = middle;
  }
  return low;
}
