import { accountsOf } from '../core/accounts.ts';
import { callTime } from '../core/call-id.ts';
import type { CallEntry, Held, Hold, Outcome, Refused } from '../core/ledger.ts';
import type { Picodollars } from '../core/money.ts';
import { periodEnd } from '../core/period.ts';
import type { Limit } from '../core/scope.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { book } from './book.ts';
import { allOf } from './concurrent.ts';
import type { HoldRequest } from './ledger.ts';
import { type Answer, reserveLimit } from './reserve-limit.ts';

export interface HoldParts {
  readonly store: LedgerStore;
  readonly directory: Pick<Directory, 'limit'>;
  readonly clock: Clock;
  /** How long a function can be at work on a call, in milliseconds; after that the sweep may settle it. */
  readonly leaseMs: number;
}

/** A second call with an id: to give its holds back would take those of the first. */
class UsedCallId extends Error {
  override readonly name = 'UsedCallId';
}

/**
 * Writes the call's entry and takes all its holds, in one wave. The call is held when all of them are durable; if one
 * limit refuses, or the store does not say what happened, the others are given back.
 */
export async function hold(request: HoldRequest, parts: HoldParts): Promise<Held | Refused> {
  const call = entryOf(request, parts);
  const answers = await wave(call, request.limits, parts).catch(async (fault: unknown) => {
    // Best effort: where the store does not answer now, the sweep gives back what was taken.
    if (!(fault instanceof UsedCallId)) await giveBack(call, parts).catch(() => undefined);
    throw fault;
  });
  const refusals = answers.filter((answer) => answer.kind === 'refused');
  const tightest = least(refusals, ({ remaining }) => remaining);
  const scarcest = least(refusals, ({ remaining, heldByOthers }) => remaining + heldByOthers);
  if (tightest === undefined || scarcest === undefined) {
    const known = answers.flatMap(({ limit, remaining }) =>
      remaining === undefined ? [] : [{ limit, remaining }],
    );
    const binding = least(known, ({ remaining }) => remaining);
    return { kind: 'held', call, ...(binding !== undefined && { tightest: binding }) };
  }
  await giveBack(call, parts);
  const resetsAt = periodEnd(scarcest.limit.period, callTime(call.id));
  return {
    ...scarcest,
    affordable: tightest.remaining,
    ...(resetsAt !== undefined && { resetsAt }),
  };
}

function entryOf(request: HoldRequest, { clock, leaseMs }: HoldParts): CallEntry {
  const { id, user, project, model, endpoint, requestedModel, stream, amount, limits } = request;
  if (amount < 0n) throw new RangeError(`a hold of ${amount} picodollars`);
  return {
    id,
    user,
    project,
    model,
    endpoint,
    requestedModel,
    stream,
    held: amount,
    accounts: accountsOf(id, { user, project, model }, limits),
    expiresAt: clock.now() + leaseMs,
    state: 'open',
  };
}

/** Throws, and may have taken some of the holds, when the store fails. */
async function wave(call: CallEntry, limits: readonly Limit[], parts: HoldParts): Promise<Answer[]> {
  const taken: Hold = { amount: call.held, at: call.expiresAt - parts.leaseMs, project: call.project };
  const written = writeEntry(call, parts);
  const answers = limits.map((limit) => reserveLimit(limit, call, taken, parts));
  const books = call.accounts.filter(({ kind }) => kind === 'books');
  const booked = books.map((id) => parts.store.reserve(id, call.id, taken));
  await allOf<unknown>([written, ...answers, ...booked]);
  return Promise.all(answers);
}

/** An entry that exists is this one if an attempt to write it succeeded unheard. */
async function writeEntry(call: CallEntry, { store }: HoldParts): Promise<void> {
  if ((await store.putCall(call)) === 'created') return;
  const entry = await store.getCall(call);
  const isThis = entry?.state === 'open' && entry.held === call.held && entry.expiresAt === call.expiresAt;
  if (!isThis) throw new UsedCallId(`the call id ${call.id} was used before`);
}

/** Voids a call that was not forwarded. An entry that has not arrived yet is kept out by one that is decided. */
async function giveBack(call: CallEntry, { store, clock }: HoldParts): Promise<void> {
  const outcome: Outcome = {
    state: 'void',
    cost: 0n,
    saved: 0n,
    tally: {},
    flags: [],
    decidedAt: clock.now(),
  };
  let standing = await store.decideCall(call, outcome);
  if (standing === undefined) {
    await store.putCall({ ...call, state: 'decided', outcome });
    standing = await store.decideCall(call, outcome);
  }
  if (standing?.outcome !== undefined && standing.state !== 'closed')
    await book(store, standing, standing.outcome);
}

/** The one whose amount is the least; the first of several. */
function least<T>(answers: readonly T[], amountOf: (answer: T) => Picodollars): T | undefined {
  return answers.reduce<T | undefined>(
    (found, answer) => (found === undefined || amountOf(answer) < amountOf(found) ? answer : found),
    undefined,
  );
}
