import type { CallEntry, Outcome } from '../../shared/core/ledger.ts';
import { formatUsd } from '../../shared/core/money.ts';
import type { Alarm } from '../../shared/ports/log.ts';
import type { HeldCall } from './call.ts';
import type { ProxyDeps } from './deps.ts';

const ATTEMPTS = 3;
const PAUSE_MS = 250;

/** Flags that an admin must hear of. The sweep tells of `unsettled`. */
const ALARMING: readonly Alarm[] = [
  'over_hold',
  'unpriced',
  'unknown_tier',
  'unpriced_tier',
  'no_usage',
  'broken',
  'upstream_lost',
];

/**
 * Books an outcome. It never throws: what cannot be booked now keeps its hold, and the sweep books that.
 */
export async function settle(call: HeldCall, outcome: Outcome, deps: ProxyDeps): Promise<void> {
  for (const alarm of ALARMING.filter((flag) => outcome.flags.includes(flag)))
    deps.log.alarm(alarm, facts(call, outcome));
  for (let attempt = 1; ; attempt++) {
    try {
      const entry = await deps.ledger.settle(call.held.call, outcome);
      deps.log.event('info', 'call', facts(call, standing(entry, outcome)));
      return;
    } catch (error) {
      const failed = { ...facts(call, outcome), attempt, fault: nameOf(error) };
      if (attempt === ATTEMPTS) return deps.log.alarm('ledger_fault', failed);
      deps.log.event('warn', 'settlement_retried', failed);
      await deps.sleep(PAUSE_MS * attempt);
    }
  }
}

/** An error by its class alone: messages may carry what must not be logged. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function standing(entry: CallEntry, decided: Outcome): Outcome {
  return entry.outcome ?? decided;
}

function facts(call: HeldCall, outcome: Outcome) {
  return {
    call: call.id,
    project: call.projectName,
    user: call.user,
    endpoint: call.endpoint,
    model: call.subject.model,
    stream: call.stream,
    state: outcome.state,
    status: outcome.status,
    costUsd: formatUsd(outcome.cost),
    savedUsd: formatUsd(outcome.saved),
    heldUsd: formatUsd(call.held.call.held),
  };
}
