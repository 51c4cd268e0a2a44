import type { PriceTable } from '../core/price.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { PriceSource } from '../ports/price-source.ts';
import type { StagePrices } from '../ports/stage-prices.ts';
import type { Endpoint } from './row.ts';
import { stageTable } from './stage-table.ts';

/** From this age on the prices are read again, while calls go on with those that are there. In milliseconds. */
const REFRESH_AFTER_MS = 20_000;
/** Older prices are not used unread: what an admin sets counts within a minute. */
const MOST_AGE_MS = 50_000;
/** After a read that failed, the next one waits. */
const RETRY_AFTER_MS = 5_000;

interface Options {
  /** The prices that the function was built with. */
  readonly bundled: PriceTable;
  readonly stagePrices: Pick<StagePrices, 'all'>;
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Reads the prices of a stage when they are first asked for, and again every 20 seconds in which calls come. Only a
 * call after a pause waits for that read. When it fails, the last prices that were read go on being used.
 */
export function createPriceSource({ bundled, stagePrices, endpoint, clock, log }: Options): PriceSource {
  let known: { readonly table: PriceTable; readonly readAt: number } | undefined;
  let reading: Promise<void> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;

  async function read(at: number): Promise<void> {
    try {
      known = { table: stageTable(bundled, await stagePrices.all(), endpoint), readAt: at };
    } catch (error) {
      failedAt = clock.now();
      log.event('warn', 'prices_unread', { fault: error instanceof Error ? error.name : typeof error });
      if (known === undefined) throw error;
    } finally {
      reading = undefined;
    }
  }

  return {
    async current() {
      const now = clock.now();
      const age = known === undefined ? Number.POSITIVE_INFINITY : now - known.readAt;
      const due = age >= REFRESH_AFTER_MS && (known === undefined || now - failedAt >= RETRY_AFTER_MS);
      if (due) reading ??= read(now);
      if (known === undefined || age >= MOST_AGE_MS) await reading;
      if (known === undefined) throw new Error('the prices were read and are not there');
      return known.table;
    },
  };
}
