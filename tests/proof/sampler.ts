import { setTimeout as sleep } from 'node:timers/promises';
import { heldIn } from '../../shared/core/accounts.ts';
import type { Account } from '../../shared/core/ledger.ts';
import type { Picodollars } from '../../shared/core/money.ts';
import { lentOut } from '../../shared/core/shards.ts';
import { readWithShards } from '../../shared/ledger/limit-account.ts';
import { accountId, type LimitOf, type Stage } from './stage.ts';

export interface Samples {
  /** How often every limit was looked at. */
  readonly rounds: number;
  /** The most by which spent and held together passed a limit at any of these instants; 0 where they never did. */
  readonly overspend: Picodollars;
  /** How often `remaining` of an item was not what it had for its limit, less what was spent, held and lent. */
  readonly inconsistent: number;
}

const PAUSE_MS = 50;

/**
 * Looks at every limit's account again and again, by consistent reads, until it is stopped. An account that is one item
 * shows an instant that existed. One in shards is read in one request: to count the same money twice, it would have to
 * be given back, collected, granted and held again within it, by four requests one after the other.
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
  const { account, shards } = await readWithShards(store, accountId(limit), limit.shards ?? 0);
  if (account?.limit === undefined) return;
  const items = [account, ...shards.filter((shard) => shard !== undefined)];
  if (account.limit.amount !== limit.amount || !items.every(isConsistent)) samples.inconsistent += 1;
  const used = items.reduce((sum, item) => sum + usedIn(item), 0n);
  // The project's limit binds every call: what the upstream has charged must be within it, whatever the books say.
  const { user, model } = limit.scope;
  const charged = user === undefined && model === undefined ? upstream.charged() : 0n;
  for (const over of [used - limit.amount, charged - limit.amount])
    if (over > samples.overspend) samples.overspend = over;
}

function usedIn(item: Account): Picodollars {
  return item.carried + item.spent + heldIn(item);
}

function isConsistent(item: Account): boolean {
  return item.limit?.remaining === (item.limit?.amount ?? 0n) - usedIn(item) - lentOut(item);
}
