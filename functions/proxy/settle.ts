import type { CallEntry, Outcome } from '../../shared/core/ledger.ts';
import { formatUsd } from '../../shared/core/money.ts';
import type { HeldCall } from './call.ts';
import type { ProxyDeps } from './deps.ts';

const ATTEMPTS = 3;
const PAUSE_MS = 250;

/** Flags that an admin must hear of, as a line of the log that an alarm can count. */
const ALARMING = new Set(['over_hold', 'unpriced', 'no_usage', 'broken', 'upstream_lost']);

/**
 * Books an outcome. It never throws: what cannot be booked now keeps its hold, and the sweep books that.
 */
export async function settle(call: HeldCall, outcome: Outcome, deps: ProxyDeps): Promise<void> {
  for (const flag of outcome.flags) {
    if (ALARMING.has(flag)) deps.log.event('warn', flag, facts(call, outcome));
  }
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const entry = await deps.ledger.settle(call.held.call, outcome);
      deps.log.event('info', 'call', facts(call, standing(entry, outcome)));
      return;
    } catch (error) {
      deps.log.event('error', 'ledger_fault', { ...facts(call, outcome), attempt, fault: nameOf(error) });
      if (attempt < ATTEMPTS) await deps.sleep(PAUSE_MS * attempt);
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
