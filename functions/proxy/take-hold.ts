import type { Held, Refused } from '../../shared/core/ledger.ts';
import type { HoldRequest } from '../../shared/ledger/ledger.ts';
import { Unavailable } from '../../shared/ports/ledger-store.ts';
import type { ProxyDeps } from './deps.ts';
import { newCallId } from './new-call.ts';

/** After so long, it is no passing fault, and the caller has waited enough. */
const PASSING_MS = 2_000;

/** A refusal of the ledger, with the call's entry that tells of it. */
export type RefusedHold = Refused & { readonly callId: string };

/**
 * Holds money under a fresh id, as every attempt has one: one id never stands for two amounts, whatever arrives late.
 * Where the ledger cannot say whether the hold was made, it was given back, and a second attempt is a new call to it.
 */
export async function takeHold(
  request: Omit<HoldRequest, 'id'>,
  deps: ProxyDeps,
): Promise<Held | RefusedHold> {
  const began = deps.clock.now();
  const attempt = async () => {
    const id = newCallId(deps);
    const result = await deps.ledger.hold({ ...request, id });
    return result.kind === 'held' ? result : { ...result, callId: id };
  };
  try {
    return await attempt();
  } catch (error) {
    const isPassing = error instanceof Unavailable && deps.clock.now() - began < PASSING_MS;
    if (!isPassing) throw error;
    deps.log.event('warn', 'hold_retried', { project: request.project, user: request.user });
    return attempt();
  }
}
