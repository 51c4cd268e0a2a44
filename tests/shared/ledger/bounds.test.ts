import { expect, it } from 'vitest';
import { deferredAccount } from '../../../shared/core/accounts.ts';
import type { Crowded, Held, Refused } from '../../../shared/core/ledger.ts';
import { createLedger } from '../../../shared/ledger/create-ledger.ts';
import { type Fault, faulty } from '../../support/gated-store.ts';
import { ALICE, dollars, LEASE, type LedgerWorld, onStores, settledAt } from '../../support/ledger-world.ts';

const BOUNDS = { openCalls: 4, deferredCalls: 2 };
const WHOLE_STAGE = {};
const NONE = { unsettled: 0, voided: 0, completed: 0, settled: 0, waiting: 0, strays: 0 };

onStores('The calls that a project may have open', undefined, (open) => {
  const setUp = async (shards?: number) => {
    const world = await open();
    await world.limits.set({ project: 'demo' }, 'month', dollars(100), shards);
    await world.limits.set(WHOLE_STAGE, 'month', dollars(100));
    const ask = async (
      deferred: boolean,
      { store = world.store, project = 'demo', usd = 1 } = {},
    ): Promise<Held | Refused | Crowded> => {
      const { directory, clock } = world;
      const ledger = createLedger({ store, directory, clock, leaseMs: LEASE, ...BOUNDS });
      const subject = { ...ALICE, project };
      const { limits } = await directory.rules(subject);
      return ledger.hold({
        ...subject,
        id: world.nextId(),
        endpoint: 'POST /responses',
        requestedModel: 'gpt-4o',
        stream: false,
        amount: dollars(usd),
        limits,
        deferred,
      });
    };
    return { world, ask };
  };
  const kinds = (results: readonly { readonly kind: string }[]) => results.map(({ kind }) => kind);
  const held = (result: Held | Refused | Crowded) => {
    if (result.kind !== 'held') throw new Error(`not held: ${result.kind}`);
    return result.call;
  };
  const inAll = async (world: LedgerWorld) => {
    const accounts = [await world.account(WHOLE_STAGE), await world.account({ project: 'demo' })];
    const deferred = await world.store.getAccount(deferredAccount('demo'));
    return [...accounts, deferred].map((account) => account?.holds.size ?? 0);
  };

  it('are bounded, and of them those that OpenAI works on for hours', async () => {
    const { world, ask } = await setUp();
    const deferred = [await ask(true), await ask(true), await ask(true)];
    expect(deferred[2]).toEqual({ kind: 'crowded', which: 'deferred', most: 2 });
    const others = [await ask(false), await ask(false), await ask(false)];
    expect(others[2]).toEqual({ kind: 'crowded', which: 'open', most: 4 });
    expect(kinds([...deferred, ...others].filter(({ kind }) => kind === 'held'))).toHaveLength(4);
    expect(await inAll(world)).toEqual([4, 4, 2]);
  });

  it('leave room for the next when one has ended, whatever it came to', async () => {
    const { world, ask } = await setUp();
    const [first, second] = [held(await ask(true)), held(await ask(true))];
    await world.ledger.settle(first, settledAt(1));
    const third = held(await ask(true));
    await world.ledger.settle(second, { ...settledAt(0), state: 'void' });
    held(await ask(true));
    expect(kinds([await ask(true)])).toEqual(['crowded']);
    await world.ledger.settle(third, settledAt(1));
    expect(await inAll(world)).toEqual([1, 1, 1]);
    expect(await world.store.getAccount(deferredAccount('demo'))).toMatchObject({ spent: dollars(2) });
  });

  it('are no other project’s, whom one that has used all of them does not keep from its limits', async () => {
    const { world, ask } = await setUp();
    await world.limits.set({ project: 'lab' }, 'month', dollars(100));
    for (const deferred of [true, true, false, false]) held(await ask(deferred));
    expect(kinds([await ask(true), await ask(false)])).toEqual(['crowded', 'crowded']);
    for (const deferred of [true, true, false, false]) held(await ask(deferred, { project: 'lab' }));
  });

  it('never stand where others do if they may not come, also when they come at once', async () => {
    const { world, ask } = await setUp();
    const results = await Promise.all(Array.from({ length: 12 }, () => ask(true)));
    expect(kinds(results).filter((kind) => kind === 'held')).toHaveLength(2);
    expect(await inAll(world)).toEqual([2, 2, 2]);
    expect((await world.entries()).filter(({ state }) => state !== 'closed')).toHaveLength(2);
  });

  it('are given back where a limit refuses the call', async () => {
    const { world, ask } = await setUp();
    for (let call = 0; call < 3; call += 1)
      expect(kinds([await ask(true, { usd: 1_000 })])).toEqual(['refused']);
    expect(await inAll(world)).toEqual([0, 0, 0]);
    expect(await world.ledger.sweep({ deep: true })).toEqual(NONE);
  });

  it('are shared out over the shards of a limit', async () => {
    const { ask } = await setUp(2);
    const results = await Promise.all(Array.from({ length: 24 }, () => ask(false)));
    const count = kinds(results).filter((kind) => kind === 'held').length;
    expect(count).toBeGreaterThanOrEqual(2);
    expect(count).toBeLessThanOrEqual(4);
  });

  it('are no bound of calls that are free', async () => {
    const { world } = await setUp();
    const results = await Promise.all(Array.from({ length: 10 }, () => world.hold(0, { limits: [] })));
    expect(new Set(kinds(results))).toEqual(new Set(['held']));
    expect(await inAll(world)).toEqual([0, 0, 0]);
  });

  it('are all there again after a death at any point, once it is swept', async () => {
    for (let at = 0; at < 12; at += 1) {
      const { world, ask } = await setUp();
      const fault: Fault = { kind: at % 2 === 0 ? 'dies_before' : 'dies_after', at };
      await ask(true, { store: faulty(world.store, fault) }).catch(() => undefined);
      world.clock.pass(LEASE + 1);
      await world.ledger.sweep({ deep: true });
      expect(await inAll(world), JSON.stringify(fault)).toEqual([0, 0, 0]);
      held(await ask(true));
      held(await ask(true));
    }
  });
});
