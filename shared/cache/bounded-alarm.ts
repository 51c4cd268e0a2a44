import type { Clock } from '../ports/clock.ts';
import type { Alarm, Log, LogFields } from '../ports/log.ts';

/** While a fault lasts, every call meets it: one alarm a minute tells as much as thousands. */
const EVERY_MS = 60_000;

/** Raises an alarm of each name at most once a minute; between two, it is the same event that goes on. */
export function boundedAlarm(log: Log, clock: Clock): (name: Alarm, fields?: LogFields) => void {
  const raised = new Map<Alarm, number>();
  return (name, fields) => {
    const now = clock.now();
    const elapsed = now - (raised.get(name) ?? Number.NEGATIVE_INFINITY);
    // A clock that is set back must not silence it.
    if (elapsed >= 0 && elapsed < EVERY_MS) return;
    raised.set(name, now);
    log.alarm(name, fields);
  };
}
