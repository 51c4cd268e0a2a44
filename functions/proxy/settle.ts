import type { Outcome } from '../../shared/core/ledger.ts';
import { callFacts, raiseAlarms } from '../../shared/ledger/tell.ts';
import type { LogFields } from '../../shared/ports/log.ts';
import type { HeldCall } from './call.ts';
import type { ProxyDeps } from './deps.ts';

const ATTEMPTS = 3;
const PAUSE_MS = 250;

/**
 * Books an outcome. It never throws: what cannot be booked now keeps its hold, and the sweep books that.
 */
export async function settle(call: HeldCall, outcome: Outcome, deps: ProxyDeps): Promise<void> {
  const entry = call.held.call;
  raiseAlarms(entry, outcome, deps.log);
  await insist(callFacts(entry, outcome), deps, async () => {
    const { outcome: standing = outcome } = await deps.ledger.settle(entry, outcome);
    deps.log.event('info', 'call', callFacts(entry, standing));
  });
}

/** Tries to write into the books up to three times, and then gives up with an alarm. It never throws. */
export async function insist(
  facts: LogFields,
  deps: Pick<ProxyDeps, 'log' | 'sleep'>,
  write: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      const failed = { ...facts, attempt, fault: nameOf(error) };
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
