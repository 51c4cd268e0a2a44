import { accountName, wholeAccount } from '../core/accounts.ts';
import { budgetUse } from '../core/budget.ts';
import { callShard } from '../core/call-id.ts';
import type { Account, CallEntry, LimitAccountId } from '../core/ledger.ts';
import { formatUsd } from '../core/money.ts';
import { PERIODS, periodKey, periodStart } from '../core/period.ts';
import { describeScope } from '../core/scope.ts';
import type { AlertClaims, Alerts, BudgetAlert } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import type { Log } from '../ports/log.ts';
import { forEach } from './concurrent.ts';
import type { Ledger } from './ledger.ts';
import { readLimitAccount } from './limit-account.ts';

export interface BudgetAlertParts {
  readonly store: Pick<LedgerStore, 'getAccount' | 'getAccounts' | 'limitAccounts'>;
  readonly claims: AlertClaims;
  readonly alerts: Alerts;
  readonly clock: Clock;
  readonly log: Log;
  /** In percent of a limit; none: nobody is told. */
  readonly thresholds: readonly number[];
}

/** A publisher that has not said so by then has died, and somebody else takes over. */
const CLAIM_MS = 5 * 60_000;

/** Of the calls on a limit in shards one in so many looks, as each look reads all shards; such a limit has many calls. */
const SHARDED_LOOKS = 32;

const WIDTH = 8;
/** So many alerts are remembered as settled, so that the calls that follow do not ask again. */
const REMEMBERED = 10_000;

/**
 * A ledger that tells people when so much of a limit is used up: once for each limit, period and threshold, however many
 * calls cross it at once. It looks when a call was booked, and, for what was missed then, at every limit in each deep
 * sweep. Neither a booking nor a sweep fails with it.
 */
export function withBudgetAlerts(ledger: Ledger, parts: BudgetAlertParts): Ledger {
  if (parts.thresholds.length === 0) return ledger;
  const watch = new BudgetWatch(parts);
  return {
    ...ledger,
    async settle(call, outcome) {
      const entry = await ledger.settle(call, outcome);
      if (outcome.cost > 0n) await watch.afterBooking(entry);
      return entry;
    },
    async sweep(options) {
      const report = await ledger.sweep(options);
      if (options.deep) await watch.everyLimit();
      return report;
    },
  };
}

class BudgetWatch {
  readonly #parts: BudgetAlertParts;
  /** Until when there is nothing to do for an alert, milliseconds since the epoch. */
  readonly #settled = new Map<string, number>();

  constructor(parts: BudgetAlertParts) {
    this.#parts = parts;
  }

  async afterBooking(call: CallEntry): Promise<void> {
    await this.#guarded(async () => {
      const { store } = this.#parts;
      const limits = call.accounts.flatMap((id) => (id.kind === 'limit' ? [id] : []));
      const whole = limits.filter(({ shard }) => shard === undefined);
      const accounts = whole.length === 0 ? [] : await store.getAccounts(whole);
      if (callShard(call.id, SHARDED_LOOKS) === 0) {
        const sharded = limits.filter(({ shard }) => shard !== undefined);
        accounts.push(...(await Promise.all(sharded.map((id) => readLimitAccount(store, wholeAccount(id))))));
      }
      for (const account of accounts) if (account !== undefined) await this.#look(account);
    });
  }

  /** Looks at every limit, in the running and the previous instance of its period. */
  async everyLimit(): Promise<void> {
    await this.#guarded(() => forEach(this.#accounts(), WIDTH, (account) => this.#look(account)));
  }

  /** The accounts of all limits, with what lies in their shards. */
  async *#accounts(): AsyncIterable<Account> {
    const { store, clock } = this.#parts;
    for (const { period, key } of recentInstances(clock.now())) {
      for await (const account of store.limitAccounts(period, key)) {
        const { id, lent } = account;
        if (id.kind !== 'limit' || id.shard !== undefined) continue;
        const summed = lent === undefined ? account : await readLimitAccount(store, id);
        if (summed !== undefined) yield summed;
      }
    }
  }

  async #look(account: Account): Promise<void> {
    if (account.id.kind !== 'limit') return;
    const { scope, period, periodKey: key }: LimitAccountId = account.id;
    const use = budgetUse(account, this.#parts.thresholds);
    if (use === undefined) return;
    const { amount, used } = use;
    for (const threshold of use.reached) {
      const alert = { scope, period, periodKey: key, amount, used, threshold };
      await this.#publishOnce(`${accountName(wholeAccount(account.id))}/${amount}/${threshold}`, alert);
    }
  }

  async #publishOnce(name: string, alert: BudgetAlert): Promise<void> {
    const { claims, alerts, clock, log } = this.#parts;
    const now = clock.now();
    if ((this.#settled.get(name) ?? 0) > now) return;
    const claim = await claims.claim(alert, now, now + CLAIM_MS);
    if (claim === 'claimed') {
      await alerts.publish(alert);
      log.event('warn', 'budget_alert', factsOf(alert));
      await claims.publishedAt(alert, clock.now());
    }
    if (this.#settled.size >= REMEMBERED) this.#settled.clear();
    this.#settled.set(name, claim === 'taken' ? now + CLAIM_MS : Number.POSITIVE_INFINITY);
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#parts.log.alarm('alert_unpublished', {
        fault: error instanceof Error ? error.name : typeof error,
      });
    }
  }
}

/** The running and the previous instance of each period. */
function recentInstances(now: number) {
  return PERIODS.flatMap((period) => {
    const before = Math.max(0, periodStart(period, now) - 1);
    return [...new Set([periodKey(period, now), periodKey(period, before)])].map((key) => ({ period, key }));
  });
}

function factsOf({ scope, period, periodKey: key, amount, threshold, used }: BudgetAlert) {
  return {
    threshold,
    limit: describeScope(scope),
    period,
    periodKey: key,
    limitUsd: formatUsd(amount),
    usedUsd: formatUsd(used),
  };
}
