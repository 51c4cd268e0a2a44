import { randomBytes } from 'node:crypto';
import { wholeAccount } from '../core/accounts.ts';
import { correctingEntry, correctionOutcome, notCorrected } from '../core/corrections.ts';
import type { AccountId, CallEntry, Correction, Hold, Outcome } from '../core/ledger.ts';
import type { Limit } from '../core/scope.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import { type LedgerStore, Unavailable } from '../ports/ledger-store.ts';
import { settle } from './book.ts';
import { allOf } from './concurrent.ts';
import { giveBack } from './hold.ts';
import type { Corrected, Corrections } from './ledger.ts';
import { reserveIn } from './reserve-limit.ts';

export interface CorrectionParts {
  readonly store: LedgerStore;
  readonly directory: Pick<Directory, 'limit'>;
  readonly clock: Clock;
}

/** No function on AWS runs for longer than 15 minutes (quotas of AWS Lambda): then the sweep may complete what it began. */
const LEASE_MS = 16 * 60_000;

type CorrectingEntry = CallEntry & { readonly corrects: NonNullable<CallEntry['corrects']> };

/**
 * Corrects calls. A correction is an entry of its own, which books the difference in the accounts of the call: it holds in
 * all of them, then the call names it, once, and then it is booked like any call. So whoever dies over it leaves what the
 * sweep completes, or gives back.
 */
export function createCorrections(parts: CorrectionParts): Corrections {
  const { store, clock } = parts;

  async function correct(call: CallEntry, correction: Correction): Promise<Corrected> {
    const random = randomBytes(8).toString('hex');
    const entry = correctingEntry(call, correction, random, clock.now() + LEASE_MS);
    if (!isCorrecting(entry)) throw new RangeError('an entry that corrects nothing');
    const refused = await take(entry, parts);
    if (refused !== undefined) return refused;
    const standing = await store.correctCall(call, namedBy(entry));
    if (standing?.correction?.entry === entry.id) return complete(standing, entry);
    await giveBack(entry, entry.accounts, parts);
    return standing?.correction === undefined
      ? { kind: 'not_corrected', why: 'unknown' }
      : corrected(standing, correction.cost);
  }

  /** A call that was corrected before; what is missing of that is made good. */
  async function corrected(call: CallEntry, cost: bigint): Promise<Corrected> {
    if (call.correction?.cost !== cost) return { kind: 'corrected_before', call };
    const entry = await store.getCall({ id: call.correction.entry, project: call.project });
    return entry !== undefined && isCorrecting(entry) ? complete(call, entry) : { kind: 'corrected', call };
  }

  async function complete(call: CallEntry, entry: CorrectingEntry): Promise<Corrected> {
    if (entry.state !== 'closed')
      await settle(store, entry, correctionOutcome(entry.corrects.difference, clock.now()));
    return { kind: 'corrected', call };
  }

  return {
    async correct(ref, wanted) {
      const call = await store.getCall(ref);
      if (call?.correction !== undefined) return corrected(call, wanted.cost);
      const why = notCorrected(call, wanted.cost);
      if (call === undefined || why !== undefined)
        return { kind: 'not_corrected', why: why ?? 'unknown', call };
      return correct(call, { ...wanted, at: clock.now() });
    },
  };
}

export function isCorrecting(entry: CallEntry): entry is CorrectingEntry {
  return entry.corrects !== undefined;
}

/**
 * What becomes of a correction that nobody completed, all of whose holds stand: it is booked, unless the call names another.
 */
export async function correctionVerdict(
  entry: CorrectingEntry,
  { store, clock }: Pick<CorrectionParts, 'store' | 'clock'>,
): Promise<Outcome | 'superseded'> {
  const { call, difference } = entry.corrects;
  const standing = await store.correctCall({ id: call, project: entry.project }, namedBy(entry));
  return standing?.correction?.entry === entry.id ? correctionOutcome(difference, clock.now()) : 'superseded';
}

function namedBy({ id, corrects }: CorrectingEntry): NonNullable<CallEntry['correction']> {
  const { call: _, difference: __, ...correction } = corrects;
  return { ...correction, entry: id };
}

type TooDear = Extract<Corrected, { kind: 'refused' }>;

/**
 * Holds in every account of the call; of a call that is to cost more, so much. If a limit has not got it, all is given back.
 * After a fault the entry is left to the sweep, which looks at it once every write that was on its way has arrived: the
 * accounts may be of a period that the deep sweep no longer looks at.
 */
async function take(entry: CorrectingEntry, parts: CorrectionParts): Promise<TooDear | undefined> {
  const { store, clock } = parts;
  const taken: Hold = { amount: entry.held, at: clock.now(), project: entry.project };
  await store.putCall(entry);
  const answers = await allOf(entry.accounts.map((id) => takeIn(id, entry, taken, parts)));
  // By then the sweep looks after it.
  if (clock.now() >= entry.expiresAt) throw new Unavailable('the correction took too long');
  const refusal = answers.find((answer) => answer !== undefined);
  if (refusal !== undefined) await giveBack(entry, entry.accounts, parts);
  return refusal;
}

/** The limit may be another one by now, or gone: its account of that time is what counts. */
async function takeIn(
  id: AccountId,
  entry: CorrectingEntry,
  taken: Hold,
  parts: CorrectionParts,
): Promise<TooDear | undefined> {
  const { store } = parts;
  if (id.kind !== 'limit' || taken.amount === 0n) {
    const { kind } = await store.reserve(id, entry.id, taken, { anyway: true });
    if (kind !== 'held' && kind !== 'duplicate') throw new Unavailable('an account of the call is not there');
    return undefined;
  }
  const { scope, period } = id;
  const account = await store.getAccount(wholeAccount(id));
  if (account?.limit === undefined) throw new Unavailable('an account of the call is not there');
  const limit: Limit = { scope, period, amount: account.limit.amount, version: 0 };
  const answer = await reserveIn(id, limit, entry, taken, { ...parts, openCalls: Number.POSITIVE_INFINITY });
  if (answer.kind === 'held') return undefined;
  const remaining = answer.kind === 'refused' ? answer.remaining : account.limit.remaining;
  return { kind: 'refused', limit, remaining };
}
