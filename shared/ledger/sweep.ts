import { randomUUID } from 'node:crypto';
import type { CallEntry, Outcome } from '../core/ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { book } from './book.ts';
import { allOf, forEach } from './concurrent.ts';
import type { SweepReport } from './ledger.ts';

/** Calls that are settled at the same time. */
const WIDTH = 8;

type Swept = Omit<SweepReport, 'strays'>;

export interface SweepParts {
  readonly store: LedgerStore;
  readonly clock: Clock;
  readonly onUnsettled: (call: CallEntry) => void;
}

/**
 * Settles every call whose lease has ended. May run twice and at the same time: what a call costs is decided once, in
 * its entry, which also tells by whom, since an answer of the store may be lost and the decision found made.
 */
export async function sweepCalls(parts: SweepParts): Promise<Swept> {
  const report = { unsettled: 0, voided: 0, completed: 0 };
  const sweeper = randomUUID();
  await forEach(parts.store.expiredCalls(parts.clock.now()), WIDTH, async (call) => {
    const kind = await sweepCall(call, sweeper, parts);
    if (kind !== undefined) report[kind] += 1;
  });
  return report;
}

async function sweepCall(
  call: CallEntry,
  sweeper: string,
  { store, clock, onUnsettled }: SweepParts,
): Promise<keyof Swept | undefined> {
  const standing =
    call.outcome === undefined
      ? await store.decideCall(call, { ...(await verdictOn(call, store, clock)), decidedBy: sweeper })
      : call;
  if (standing?.outcome === undefined) return undefined;
  const { state, decidedBy } = standing.outcome;
  const isOurs = call.outcome === undefined && decidedBy === sweeper;
  if (isOurs && state === 'unsettled') onUnsettled(standing);
  if (standing.state === 'closed' && !isOurs) return undefined;
  if (standing.state !== 'closed') await book(store, standing, standing.outcome);
  if (!isOurs) return 'completed';
  return state === 'void' ? 'voided' : 'unsettled';
}

/**
 * What becomes of a call that nobody decided. It is forwarded only when all its holds are durable, and they go only
 * after a decision: if one is missing, nothing was forwarded. Otherwise OpenAI may have billed anything up to the
 * worst case, and that is booked.
 */
async function verdictOn(call: CallEntry, store: LedgerStore, clock: Clock): Promise<Outcome> {
  const accounts = await allOf(call.accounts.map((id) => store.getAccount(id)));
  const decided = { saved: 0n, decidedAt: clock.now() };
  if (accounts.every((account) => account?.holds.has(call.id)))
    return { ...decided, state: 'unsettled', cost: call.held, tally: { calls: 1 }, flags: ['unsettled'] };
  return { ...decided, state: 'void', cost: 0n, tally: {}, flags: [] };
}
