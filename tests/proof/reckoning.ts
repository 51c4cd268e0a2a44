import type { Account, CallEntry } from '../../shared/core/ledger.ts';
import { formatUsd, type Picodollars } from '../../shared/core/money.ts';
import { daysBetween } from '../../shared/core/period.ts';
import { describeScope, inScope } from '../../shared/core/scope.ts';
import { summed } from '../../shared/core/shards.ts';
import { readWithShards } from '../../shared/ledger/limit-account.ts';
import { type Question, questionName } from './questions.ts';
import { accountId, type LimitOf, PROJECT, type Stage } from './stage.ts';

/** What the books say when all is over, held against what the upstream received. */
export interface Reckoning {
  /** Calls that the upstream received and that have no entry with a cost, or that a counter misses. */
  readonly lost: number;
  /** Calls with more than one such entry, that a counter has twice, or that were forwarded twice. */
  readonly doubled: number;
  /** The most by which any limit is passed. */
  readonly overspend: Picodollars;
  /** What is neither spent nor remaining of some limit, or still held: budget that nobody can use any more. */
  readonly stranded: Picodollars;
  /** Booked at their true cost. */
  readonly settled: number;
  /** Booked at their full hold, since their function died. */
  readonly unsettled: number;
  /** Those of them that the upstream never saw. */
  readonly unseen: readonly CallEntry[];
  /** Each thing that is not as it must be, as a sentence. None: the books hold. */
  readonly problems: readonly string[];
}

interface Findings {
  lost: number;
  doubled: number;
  settled: number;
  unsettled: number;
  overspend: Picodollars;
  stranded: Picodollars;
  readonly unseen: CallEntry[];
  readonly problems: string[];
}

/** Reads all entries and counters of a stage in which nothing is in flight any more. */
export async function reckon(stage: Stage, questions: readonly Question[]): Promise<Reckoning> {
  const found: Findings = {
    lost: 0,
    doubled: 0,
    settled: 0,
    unsettled: 0,
    overspend: 0n,
    stranded: 0n,
    unseen: [],
    problems: [],
  };
  const entries = await readEntries(stage);
  const byQuestion = Map.groupBy(entries, ({ requestedModel, held }) => questionName(requestedModel, held));
  for (const question of questions) {
    const name = questionName(question.model, question.worst);
    const received = stage.upstream.received.get(question.number) ?? 0;
    reckonQuestion(question, received, byQuestion.get(name) ?? [], found);
    byQuestion.delete(name);
  }
  for (const [name] of byQuestion) found.problems.push(`an entry of ${name} belongs to no question`);
  const open = entries.filter(({ state }) => state !== 'closed');
  for (const entry of open) found.problems.push(`the entry ${entry.id} is ${entry.state}`);
  for (const limit of stage.limits) {
    reckonLimit(
      limit,
      await readWithShards(stage.store, accountId(limit), limit.shards ?? 0),
      entries,
      found,
    );
  }
  const { differences } = await stage.audit();
  for (const { field, counter, entries: sum } of differences)
    found.problems.push(`the audit finds ${field} at ${counter} where the entries have ${sum}`);
  return found;
}

async function readEntries({ store, startedAt }: Stage): Promise<CallEntry[]> {
  const entries: CallEntry[] = [];
  for (const day of daysBetween(startedAt, Date.now())) {
    for await (const entry of store.calls(PROJECT, day)) entries.push(entry);
  }
  return entries;
}

function reckonQuestion(
  { number, model, cost, worst }: Question,
  received: number,
  entries: readonly CallEntry[],
  found: Findings,
): void {
  const problem = (text: string) => found.problems.push(`question ${number} (${model}) ${text}`);
  const [booked, ...more] = entries.filter(
    ({ outcome }) => outcome !== undefined && outcome.state !== 'void',
  );
  if (received > 1) {
    found.doubled += received - 1;
    problem(`was forwarded ${received} times`);
  }
  if (more.length > 0) {
    found.doubled += more.length;
    problem(`has ${more.length + 1} entries with a cost`);
  }
  if (booked?.outcome === undefined) {
    if (received === 0) return;
    found.lost += 1;
    return void problem('was forwarded and has no entry with a cost');
  }
  const isSettled = booked.outcome.state === 'settled';
  if (isSettled) found.settled += 1;
  else found.unsettled += 1;
  const due = isSettled ? cost : worst;
  if (booked.outcome.cost !== due)
    problem(`is ${booked.outcome.state} at ${formatUsd(booked.outcome.cost)}, not ${formatUsd(due)} USD`);
  if (received > 0) return;
  if (isSettled) problem('is settled, but the upstream never saw it');
  else found.unseen.push(booked);
}

function reckonLimit(
  { scope, amount }: LimitOf,
  { account, shards }: Awaited<ReturnType<typeof readWithShards>>,
  entries: readonly CallEntry[],
  found: Findings,
): void {
  const problem = (text: string) => found.problems.push(`the limit on ${describeScope(scope)} ${text}`);
  if (account?.limit === undefined) return void problem('has no account');
  const named = entries.filter((entry) => inScope(entry, scope));
  const due = named.reduce((sum, { outcome }) => sum + (outcome?.cost ?? 0n), 0n);
  const { spent, holds } = summed(account, shards);
  if (spent < due) found.lost += 1;
  if (spent > due) found.doubled += 1;
  if (spent !== due) problem(`has spent ${formatUsd(spent)}, and its entries ${formatUsd(due)} USD`);
  if (spent > amount) {
    if (spent - amount > found.overspend) found.overspend = spent - amount;
    problem(`is passed by ${formatUsd(spent - amount)} USD`);
  }
  if (holds.size > 0) problem(`still has ${holds.size} holds`);
  const stranded = amount - spent - usable(account, shards);
  if (stranded === 0n) return;
  found.stranded += stranded;
  problem(`lost track of ${formatUsd(stranded)} USD`);
}

/** What calls to come can hold: it lies in the account, in one of its shards, or on the way between them. */
function usable(account: Account, shards: readonly (Account | undefined)[]): Picodollars {
  const items = [account, ...shards.filter((shard) => shard !== undefined)];
  const lying = items.reduce((sum, { limit }) => sum + (limit?.remaining ?? 0n), 0n);
  return (account.lent ?? []).reduce((sum, { granted, collected }, index) => {
    const { received = 0n, returned = 0n } = shards[index]?.flow ?? {};
    return sum + granted - received + returned - collected;
  }, lying);
}
