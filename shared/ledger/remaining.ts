import { limitAccount } from '../core/accounts.ts';
import { callTime } from '../core/call-id.ts';
import type { CallEntry, Held } from '../core/ledger.ts';
import type { Picodollars } from '../core/money.ts';
import type { Limit } from '../core/scope.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import type { Answer } from './reserve-limit.ts';
import { least } from './room.ts';

/** What remains in the accounts of limits in shards, as far as it is known. */
export type Remains = ReadonlyMap<Limit, Picodollars>;

/**
 * Looks at the accounts of the limits that are spread over shards, beside the writes of a call's holds: what an account
 * has left it lent to nobody, so at least that much is left of the limit. It is told for convenience only. So the read
 * is the cheapest, nobody waits for one that comes later than the holds, and one that fails is not missed.
 */
export function glanceAt(
  limits: readonly Limit[],
  call: CallEntry,
  store: Pick<LedgerStore, 'getAccount'>,
): Remains {
  const remains = new Map<Limit, Picodollars>();
  for (const limit of limits) {
    if ((limit.shards ?? 1) === 1) continue;
    store.getAccount(limitAccount(limit.scope, limit.period, callTime(call.id)), 'recent').then(
      (account) => {
        // One that has not heard of a lowered limit would tell too much.
        if (account?.limit !== undefined && account.limit.version >= limit.version)
          remains.set(limit, account.limit.remaining);
      },
      () => undefined,
    );
  }
  return remains;
}

/**
 * The limit with the least left after a call's holds. Of one in shards, at least what lies in the call's own shard is
 * left, and at least what lay in the account, less this hold, which may not have been deducted then; not the sum of
 * both, as money may be on its way from one to the other.
 */
export function tightestOf(call: CallEntry, answers: readonly Answer[], remains: Remains): Held['tightest'] {
  const known = answers.flatMap((answer) => {
    if (answer.kind === 'crowded' || answer.remaining === undefined) return [];
    const { limit, remaining } = answer;
    const inAccount = remains.get(limit);
    const isMore = inAccount !== undefined && inAccount - call.held > remaining;
    return [{ limit, remaining: isMore ? inAccount - call.held : remaining }];
  });
  return least(known, ({ remaining }) => remaining);
}
