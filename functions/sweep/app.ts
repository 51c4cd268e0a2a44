import { formatUsd } from '../../shared/core/money.ts';
import type { Ledger, SweepReport } from '../../shared/ledger/ledger.ts';
import type { Log } from '../../shared/ports/log.ts';

export interface SweepDeps {
  readonly ledger: Pick<Ledger, 'sweep'>;
  readonly log: Log;
}

/**
 * Makes the sweep of a stage, which tells of each call that it had to settle at its full hold.
 *
 * @returns what it found, as counts; throws, after an alarm, when it could not end its work: the next one does
 */
export function createSweep({ ledger, log }: SweepDeps): (deep: boolean) => Promise<SweepReport> {
  return async (deep) => {
    try {
      const report = await ledger.sweep({
        deep,
        onUnsettled: (call) =>
          log.alarm('unsettled', {
            call: call.id,
            project: call.project,
            user: call.user,
            endpoint: call.endpoint,
            model: call.model,
            costUsd: formatUsd(call.outcome?.cost ?? call.held),
          }),
      });
      log.event('info', 'sweep', { deep, ...report });
      return report;
    } catch (error) {
      log.alarm('sweep_failed', { deep, fault: error instanceof Error ? error.name : typeof error });
      throw error;
    }
  };
}
