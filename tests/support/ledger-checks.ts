import { expect } from 'vitest';
import { accountName, heldIn, shardOf, wholeAccount } from '../../shared/core/accounts.ts';
import { bookedCost } from '../../shared/core/corrections.ts';
import type { Account, AccountId, CallEntry } from '../../shared/core/ledger.ts';
import { daysBetween, PERIODS, periodKey } from '../../shared/core/period.ts';
import type { Actors, Known } from './ledger-actors.ts';
import { type LedgerWorld, PROJECTS, START } from './ledger-world.ts';

/** Every account that the books have, read and summed here without the ledger's own rules. */
async function accountsOf({ store, clock }: Pick<LedgerWorld, 'store' | 'clock'>): Promise<Account[]> {
  const days = daysBetween(START, clock.now());
  const accounts: Account[] = [];
  for (const period of PERIODS)
    for (const key of new Set(days.map((day) => periodKey(period, Date.parse(day)))))
      for await (const account of store.limitAccounts(period, key)) accounts.push(account);
  for (const day of days)
    for (const project of PROJECTS)
      for await (const account of store.books(project, day)) accounts.push(account);
  return accounts;
}

function naming(account: Account, entries: readonly CallEntry[]): CallEntry[] {
  const name = accountName(account.id);
  return entries.filter(({ accounts }) => accounts.some((id) => accountName(id) === name));
}

/** The entries that count in an account or in a shard of it. */
function counted({ id }: Account, entries: readonly CallEntry[]): CallEntry[] {
  const name = accountName(id);
  const wholeName = (other: AccountId) => accountName(other.kind === 'limit' ? wholeAccount(other) : other);
  return entries.filter(({ accounts }) => accounts.some((other) => wholeName(other) === name));
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

/** True at every instant at which nobody is in the middle of anything, whatever died and was lost before. */
export async function checkAlways(world: LedgerWorld, actors: Actors): Promise<void> {
  const entries = await world.entries();
  for (const account of await accountsOf(world)) {
    const { limit, carried, spent } = account;
    if (limit === undefined) continue;
    const lent = sum((account.lent ?? []).map(({ granted, collected }) => granted - collected));
    expect(limit.remaining).toBe(limit.amount - carried - spent - heldIn(account) - lent);
    if (account.flow !== undefined) expect(limit.amount).toBe(account.flow.received - account.flow.returned);
    if (!actors.strict()) continue;
    expect(limit.remaining).toBeGreaterThanOrEqual(0n);
    if (account.flow !== undefined) continue;
    const forwarded = counted(account, entries).filter(({ id }) =>
      actors.known.some((call) => call.id === id && call.result === 'held'),
    );
    const atRisk = sum(forwarded.map((call) => bookedCost(call) ?? call.held));
    expect(atRisk + carried).toBeLessThanOrEqual(limit.amount);
  }
  await checkShards(world);
}

/** Money is nowhere but in an account, in one of its shards, or on its way between them. */
async function checkShards({ store, clock }: LedgerWorld): Promise<void> {
  const found = await accountsOf({ store, clock });
  for (const account of found) {
    const { id, limit, lent = [] } = account;
    if (id.kind !== 'limit' || id.shard !== undefined || limit === undefined) continue;
    const parts = lent.map((_, shard) =>
      found.find((other) => accountName(other.id) === accountName(shardOf(id, shard))),
    );
    const all = [account, ...parts.filter((part) => part !== undefined)];
    for (const [shard, { granted, collected }] of lent.entries()) {
      expect(granted).toBeGreaterThanOrEqual(parts[shard]?.flow?.received ?? 0n);
      expect(collected).toBeLessThanOrEqual(parts[shard]?.flow?.returned ?? 0n);
    }
    const underway = sum(
      lent.map(({ granted, collected }, shard) => {
        const { received = 0n, returned = 0n } = parts[shard]?.flow ?? {};
        return granted - received + returned - collected;
      }),
    );
    const counts = all.map((part) => (part.limit?.remaining ?? 0n) + part.spent + heldIn(part));
    expect(limit.amount - account.carried).toBe(sum(counts) + underway);
  }
}

/** True when everything has come to rest. */
export async function checkAtRest(world: LedgerWorld, actors: Actors): Promise<void> {
  const entries = await world.entries();
  expect(entries.filter(({ state }) => state !== 'closed')).toEqual([]);
  const accounts = await accountsOf(world);
  for (const account of accounts) {
    const booked = naming(account, entries).map(({ outcome }) => outcome);
    expect([...account.holds.keys()]).toEqual([]);
    expect(account.spent).toBe(sum(booked.map((outcome) => outcome?.cost ?? 0n)));
    const called = booked.filter((outcome) => outcome?.state === 'settled' || outcome?.state === 'unsettled');
    expect(account.tally.calls ?? 0).toBe(called.length);
  }
  for (const call of actors.known) checkCall(call, entries);
  checkCorrections(entries);
  const instances = daysBetween(START, world.clock.now()).flatMap((day) =>
    PERIODS.map((period) => ({ period, at: Date.parse(day) })),
  );
  const report = await world.audit.run(instances);
  expect(report).toEqual({ accounts: accounts.length, entries: entries.length, moving: 0, differences: [] });
}

/** What a corrected call cost in the end is its own cost and the difference that one entry books; all others are void. */
function checkCorrections(entries: readonly CallEntry[]): void {
  for (const { id, corrects, outcome } of entries) {
    if (corrects === undefined) continue;
    const call = entries.find((other) => other.id === corrects.call);
    const isNamed = call?.correction?.entry === id;
    expect(outcome).toMatchObject(
      isNamed ? { state: 'correction', cost: corrects.difference } : { state: 'void', cost: 0n },
    );
  }
  for (const { outcome, correction, held } of entries) {
    if (correction === undefined) continue;
    const booked = entries.find(({ id }) => id === correction.entry)?.outcome?.cost ?? 0n;
    expect(correction.cost).toBe((outcome?.cost ?? 0n) + booked);
    expect(correction.cost).toBeLessThanOrEqual(held);
  }
}

/** A forwarded call is on the books once, at a cost that somebody decided; one that was not forwarded is free. */
function checkCall(call: Known, entries: readonly CallEntry[]): void {
  const found = entries.filter(({ id }) => id === call.id);
  const cost = found[0]?.outcome?.cost;
  if (call.result === 'held') {
    expect(found).toHaveLength(1);
    expect([call.held, ...call.tried.map((outcome) => outcome.cost)]).toContain(cost);
    for (const outcome of call.told) expect(outcome).toEqual(found[0]?.outcome);
  }
  if (call.result === 'refused') expect(found[0]?.outcome).toMatchObject({ state: 'void', cost: 0n });
  // All its holds may have stood without the function hearing of it: then it cannot be told from a forwarded one.
  if (call.result === 'failed') expect([undefined, 0n, call.held]).toContain(cost);
}
