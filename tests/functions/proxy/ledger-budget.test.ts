import { describe, expect, it } from 'vitest';
import { createLedgerBudget } from '../../../functions/proxy/ledger-budget.ts';
import { takeHold } from '../../../functions/proxy/take-hold.ts';
import { createFreeCalls } from '../../../shared/ledger/free-calls.ts';
import { createMemoryDirectory } from '../../../shared/memory/memory-directory.ts';
import { createMemoryLedgerStore } from '../../../shared/memory/memory-ledger-store.ts';
import { createNoCache } from '../../../shared/memory/no-cache.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import { makeWorld } from '../../support/world.ts';

const WHOLE_MS = 60_000;

/** A clock that stands still until time passes. */
function clockAt(start = 0) {
  let now = start;
  return {
    now: () => now,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

describe('The time that a call has for the ledger', () => {
  it('is one for all that it asks, what it has asked before included', async () => {
    const clock = clockAt();
    const budget = createLedgerBudget(WHOLE_MS, WHOLE_MS / 4, clock);
    expect(budget.left()).toBe(0.75);
    await budget.spend(async () => clock.pass(WHOLE_MS / 4));
    expect(budget.left()).toBe(0.5);
    const failing = budget.spend(async () => {
      clock.pass(WHOLE_MS / 2);
      throw new Error('it fails, and time has passed all the same');
    });
    await expect(failing).rejects.toThrow('all the same');
    let isBegun = false;
    const late = budget.spend(async () => {
      isBegun = true;
    });
    await expect(late).rejects.toBeInstanceOf(Unavailable);
    expect(isBegun).toBe(false);
  });

  it('does not grow when the clock is set back', async () => {
    const clock = clockAt(WHOLE_MS);
    const budget = createLedgerBudget(WHOLE_MS, 0, clock);
    await budget.spend(async () => clock.pass(-WHOLE_MS));
    expect(budget.left()).toBe(1);
  });

  it('ends a hold when it is up, and leaves a second more to give back', async () => {
    const budget = createLedgerBudget(50, 0, { now: () => Date.now() });
    await budget.spend(async ({ holding, givingBack }) => {
      await new Promise((resolve) => holding.addEventListener('abort', resolve, { once: true }));
      expect(givingBack.aborted).toBe(false);
      await new Promise((resolve) => givingBack.addEventListener('abort', resolve, { once: true }));
    });
    expect(budget.left()).toBeLessThan(0);
  });

  it.each([
    ['is tried again while a third of it is left', 0.6, 2],
    ['is not tried again when less is left', 0.7, 1],
  ])('lets a hold be unclear, which %s', async (_, share, attempts) => {
    const clock = clockAt();
    const store = createMemoryLedgerStore();
    const world = await makeWorld({ store, directory: createMemoryDirectory(), cache: createNoCache() });
    let holds = 0;
    const hold = async () => {
      holds += 1;
      clock.pass(WHOLE_MS * share);
      throw new Unavailable('nobody knows');
    };
    const prices = await world.deps.prices.current();
    const freeCalls = createFreeCalls({ clock, perMinute: 1 });
    const deps = { ...world.deps, prices, clock, freeCalls, ledger: { ...world.deps.ledger, hold } };
    const request = {
      user: 'user/alice',
      project: 'demo',
      model: 'gpt-4o',
      endpoint: 'POST /chat/completions',
      requestedModel: 'gpt-4o',
      stream: false,
      amount: 1n,
      limits: [],
    };
    const taking = takeHold(request, createLedgerBudget(WHOLE_MS, 0, clock), deps);
    await expect(taking).rejects.toBeInstanceOf(Unavailable);
    expect(holds).toBe(attempts);
    await world.close();
  });
});
