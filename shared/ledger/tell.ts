import type { CallEntry, Outcome } from '../core/ledger.ts';
import { formatUsd } from '../core/money.ts';
import { ALARMS, type Alarm, type Log, type LogFields } from '../ports/log.ts';

/** What a line of the log tells of a call and its outcome. */
export function callFacts(call: CallEntry, outcome: Outcome): LogFields {
  return {
    call: call.id,
    project: call.project,
    user: call.user,
    endpoint: call.endpoint,
    model: call.model,
    stream: call.stream,
    state: outcome.state,
    status: outcome.status,
    costUsd: formatUsd(outcome.cost),
    savedUsd: formatUsd(outcome.saved),
    heldUsd: formatUsd(call.held),
  };
}

/** Raises an alarm for each flag of an outcome that an admin must hear of. */
export function raiseAlarms(call: CallEntry, outcome: Outcome, log: Log): void {
  for (const flag of outcome.flags) if (isAlarm(flag)) log.alarm(flag, callFacts(call, outcome));
}

function isAlarm(flag: string): flag is Alarm {
  return (ALARMS as readonly string[]).includes(flag);
}
