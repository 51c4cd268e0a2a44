import { accountName, accountsOf, accountUnder } from '../core/accounts.ts';
import { callTime } from '../core/call-id.ts';
import type { AccountId, CallEntry, Crowded, Held, Hold, Outcome, Refused } from '../core/ledger.ts';
import { DEFERRED_CALLS_PER_PROJECT, OPEN_CALLS_PER_PROJECT } from '../core/project-bounds.ts';
import type { Limit } from '../core/scope.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { book } from './book.ts';
import { boundedStore, within } from './bounded.ts';
import { allOf } from './concurrent.ts';
import type { HoldDeadline, HoldRequest } from './ledger.ts';
import { glanceAt, type Remains, tightestOf } from './remaining.ts';
import { type Answer, type ReserveParts, reserveLimit } from './reserve-limit.ts';
import { roomUnder } from './room.ts';

export interface HoldParts {
  readonly store: LedgerStore;
  readonly directory: Pick<Directory, 'limit'>;
  readonly clock: Clock;
  /** How long a function can be at work on a call, in milliseconds; after that the sweep may settle it. */
  readonly leaseMs: number;
  /** So many calls may be open for a project, under a limit of its own, and so many of them deferred. */
  readonly openCalls?: number;
  readonly deferredCalls?: number;
}

type BoundedParts = HoldParts & ReserveParts & Required<Pick<HoldParts, 'deferredCalls'>>;

/** A second call with an id: to give its holds back would take those of the first. */
class UsedCallId extends Error {
  override readonly name = 'UsedCallId';
}

/**
 * Writes the call's entry and takes all its holds, in one wave. The call is held when all of them are durable; if one
 * limit refuses, or the store does not say what happened in time, the others are given back.
 *
 * @param deadline absent: each operation ends when the store says so
 */
export async function hold(
  request: HoldRequest,
  parts: HoldParts,
  deadline?: HoldDeadline,
): Promise<Held | Refused | Crowded> {
  const call = entryOf(request, parts);
  const { openCalls = OPEN_CALLS_PER_PROJECT, deferredCalls = DEFERRED_CALLS_PER_PROJECT } = parts;
  const bounded = { ...until(parts, deadline?.holding), openCalls, deferredCalls };
  const returning = { clock: parts.clock, store: boundedBy(parts.store, deadline?.givingBack) };
  const came = await wave(call, request.limits, bounded).catch(async (fault: unknown) => {
    // Best effort: where the store does not answer now, the sweep gives back what was taken.
    if (!(fault instanceof UsedCallId)) await giveBack(call, call.accounts, returning).catch(() => undefined);
    throw fault;
  });
  if ('which' in came) return came;
  const { answers, remains } = came;
  const refusals = answers.filter((answer) => answer.kind === 'refused');
  const room = roomUnder(refusals, callTime(call.id));
  if (room === undefined && answers.some(({ kind }) => kind === 'crowded')) {
    await giveBack(call, call.accounts, returning);
    return { kind: 'crowded', which: 'open', most: openCalls };
  }
  if (room === undefined) {
    const tightest = tightestOf(call, answers, remains);
    return { kind: 'held', call, ...(tightest !== undefined && { tightest }) };
  }
  const refusing = refusals.map(({ limit }) => limit);
  await giveBack(call, otherThan(refusing, call), returning);
  return { ...room, kind: 'refused', refusing };
}

/** The same parts for work that ends when the signal is aborted. */
function until(parts: HoldParts, signal: AbortSignal | undefined): HoldParts {
  if (signal === undefined) return parts;
  const { store, directory } = parts;
  return {
    ...parts,
    store: boundedStore(store, signal),
    directory: { limit: (...args) => within(signal, () => directory.limit(...args)) },
  };
}

function boundedBy(store: LedgerStore, signal: AbortSignal | undefined): LedgerStore {
  return signal === undefined ? store : boundedStore(store, signal);
}

function entryOf(request: HoldRequest, { clock, leaseMs }: HoldParts): CallEntry {
  const { id, user, project, model, endpoint, requestedModel, stream, amount, limits, deferred } = request;
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
    accounts: accountsOf(id, { user, project, model }, limits, deferred),
    expiresAt: clock.now() + leaseMs,
    state: 'open',
  };
}

/** Throws, and may have taken some of the holds, when the store fails. */
async function wave(
  call: CallEntry,
  limits: readonly Limit[],
  parts: BoundedParts,
): Promise<{ answers: readonly Answer[]; remains: Remains } | Crowded> {
  const hold: Hold = { amount: call.held, at: call.expiresAt - parts.leaseMs, project: call.project };
  if (!(await joinsDeferred(call, hold, parts)))
    return { kind: 'crowded', which: 'deferred', most: parts.deferredCalls };
  const written = writeEntry(call, parts);
  const answers = limits.map((limit) => reserveLimit(limit, call, hold, parts));
  const books = call.accounts.filter(({ kind }) => kind === 'books');
  const booked = books.map((id) => parts.store.reserve(id, call.id, hold));
  const remains = glanceAt(limits, call, parts.store);
  await allOf<unknown>([written, ...answers, ...booked]);
  return { answers: await Promise.all(answers), remains };
}

/**
 * Counts a call that will be deferred among its project's, before anything of it stands where others count as well: what
 * may not come is never there, not for a moment. Where no entry follows, the deep sweep takes it out again.
 */
async function joinsDeferred(call: CallEntry, hold: Hold, { store, deferredCalls }: BoundedParts) {
  const account = call.accounts.find(({ kind }) => kind === 'deferred');
  if (account === undefined) return true;
  return (await store.reserve(account, call.id, hold, { most: deferredCalls })).kind !== 'crowded';
}

/** An entry that exists is this one if an attempt to write it succeeded unheard. */
async function writeEntry(call: CallEntry, { store }: HoldParts): Promise<void> {
  if ((await store.putCall(call)) === 'created') return;
  const entry = await store.getCall(call);
  const isThis = entry?.state === 'open' && entry.held === call.held && entry.expiresAt === call.expiresAt;
  if (!isThis) throw new UsedCallId(`the call id ${call.id} was used before`);
}

/** The accounts in which a call may hold: where a limit refused it, it certainly does not. */
function otherThan(refusing: readonly Limit[], call: CallEntry): readonly AccountId[] {
  const without = new Set(refusing.map((limit) => accountName(accountUnder(limit, call.id))));
  return call.accounts.filter((id) => !without.has(accountName(id)));
}

/**
 * Voids a call that was not forwarded. An entry that has not arrived yet is kept out by one that is decided.
 *
 * @param holding the accounts in which it may hold
 */
export async function giveBack(
  call: CallEntry,
  holding: readonly AccountId[],
  { store, clock }: Pick<HoldParts, 'store' | 'clock'>,
): Promise<void> {
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
    await book(store, { ...standing, accounts: holding }, standing.outcome);
}
