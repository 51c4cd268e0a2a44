import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { itemBytes, readUnits, writeUnits } from '../../bench/scale/item-size.ts';
import { type Load, measure } from '../../bench/scale/load.ts';
import { capacity, PARTITION_LIMIT, table, usdPerMillionCalls } from '../../bench/scale/report.ts';

const DOC = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');
const CALL_SECONDS = 5;

describe('The simulation', () => {
  it('measures items as DynamoDB does', () => {
    expect(itemBytes({ pk: { S: 'é' }, n: { N: '-1200' }, flag: { BOOL: true } })).toBe(
      2 + 2 + 1 + 3 + 4 + 1,
    );
    expect(itemBytes({ m: { M: { a: { N: '123' } } }, l: { L: [{ S: 'x' }] } })).toBe(
      1 + 3 + 1 + 1 + 3 + 1 + 3 + 1 + 1,
    );
    expect([writeUnits(0, 1), writeUnits(1025, 10), writeUnits(0, 1024)]).toEqual([1, 2, 1]);
    expect([readUnits(0), readUnits(4096), readUnits(4097)]).toEqual([1, 1, 2]);
  });

  it('says the same each time', async () => {
    const load: Load = { inFlight: 50, callSeconds: CALL_SECONDS, shards: 8 };
    expect(await measure(load)).toEqual(await measure(load));
  });

  it('shows an item past its limit at 1,000 calls in flight, and 16 shards far below it, for less money', async () => {
    const one = await measure({ inFlight: 1000, callSeconds: CALL_SECONDS, shards: 1 });
    const spread = await measure({ inFlight: 1000, callSeconds: CALL_SECONDS, shards: 16 });
    expect(one.hottest[0]).toMatchObject({ kind: 'account' });
    expect(one.hottest[0]?.unitsPerSecond).toBeGreaterThan(10 * PARTITION_LIMIT);
    expect(spread.hottest[0]?.unitsPerSecond).toBeLessThan(PARTITION_LIMIT / 2);
    expect(usdPerMillionCalls(spread)).toBeLessThan(usdPerMillionCalls(one) / 3);
    expect([one.refused, spread.refused]).toEqual([0, 0]);
  });

  it('finds the most that an account carries in one item', async () => {
    const most = await capacity({ callSeconds: CALL_SECONDS, shards: 1 }, ['account'], measure);
    expect(most).toBeGreaterThan(150);
    expect(most).toBeLessThan(400);
  });
});

it('docs/scale.md shows what the simulation says', async () => {
  for (const inFlight of [10, 100, 1000]) {
    const row = await measure({ inFlight, callSeconds: CALL_SECONDS, shards: 16 });
    const cells = (line: string) => line.split('|').map((cell) => cell.trim());
    const expected = cells(table([row]).split('\n').at(-1) ?? '');
    expect(DOC.split('\n').map(cells)).toContainEqual(expected);
  }
});
