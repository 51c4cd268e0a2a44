import { callId, callTime } from './call-id.ts';
import type { CallEntry, Correction, Outcome } from './ledger.ts';
import type { Picodollars } from './money.ts';

/** What a call costs by now; `undefined` while that is not decided. */
export function bookedCost({ outcome, correction }: CallEntry): Picodollars | undefined {
  return correction?.cost ?? outcome?.cost;
}

/**
 * Why a call cannot be corrected to this cost. `unknown`: there is no such call · `running`: it has not ended ·
 * `void`: nothing was sent, so that it cost nothing · `beyond_hold`: more than was held for it · `same`: that is booked.
 */
export type NotCorrected = 'unknown' | 'running' | 'void' | 'beyond_hold' | 'same';

/** Whether a call that was not corrected before can be corrected to this cost; `undefined`: it can. */
export function notCorrected(call: CallEntry | undefined, cost: Picodollars): NotCorrected | undefined {
  if (call === undefined || call.corrects !== undefined) return 'unknown';
  if (call.state !== 'closed' || call.outcome === undefined) return 'running';
  if (call.outcome.state === 'void') return 'void';
  if (cost > call.held) return 'beyond_hold';
  return cost === call.outcome.cost ? 'same' : undefined;
}

/**
 * The entry that books by how much a call is corrected: in the accounts of the call, in the periods in which it began. It
 * holds what it adds, so that no limit is passed by it either.
 *
 * @param random 16 hexadecimal digits that nobody else draws
 * @param expiresAt from then on the sweep completes it, milliseconds since the epoch
 */
export function correctingEntry(
  call: CallEntry,
  correction: Correction,
  random: string,
  expiresAt: number,
): CallEntry {
  const { user, project, model, endpoint, requestedModel, stream, accounts, outcome } = call;
  const difference = correction.cost - (outcome?.cost ?? 0n);
  return {
    id: callId(callTime(call.id), random),
    user,
    project,
    model,
    endpoint,
    requestedModel,
    stream,
    held: difference > 0n ? difference : 0n,
    // That of a project's deferred calls counts those, and no money.
    accounts: accounts.filter(({ kind }) => kind !== 'deferred'),
    expiresAt,
    state: 'open',
    corrects: { ...correction, call: call.id, difference },
  };
}

/** What such an entry comes to, once the call itself names it. */
export function correctionOutcome(difference: Picodollars, now: number): Outcome {
  return { state: 'correction', cost: difference, saved: 0n, tally: {}, flags: [], decidedAt: now };
}
