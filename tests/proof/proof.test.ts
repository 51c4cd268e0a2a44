import { describe, expect, it } from 'vitest';
import { runBaseline } from './baseline.ts';
import { runConcurrency } from './concurrency.ts';
import { runCrashes } from './crashes.ts';
import { faultsOfConcurrency, faultsOfCrashes } from './verdict.ts';

/* The short form of `npm run prove`. */

const SEED = 20_261_121;
const LOAD = { seed: SEED, processes: 4, gathered: 48, crowd: 8, crowdCalls: 80 };

describe(`the books hold (seed ${SEED})`, () => {
  it('when calls come together on a limit, in several processes: not a cent over, nor a call refused that fits', async () => {
    const result = await runConcurrency(LOAD);
    expect(faultsOfConcurrency(result, LOAD.gathered)).toEqual([]);
  });

  it('also where every other limit is spread over shards', async () => {
    const load = { ...LOAD, processes: 2, gathered: 16, shards: 3 };
    const result = await runConcurrency(load);
    expect(faultsOfConcurrency(result, load.gathered)).toEqual([]);
  });

  it('and a load of this kind passes the limit where costs are only recorded afterwards', async () => {
    const { overspend, passed, calls } = await runBaseline(LOAD);
    expect(overspend).toBeGreaterThan(0n);
    expect(passed).toBeLessThan(calls);
  });

  it('when processes and sweeps are killed at any point of their work, limits in one item and in shards', async () => {
    const kills = 24;
    const result = await runCrashes({
      seed: SEED,
      processes: 4,
      callers: 4,
      kills,
      sweepKills: 4,
      shards: 3,
    });
    expect(faultsOfCrashes(result, kills)).toEqual([]);
    expect(result.reckoning.settled).toBeGreaterThan(0);
    expect(result.reckoning.unsettled).toBeGreaterThan(0);
  });
});
