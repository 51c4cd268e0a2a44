import { randomUUID } from 'node:crypto';
import { isGivenUp, nextLook } from '../core/deferred.ts';
import type { CallEntry, Deferred, Outcome } from '../core/ledger.ts';
import type { Clock } from '../ports/clock.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { book } from './book.ts';
import { allOf, forEach } from './concurrent.ts';
import { correctionVerdict, isCorrecting } from './correct.ts';
import type { SweepOptions, SweepReport } from './ledger.ts';

/** Calls that are settled at the same time. */
const WIDTH = 8;

type Swept = Omit<SweepReport, 'strays'>;

export interface SweepParts extends Omit<SweepOptions, 'deep'> {
  readonly store: LedgerStore;
  readonly clock: Clock;
}

/**
 * Settles every call whose lease has ended, and looks after those whose cost OpenAI tells later. May run twice and at
 * the same time: what a call costs is decided once, in its entry, which also tells by whom, since an answer of the
 * store may be lost and the decision found made.
 */
export async function sweepCalls(parts: SweepParts): Promise<Swept> {
  const report = { unsettled: 0, voided: 0, completed: 0, settled: 0, waiting: 0 };
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
  parts: SweepParts,
): Promise<keyof Swept | undefined> {
  const { store, onDecided } = parts;
  const verdict = call.outcome ?? (await verdictOn(call, parts));
  if (verdict === 'later') return 'waiting';
  const standing =
    call.outcome === undefined ? await store.decideCall(call, { ...verdict, decidedBy: sweeper }) : call;
  if (standing?.outcome === undefined) return undefined;
  const { state, decidedBy } = standing.outcome;
  const isOurs = call.outcome === undefined && decidedBy === sweeper;
  if (isOurs && state !== 'void' && state !== 'correction')
    onDecided?.({ ...standing, outcome: standing.outcome });
  if (standing.state === 'closed' && !isOurs) return undefined;
  if (standing.state !== 'closed') await book(store, standing, standing.outcome);
  if (!isOurs || state === 'correction') return 'completed';
  return state === 'void' ? 'voided' : state;
}

/**
 * What becomes of a call that nobody decided. It is forwarded only when all its holds are durable, and they go only
 * after a decision: if one is missing, nothing was forwarded. Otherwise OpenAI may have billed anything up to the
 * worst case, and that is booked, unless OpenAI tells what it was.
 */
async function verdictOn(call: CallEntry, parts: SweepParts): Promise<Outcome | 'later'> {
  const { store, clock } = parts;
  if (call.deferred !== undefined) return truthOf(call, call.deferred, parts);
  const nothing = {
    state: 'void',
    cost: 0n,
    saved: 0n,
    tally: {},
    flags: [],
    decidedAt: clock.now(),
  } as const;
  const accounts = await allOf(call.accounts.map((id) => store.getAccount(id)));
  if (!accounts.every((account) => account?.holds.has(call.id))) return nothing;
  if (!isCorrecting(call)) return unsettled(call, clock);
  const verdict = await correctionVerdict(call, parts);
  return verdict === 'superseded' ? nothing : verdict;
}

/**
 * Asks OpenAI. The next look is written down before this one, so that a sweep that dies over a call, or fails at it,
 * leaves it to a later one, and not to the very next.
 */
async function truthOf(
  call: CallEntry,
  deferred: Deferred,
  { store, clock, truth }: SweepParts,
): Promise<Outcome | 'later'> {
  await store.deferCall(call, deferred, nextLook(call, clock.now()));
  const told = await truth?.(call, deferred);
  if (told !== undefined) return told;
  return isGivenUp(call, deferred, clock.now()) ? unsettled(call, clock) : 'later';
}

/** At all that was held, or at what an answer that broke off can have cost at most. */
function unsettled({ held, deferred }: CallEntry, clock: Clock): Outcome {
  const { flags = [], ...untold } = deferred?.untold ?? { cost: held };
  return {
    state: 'unsettled',
    saved: 0n,
    tally: { calls: 1 },
    flags: ['unsettled', ...flags],
    decidedAt: clock.now(),
    ...untold,
  };
}
