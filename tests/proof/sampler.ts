import { setTimeout as sleep } from 'node:timers/promises';
import { heldIn } from '../../shared/core/accounts.ts';
import type { Picodollars } from '../../shared/core/money.ts';
import { accountId, type LimitOf, type Stage } from './stage.ts';

export interface Samples {
  /** How often every limit was looked at. */
  readonly rounds: number;
  /** The most by which spent and held together passed a limit at any of these instants; 0 where they never did. */
  readonly overspend: Picodollars;
  /** How often `remaining` was not the limit less what was spent and held. */
  readonly inconsistent: number;
}

const PAUSE_MS = 50;

/**
 * Looks at every limit's account again and again, by consistent reads, until it is stopped. One account is one item,
 * so each reading shows an instant that existed.
 */
export function sampleLimits(stage: Stage): { stop(): Promise<Samples> } {
  let stopped = false;
  const samples = { rounds: 0, overspend: 0n, inconsistent: 0 };
  const run = async () => {
    while (!stopped) {
      for (const limit of stage.limits) await look(stage, limit, samples);
      samples.rounds += 1;
      await sleep(PAUSE_MS);
    }
  };
  const running = run();
  return {
    async stop() {
      stopped = true;
      await running;
      return samples;
    },
  };
}

async function look(
  { store, upstream }: Stage,
  limit: LimitOf,
  samples: { overspend: Picodollars; inconsistent: number },
): Promise<void> {
  const account = await store.getAccount(accountId(limit));
  if (account?.limit === undefined) return;
  const used = account.carried + account.spent + heldIn(account);
  if (account.limit.remaining !== limit.amount - used) samples.inconsistent += 1;
  // The project's limit binds every call: what the upstream has charged must be within it, whatever the books say.
  const { user, model } = limit.scope;
  const charged = user === undefined && model === undefined ? upstream.charged() : 0n;
  for (const over of [used - limit.amount, charged - limit.amount])
    if (over > samples.overspend) samples.overspend = over;
}
