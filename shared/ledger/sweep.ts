import type { CallEntry, Outcome } from '../core/ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { book } from './book.ts';
import { allOf, forEach } from './concurrent.ts';
import type { SweepReport } from './ledger.ts';

/** Calls that are settled at the same time. */
const WIDTH = 8;

type Swept = Omit<SweepReport, 'strays'>;

/**
 * Settles every call whose lease has ended. May run twice and at the same time: what a call costs is decided once, in
 * its entry.
 */
export async function sweepCalls(store: LedgerStore, clock: Clock): Promise<Swept> {
  const report = { unsettled: 0, voided: 0, completed: 0 };
  await forEach(store.expiredCalls(clock.now()), WIDTH, async (call) => {
    const kind = await sweepCall(call, store, clock);
    if (kind !== undefined) report[kind] += 1;
  });
  return report;
}

async function sweepCall(
  call: CallEntry,
  store: LedgerStore,
  clock: Clock,
): Promise<keyof Swept | undefined> {
  const verdict = call.outcome ?? (await verdictOn(call, store, clock));
  const standing = call.outcome === undefined ? await store.decideCall(call, verdict) : call;
  if (standing?.outcome === undefined) return undefined;
  if (standing.state !== 'closed') await book(store, standing, standing.outcome);
  if (call.outcome !== undefined || standing.outcome.state === 'settled') return 'completed';
  return standing.outcome.state === 'void' ? 'voided' : 'unsettled';
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
