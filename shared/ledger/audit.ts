import { accountName, wholeAccount } from '../core/accounts.ts';
import {
  addEntry,
  type Difference,
  differences,
  type EntrySums,
  lendingDifferences,
  NO_ENTRIES,
  sameAccount,
  unexplainedHolds,
} from '../core/audit-rules.ts';
import { type Account, type AccountId, RETENTION_DAYS } from '../core/ledger.ts';
import { type Period, periodEnd, periodKey, periodStart } from '../core/period.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { forEach } from './concurrent.ts';
import type { Audit, AuditReport, PeriodInstance } from './ledger.ts';
import { type ProjectDay, projectDays } from './project-days.ts';

export interface AuditParts {
  readonly store: LedgerStore;
  readonly directory: Pick<Directory, 'project' | 'projects'>;
  readonly clock: Clock;
  /** How long entries are kept, in days. */
  readonly retentionDays?: number;
}

const WIDTH = 8;
const DAY_MS = 86_400_000;

type Accounts = Map<string, Account>;

interface Entries {
  readonly count: number;
  readonly sums: ReadonlyMap<string, EntrySums>;
  /** Audited accounts that entries name and that were not found before them. */
  readonly unknown: ReadonlyMap<string, AccountId>;
}

/** The days to look at, and the period instances of which some entries are no longer kept. */
interface Span {
  readonly days: readonly ProjectDay[];
  readonly incomplete: ReadonlySet<string>;
}

/**
 * Compares counters with the sums of their entries while calls go on: every account is read before and after the
 * entries. One that did not move in between must be exactly their sum, one that moved must lie within their bounds.
 */
export function createAudit(parts: AuditParts): Audit {
  return {
    async run(instances, project) {
      const report = await runOnce(instances, project);
      // A correction that began behind the back of the audit lowers what was spent: bounds that are none then.
      return report.moving > 0 && report.differences.length > 0 ? runOnce(instances, project) : report;
    },
  };

  async function runOnce(instances: readonly PeriodInstance[], project?: string): Promise<AuditReport> {
    const span = await spanOf(instances, project, parts);
    const before = await accountsOf(instances, span, project, parts.store);
    const names = new Set(instances.map(({ period, at }) => instanceName(period, periodKey(period, at))));
    const isAudited = (id: AccountId) =>
      id.kind === 'books' ||
      (id.kind === 'limit' && names.has(instanceName(id.period, id.periodKey)) && inProject(id, project));
    const entries = await entriesOf(span, before, isAudited, parts.store);
    const after = await accountsOf(instances, span, project, parts.store);
    return report(before, after, entries, span, parts.store);
  }
}

/** Every project's days in any of the instances, each once, as far back as entries are kept. */
async function spanOf(
  instances: readonly PeriodInstance[],
  project: string | undefined,
  { directory, clock, retentionDays = RETENTION_DAYS }: AuditParts,
): Promise<Span> {
  const now = clock.now();
  const oldest = periodKey('day', Math.max(0, now - (retentionDays - 1) * DAY_MS));
  const days = new Map<string, ProjectDay>();
  const incomplete = new Set<string>();
  for (const { period, at } of instances) {
    const to = Math.min((periodEnd(period, at) ?? Number.POSITIVE_INFINITY) - 1, now);
    for (const day of await projectDays(directory, periodStart(period, at), to, project)) {
      if (day.day >= oldest) days.set(`${day.day} ${day.project}`, day);
      else incomplete.add(instanceName(period, periodKey(period, at)));
    }
  }
  return { days: [...days.values()], incomplete };
}

async function accountsOf(
  instances: readonly PeriodInstance[],
  { days }: Span,
  project: string | undefined,
  store: LedgerStore,
): Promise<Accounts> {
  const accounts: Accounts = new Map();
  const add = async (found: AsyncIterable<Account>) => {
    for await (const account of found)
      if (inProject(account.id, project)) accounts.set(accountName(account.id), account);
  };
  await forEach(instances, WIDTH, ({ period, at }) =>
    add(store.limitAccounts(period, periodKey(period, at))),
  );
  await forEach(days, WIDTH, ({ project: name, day }) => add(store.books(name, day)));
  return accounts;
}

async function entriesOf(
  { days }: Span,
  accounts: Accounts,
  isAudited: (id: AccountId) => boolean,
  store: LedgerStore,
): Promise<Entries> {
  const sums = new Map<string, EntrySums>();
  const unknown = new Map<string, AccountId>();
  let count = 0;
  await forEach(days, WIDTH, async ({ project, day }) => {
    for await (const call of store.calls(project, day, 'corrections')) {
      count += 1;
      for (const id of call.accounts.filter(isAudited)) {
        const name = accountName(id);
        if (!accounts.has(name)) unknown.set(name, id);
        sums.set(name, addEntry(sums.get(name) ?? NO_ENTRIES, id, accounts.get(name), call));
      }
    }
  });
  return { count, sums, unknown };
}

async function report(
  before: Accounts,
  after: Accounts,
  entries: Entries,
  { incomplete }: Span,
  store: LedgerStore,
): Promise<AuditReport> {
  const found: Difference[] = [];
  let accounts = 0;
  let moving = 0;
  await forEach(before, WIDTH, async ([name, account]) => {
    // The index may lag behind: what it lists now and did not before, or the other way round, is read by its key.
    const later = after.get(name) ?? (await store.getAccount(account.id)) ?? account;
    const sums = entries.sums.get(name) ?? NO_ENTRIES;
    const { id } = account;
    const isComplete = id.kind !== 'limit' || !incomplete.has(instanceName(id.period, id.periodKey));
    accounts += 1;
    if (!sameAccount(account, later)) moving += 1;
    found.push(...differences(account, later, sums, isComplete));
    found.push(
      ...(await strayHolds(account, later, sums, store)),
      ...lendingOf(account, later, before, after),
    );
  });
  await forEach(entries.unknown, WIDTH, async ([name, id]) => {
    const booked = entries.sums.get(name)?.least ?? 0n;
    if (booked > 0n && !after.has(name) && (await store.getAccount(id)) === undefined)
      found.push({ account: id, field: 'spent', counter: 'no account', entries: String(booked) });
  });
  return { accounts, entries: entries.count, moving, differences: found };
}

/** What a shard got and gave back, compared with what its account lent. */
function lendingOf(shard: Account, later: Account, before: Accounts, after: Accounts): Difference[] {
  const { id } = shard;
  if (id.kind !== 'limit' || id.shard === undefined) return [];
  const name = accountName(wholeAccount(id));
  const [first, last] = [before.get(name), after.get(name)];
  if (first === undefined || last === undefined) return [];
  return lendingDifferences({ before: first, after: last }, { before: shard, after: later }, id.shard);
}

/** A hold that no open or decided call stands for, now that its entry is read once more. */
async function strayHolds(
  before: Account,
  after: Account,
  sums: EntrySums,
  store: LedgerStore,
): Promise<Difference[]> {
  const found: Difference[] = [];
  await forEach(unexplainedHolds(before, after, sums), WIDTH, async ([id, project]) => {
    const call = await store.getCall({ id, project });
    if (call !== undefined && call.state !== 'closed') return;
    const entries = call === undefined ? 'no entry' : 'closed';
    found.push({ account: before.id, field: 'hold', counter: id, entries });
  });
  return found;
}

function inProject(id: AccountId, project: string | undefined): boolean {
  return id.kind !== 'limit' || project === undefined || id.scope.project === project;
}

function instanceName(period: Period, key: string): string {
  return `${period} ${key}`;
}
