import type { Held, Refused } from '../../shared/core/ledger.ts';
import type { Refusal } from '../../shared/core/refusal.ts';
import type { HoldRequest } from '../../shared/ledger/ledger.ts';
import { Unavailable } from '../../shared/ports/ledger-store.ts';
import type { ProxyDeps } from './deps.ts';
import { crowded } from './hold-refusals.ts';
import type { LedgerBudget } from './ledger-budget.ts';
import { newCallId } from './new-call.ts';

/** With less of its time left, a call fails: it was no passing fault, and a second attempt would be cut short as well. */
const ENOUGH_LEFT = 1 / 3;

/** A refusal of the ledger, with the call's entry that tells of it. */
export type RefusedHold = Refused & { readonly callId: string };

/**
 * Holds money under a fresh id, as every attempt has one: one id never stands for two amounts, whatever arrives late.
 * Where the ledger cannot say whether the hold was made, it was given back, and a second attempt is a new call to it.
 */
export async function takeHold(
  request: Omit<HoldRequest, 'id'>,
  budget: LedgerBudget,
  deps: ProxyDeps,
): Promise<Held | RefusedHold | Refusal> {
  const attempt = async () => {
    const id = newCallId(deps);
    const result = await budget.spend((deadline) => deps.ledger.hold({ ...request, id }, deadline));
    if (result.kind === 'crowded') return crowded(result, request.project);
    return result.kind === 'held' ? result : { ...result, callId: id };
  };
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof Unavailable) || budget.left() < ENOUGH_LEFT) throw error;
    deps.log.event('warn', 'hold_retried', { project: request.project, user: request.user });
    return attempt();
  }
}
