import type { Ledger, SweepReport, Truth } from '../../shared/ledger/ledger.ts';
import { callFacts, raiseAlarms } from '../../shared/ledger/tell.ts';
import type { Log } from '../../shared/ports/log.ts';

export interface SweepDeps {
  readonly ledger: Pick<Ledger, 'sweep'>;
  readonly truth: Truth;
  readonly log: Log;
}

/**
 * Makes the sweep of a stage, which tells of each call that it had to settle.
 *
 * @returns what it found, as counts; throws, after an alarm, when it could not end its work: the next one does
 */
export function createSweep({ ledger, truth, log }: SweepDeps): (deep: boolean) => Promise<SweepReport> {
  return async (deep) => {
    try {
      const report = await ledger.sweep({
        deep,
        truth,
        onDecided: (call) => {
          raiseAlarms(call, call.outcome, log);
          if (call.outcome.state === 'settled') log.event('info', 'call', callFacts(call, call.outcome));
        },
      });
      log.event('info', 'sweep', { deep, ...report });
      return report;
    } catch (error) {
      log.alarm('sweep_failed', { deep, fault: error instanceof Error ? error.name : typeof error });
      throw error;
    }
  };
}
