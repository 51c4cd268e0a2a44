import { describe, expect, it } from 'vitest';
import { accountName, booksAccount, wholeAccount } from '../../../shared/core/accounts.ts';
import type { AccountId, CallEntry } from '../../../shared/core/ledger.ts';
import { daysBetween, PERIODS } from '../../../shared/core/period.ts';
import { createAudit } from '../../../shared/ledger/audit.ts';
import { Unavailable } from '../../../shared/ports/ledger-store.ts';
import { type Fault, faulty, gated } from '../../support/gated-store.ts';
import {
  ALICE,
  dollars,
  heldCall,
  LEASE,
  type LedgerWorld,
  onEveryStore,
  START,
  settledAt,
  VOID,
} from '../../support/ledger-world.ts';

const DAY_MS = 86_400_000;
const WHY = { reason: 'OpenAI billed less', by: 'alice' };
/** The lease of a correction, and a minute. */
const ABANDONED_MS = 17 * 60_000;

onEveryStore('A correction', (open, _shards, where) => {
  /** A call that held $4 and is booked at it, under a limit of $10 a month and one of $10 a day on its user. */
  const setUp = async (booked = 4): Promise<{ world: LedgerWorld; call: CallEntry }> => {
    const world = await open();
    await world.limits.set({ project: 'demo' }, 'month', dollars(10));
    await world.limits.set({ user: 'user/alice' }, 'day', dollars(10));
    const call = heldCall(await world.hold(4));
    await world.ledger.settle(call, settledAt(booked, { flags: ['broken'] }));
    return { world, call };
  };
  const correct = (world: LedgerWorld, call: CallEntry, usd: number) =>
    world.corrections.correct(call, { cost: dollars(usd), ...WHY });
  /** What every account of a call has booked and holds, shards and all. */
  const sums = async ({ store }: LedgerWorld, { accounts }: CallEntry) => {
    const found = await Promise.all(accounts.map((id) => store.getAccount(id)));
    return {
      spent: [...new Set(found.map((account) => account?.spent))],
      holds: found.reduce((sum, account) => sum + (account?.holds.size ?? 0), 0),
    };
  };
  const expectAudited = async (world: LedgerWorld) => {
    const instances = daysBetween(START, world.clock.now()).flatMap((day) =>
      PERIODS.map((period) => ({ period, at: Date.parse(day) })),
    );
    expect((await world.audit.run(instances)).differences).toEqual([]);
  };

  it.each([
    ['lower', 4, 1.5],
    ['to nothing', 4, 0],
    ['higher, up to what it held', 1, 4],
  ])('books a call %s: in its entry, its limits and its books', async (_, booked, usd) => {
    const { world, call } = await setUp(booked);
    const result = await correct(world, call, usd);
    const correction = { cost: dollars(usd), ...WHY, at: START };
    expect(result).toMatchObject({ kind: 'corrected', call: { id: call.id, correction } });
    expect(await world.store.getCall(call)).toMatchObject({
      state: 'closed',
      outcome: { cost: dollars(booked), flags: ['broken'] },
      correction,
    });
    expect(await sums(world, call)).toEqual({ spent: [dollars(usd)], holds: 0 });
    for (const scope of [{ project: 'demo' }, { user: 'user/alice' }]) {
      const account = await world.account(scope, 'user' in scope ? 'day' : 'month');
      expect(account).toMatchObject({ spent: dollars(usd), tally: { calls: 1 } });
      expect(account?.limit?.remaining).toBe(dollars(10) - dollars(usd));
    }
    const books = await world.store.getAccount(booksAccount(call.id, ALICE));
    expect(books?.tally).toEqual({ calls: 1, input: 100 });
    await expectAudited(world);
  });

  it('gives money back that the next call may spend', async () => {
    const { world, call } = await setUp();
    expect((await world.hold(8)).kind).toBe('refused');
    await correct(world, call, 1);
    expect((await world.hold(8)).kind).toBe('held');
    await expectAudited(world);
  });

  it('counts in the periods in which the call began, however late it is made', async () => {
    const { world, call } = await setUp();
    world.clock.pass(40 * DAY_MS);
    const next = heldCall(await world.hold(2));
    await world.ledger.settle(next, settledAt(2));
    await correct(world, call, 1);
    expect(await sums(world, call)).toEqual({ spent: [dollars(1)], holds: 0 });
    expect(await sums(world, next)).toEqual({ spent: [dollars(2)], holds: 0 });
    await expectAudited(world);
  });

  it('can be made under a limit that is overspent', async () => {
    const { world, call } = await setUp();
    await world.limits.set({ project: 'demo' }, 'month', dollars(1));
    await correct(world, call, 3);
    expect((await world.account({ project: 'demo' }))?.limit?.remaining).toBe(dollars(-2));
    expect(await sums(world, call)).toEqual({ spent: [dollars(3)], holds: 0 });
    await expectAudited(world);
  });

  it('passes no limit: what the call is to cost more must be there, in all of them', async () => {
    const { world, call } = await setUp(1);
    heldCall(await world.hold(7));
    const result = await correct(world, call, 4);
    expect(result).toMatchObject({ kind: 'refused', limit: { amount: dollars(10) }, remaining: dollars(2) });
    expect((await world.store.getCall(call))?.correction).toBeUndefined();
    expect((await sums(world, call)).spent).toEqual([dollars(1)]);
    await world.limits.set({ project: 'demo' }, 'month', dollars(20));
    await world.limits.set({ user: 'user/alice' }, 'day', dollars(20));
    expect((await correct(world, call, 4)).kind).toBe('corrected');
    await expectAudited(world);
  });

  it('is made once; the same again changes nothing, another one is told of it', async () => {
    const { world, call } = await setUp();
    const first = await correct(world, call, 1);
    expect(await correct(world, call, 1)).toEqual(first);
    expect(await correct(world, call, 2)).toMatchObject({
      kind: 'corrected_before',
      call: { correction: { cost: dollars(1) } },
    });
    expect(await sums(world, call)).toEqual({ spent: [dollars(1)], holds: 0 });
    await expectAudited(world);
  });

  it('is made once by many who make it at once', async () => {
    const { world, call } = await setUp();
    const results = await Promise.all([0, 1, 2, 3].map((usd) => correct(world, call, usd)));
    expect(results.filter(({ kind }) => kind === 'corrected')).toHaveLength(1);
    const cost = (await world.store.getCall(call))?.correction?.cost;
    expect(await sums(world, call)).toEqual({ spent: [cost], holds: 0 });
    await expectAudited(world);
  });

  it('is of a call that has ended, was sent, and costs something else by then, within what it held', async () => {
    const { world, call } = await setUp();
    const why = async (of: CallEntry, usd: number) => {
      const result = await correct(world, of, usd);
      return result.kind === 'not_corrected' ? result.why : result.kind;
    };
    expect(await why(call, 4.01)).toBe('beyond_hold');
    expect(await why(call, 4)).toBe('same');
    expect(await why({ ...call, project: 'lab' }, 1)).toBe('unknown');
    const open = heldCall(await world.hold(1));
    expect(await why(open, 0)).toBe('running');
    await world.ledger.settle(open, VOID);
    expect(await why(open, 0)).toBe('void');
    await correct(world, call, 1);
    const [entry] = (await world.entries()).filter(({ corrects }) => corrects !== undefined);
    if (entry === undefined) throw new Error('the correction has no entry');
    expect(await why(entry, 0)).toBe('unknown');
    await expectAudited(world);
  });

  it('has an entry of its own, which is none of a call', async () => {
    const { world, call } = await setUp();
    await correct(world, call, 1);
    const day = '2026-11-21';
    const calls = [];
    for await (const each of world.store.calls('demo', day)) calls.push(each.id);
    expect(calls).toEqual([call.id]);
    const all = [];
    for await (const each of world.store.calls('demo', day, 'corrections')) all.push(each);
    const outcome = { state: 'correction', cost: dollars(-3), tally: {} };
    const corrects = { call: call.id, difference: dollars(-3), cost: dollars(1), ...WHY };
    expect(all).toContainEqual(expect.objectContaining({ state: 'closed', held: 0n }));
    expect(all.find(({ id }) => id !== call.id)).toMatchObject({ outcome, corrects });
  });

  it('of a call is carried into a limit that is set after it', async () => {
    const { world, call } = await setUp();
    await correct(world, call, 1);
    await world.limits.set({ model: 'gpt-4o' }, 'month', dollars(5));
    expect((await world.account({ model: 'gpt-4o' }))?.carried).toBe(dollars(1));
  });

  describe('whose function fails', () => {
    // In memory every step; in DynamoDB, which is slow, some of them.
    const stride = where === 'memory' ? 1 : 5;
    const KINDS: readonly Fault['kind'][] = ['dies_before', 'dies_after', 'lost_before', 'lost_after'];
    it.each(KINDS)('at any step (%s) is completed by the sweep, or leaves nothing', async (kind) => {
      for (let at = 0; ; at += stride) {
        const { world, call } = await setUp(at % 2 === 0 ? 4 : 1);
        const booked = at % 2 === 0 ? 4 : 1;
        const corrections = world.with(faulty(world.store, { kind, at })).corrections;
        let failed = false;
        await corrections.correct(call, { cost: dollars(3), ...WHY }).catch((error: unknown) => {
          if (!(error instanceof Unavailable)) throw error;
          failed = true;
        });
        world.clock.pass(ABANDONED_MS);
        await Promise.all([world.ledger.sweep({ deep: false }), world.ledger.sweep({ deep: false })]);
        world.clock.pass(LEASE);
        await world.ledger.sweep({ deep: true });
        const cost = (await world.store.getCall(call))?.correction?.cost ?? dollars(booked);
        expect([dollars(booked), dollars(3)]).toContain(cost);
        expect(await sums(world, call)).toEqual({ spent: [cost], holds: 0 });
        await expectAudited(world);
        if (!failed) break;
      }
    });

    it.each(KINDS)('at any step (%s) is made all the same when it is sent again', async (kind) => {
      for (let at = 0; ; at += stride) {
        const { world, call } = await setUp();
        const corrections = world.with(faulty(world.store, { kind, at })).corrections;
        let failed = false;
        await corrections.correct(call, { cost: dollars(3), ...WHY }).catch(() => {
          failed = true;
        });
        expect((await correct(world, call, 3)).kind).toBe('corrected');
        expect((await sums(world, call)).spent).toEqual([dollars(3)]);
        world.clock.pass(ABANDONED_MS);
        await world.ledger.sweep({ deep: false });
        expect(await sums(world, call)).toEqual({ spent: [dollars(3)], holds: 0 });
        await expectAudited(world);
        if (!failed) break;
      }
    });
  });

  it('that is under way lets an audit find nothing wrong', async () => {
    const { world, call } = await setUp();
    const other = heldCall(await world.hold(2));
    await world.ledger.settle(other, settledAt(2));
    let reads = 0;
    const store = gated(world.store, async (name, read) => {
      if (name === 'calls') {
        reads += 1;
        if (reads === 1) await correct(world, call, 1);
        if (reads === 2) await correct(world, other, 0);
      }
      return read();
    });
    const audit = createAudit({ ...world, store });
    const instances = PERIODS.map((period) => ({ period, at: world.clock.now() }));
    expect((await audit.run(instances)).differences).toEqual([]);
  });

  it('holds in the accounts of its call, shard by shard', async () => {
    const { world, call } = await setUp();
    await correct(world, call, 1);
    const entry = (await world.entries()).find(({ corrects }) => corrects?.call === call.id);
    const names = (ids: readonly AccountId[] = []) => ids.map(accountName).sort();
    expect(names(entry?.accounts)).toEqual(names(call.accounts));
    const limits = call.accounts.flatMap((id) => (id.kind === 'limit' ? [wholeAccount(id)] : []));
    expect(limits).toHaveLength(2);
  });
});
