import { accountName, deferredAccount, NOTHING } from '../core/accounts.ts';
import type { Account, Hold } from '../core/ledger.ts';
import { PERIODS, type Period, periodKey, periodStart } from '../core/period.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { forEach } from './concurrent.ts';
import { projectDays } from './project-days.ts';

const WIDTH = 8;
const DAY_MS = 86_400_000;
/** A late write is late by seconds; days are for a deep sweep that could not run. */
const DAYS_BACK = 3;

export interface StrayParts {
  readonly store: LedgerStore;
  readonly directory: Pick<Directory, 'project' | 'projects'>;
  readonly clock: Clock;
  readonly leaseMs: number;
}

/**
 * Gives back holds that no call stands for: those of a wave whose entry never arrived, and those that arrived after
 * their call had ended. Looks at the running and the previous instance of each period and at the books of the last
 * days.
 *
 * @returns how many holds were given back
 */
export async function sweepStrays(parts: StrayParts): Promise<number> {
  let strays = 0;
  await forEach(recentAccounts(parts), WIDTH, async (account) => {
    for (const [callId, hold] of account.holds) {
      if (!(await isStray(account, callId, hold, parts))) continue;
      const released = await parts.store.release(account.id, callId, { held: hold.amount, ...NOTHING });
      if (released === 'released') strays += 1;
    }
  });
  return strays;
}

/** A hold younger than the lease may be of a wave that is still under way. */
async function isStray(
  account: Account,
  callId: string,
  hold: Hold,
  { store, clock, leaseMs }: StrayParts,
): Promise<boolean> {
  if (hold.at + leaseMs >= clock.now()) return false;
  const call = await store.getCall({ id: callId, project: hold.project });
  if (call === undefined || call.state === 'closed') return true;
  const name = accountName(account.id);
  return !call.accounts.some((id) => accountName(id) === name);
}

async function* recentAccounts({ store, directory, clock }: StrayParts): AsyncIterable<Account> {
  const now = clock.now();
  for (const period of PERIODS) {
    for (const key of recentKeys(period, now)) yield* store.limitAccounts(period, key);
  }
  const days = await projectDays(directory, now - DAYS_BACK * DAY_MS, now);
  for (const { project, day } of days) yield* store.books(project, day);
  for (const project of new Set(days.map((each) => each.project))) {
    const account = await store.getAccount(deferredAccount(project));
    if (account !== undefined) yield account;
  }
}

function recentKeys(period: Period, now: number): Set<string> {
  return new Set([periodKey(period, now), periodKey(period, Math.max(0, periodStart(period, now) - 1))]);
}
