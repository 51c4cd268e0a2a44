import { describe, expect, it } from 'vitest';
import { createFreeCalls, type FreeCalls } from '../../../shared/ledger/free-calls.ts';
import { createMemoryWindowCounter } from '../../../shared/memory/memory-window-counter.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import { randomFrom } from '../../proof/random.ts';

const START = Date.parse('2026-11-21T12:00:20Z');

/** Functions of a stage that count together, with a clock, and how often they wrote. */
function functions(count: number, perMinute: number) {
  let now = START;
  let writes = 0;
  const shared = createMemoryWindowCounter();
  const counter: typeof shared = {
    take: (...args) => {
      writes += 1;
      return shared.take(...args);
    },
  };
  const clock = { now: () => now };
  const all = Array.from({ length: count }, () => createFreeCalls({ clock, perMinute, counter }));
  return {
    all,
    first: all[0] as FreeCalls,
    writes: () => writes,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

describe('Free calls', () => {
  it('are as many in a minute as may be, and then come again with the next', async () => {
    const { first, pass } = functions(1, 5);
    for (let call = 0; call < 5; call += 1) expect(await first.take('demo')).toBeUndefined();
    expect(await first.take('demo')).toBe(40_000);
    pass(39_999);
    expect(await first.take('demo')).toBe(1);
    pass(1);
    expect(await first.take('demo')).toBeUndefined();
  });

  it('are each project’s own', async () => {
    const { first } = functions(1, 1);
    expect(await first.take('demo')).toBeUndefined();
    expect(await first.take('other')).toBeUndefined();
    expect(await first.take('demo')).toBeDefined();
  });

  it('are never more in all functions together, and nearly as many, for few writes', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    const random = randomFrom(seed);
    const { all, writes } = functions(40, 3_000);
    let made = 0;
    for (let tries = 0; tries < 20_000; tries += 1) {
      // Some functions get many more calls than others.
      const which = Math.floor(all.length * (random.whole(0, 999) / 1_000) ** 2);
      if ((await all[which]?.take('demo')) === undefined) made += 1;
    }
    expect(made, `SEED=${seed}`).toBeLessThanOrEqual(3_000);
    expect(made, `SEED=${seed}`).toBeGreaterThan(2_700);
    expect(writes(), `SEED=${seed}`).toBeLessThan(1_200);
  });

  it('are all there for one function that makes them all at once', async () => {
    const { first, writes } = functions(1, 300);
    const all = await Promise.all(Array.from({ length: 1_000 }, () => first.take('demo')));
    expect(all.filter((wait) => wait === undefined)).toHaveLength(300);
    expect(writes()).toBeLessThan(100);
  });

  it('write nothing once there are none left', async () => {
    const { first, writes } = functions(1, 3);
    for (let call = 0; call < 4; call += 1) await first.take('demo');
    const before = writes();
    for (let call = 0; call < 100; call += 1) await first.take('demo');
    expect(writes()).toBe(before);
  });

  it('can be taken several at a time, or not at all', async () => {
    const { first } = functions(1, 10);
    expect(await first.take('demo', 7)).toBeUndefined();
    expect(await first.take('demo', 7)).toBeDefined();
    expect(await first.take('demo', 11)).toBeDefined();
  });

  it('are not given where nobody can count them', async () => {
    const counter = { take: () => Promise.reject(new Unavailable('no')) };
    const first = createFreeCalls({ clock: { now: () => START }, perMinute: 10, counter });
    await expect(first.take('demo')).rejects.toBeInstanceOf(Unavailable);
  });
});
