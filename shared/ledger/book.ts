import { bookingIn, wholeAccount } from '../core/accounts.ts';
import type { CallEntry, Outcome } from '../core/ledger.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { allOf } from './concurrent.ts';
import { coverShard } from './limit-account.ts';

/**
 * Books a decided call in all its accounts and closes it. It may be cut short anywhere and run again, by anybody: an
 * account books a call only while it holds for it, and what it books stands in the entry.
 */
export async function book(store: LedgerStore, call: CallEntry, outcome: Outcome): Promise<CallEntry> {
  await allOf(
    call.accounts.map((id) => store.release(id, call.id, { held: call.held, ...bookingIn(id, outcome) })),
  );
  if (outcome.cost > call.held) await coverShards(store, call);
  await store.closeCall(call);
  return { ...call, state: 'closed', outcome };
}

async function coverShards(store: LedgerStore, { accounts }: CallEntry): Promise<void> {
  await allOf(
    accounts.flatMap((id) =>
      id.kind === 'limit' && id.shard !== undefined ? [coverShard(store, wholeAccount(id), id.shard)] : [],
    ),
  );
}

/**
 * Decides a call at this outcome, unless it is decided already, and books what stands.
 *
 * @returns the entry as it stands in the end; throws when there is no such entry
 */
export async function settle(store: LedgerStore, call: CallEntry, outcome: Outcome): Promise<CallEntry> {
  const standing = await store.decideCall(call, flagged(call, outcome));
  if (standing?.outcome === undefined) throw new Error(`there is no entry of the call ${call.id}`);
  if (standing.state === 'closed') return standing;
  return book(store, standing, standing.outcome);
}

/** A cost above its hold is the one way past a limit, and means that a price or an estimate is wrong. */
function flagged(call: CallEntry, outcome: Outcome): Outcome {
  if (outcome.cost <= call.held || outcome.flags.includes('over_hold')) return outcome;
  return { ...outcome, flags: [...outcome.flags, 'over_hold'] };
}
