import { heldIn, limitAccount } from '../../shared/core/accounts.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import { formatUsd } from '../../shared/core/money.ts';
import { periodEnd } from '../../shared/core/period.ts';
import type { Limit } from '../../shared/core/scope.ts';
import { readLimitAccount } from '../../shared/ledger/limit-account.ts';
import type { AdminDeps } from './deps.ts';

/** What a limit's scope and period are called in replies; `null` stands for any. */
export function scopeView({ scope, period }: Pick<Limit, 'scope' | 'period'>): JsonObject {
  return {
    project: scope.project ?? null,
    user: scope.user ?? null,
    model: scope.model ?? null,
    period,
  };
}

/** A limit with its running period: what is spent and held, what remains, and when it starts again. */
export async function limitView(limit: Limit, { store, clock }: AdminDeps): Promise<JsonObject> {
  const { scope, period, amount, shards } = limit;
  const now = clock.now();
  const account = await readLimitAccount(store, limitAccount(scope, period, now));
  const spent = account === undefined ? 0n : account.carried + account.spent;
  const held = account === undefined ? 0n : heldIn(account);
  const resetsAt = periodEnd(period, now);
  return {
    ...scopeView(limit),
    limit: formatUsd(amount),
    ...(shards === undefined ? {} : { shards }),
    spent: formatUsd(spent),
    held: formatUsd(held),
    remaining: formatUsd(amount - spent - held),
    resets_at: resetsAt === undefined ? null : new Date(resetsAt).toISOString(),
  };
}
