import process from 'node:process';
import { z } from 'zod';
import { wireSweep } from '../../shared/wire.ts';

const EVENT = z.object({ deep: z.boolean().default(false) });

const { ledger, log } = wireSweep(process.env);

/**
 * The sweep's Lambda entry: run on a schedule every minute, and with `{"deep": true}` every hour.
 *
 * @returns what it found, as counts
 */
export async function handler(event: unknown) {
  const { deep } = EVENT.catch({ deep: false }).parse(event);
  const report = await ledger.sweep({ deep });
  log.event(report.unsettled > 0 ? 'warn' : 'info', 'sweep', { deep, ...report });
  return report;
}
