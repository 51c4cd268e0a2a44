import { accountName } from '../core/accounts.ts';
import { callTime } from '../core/call-id.ts';
import type { Account, AccountId, CallEntry, CallRef } from '../core/ledger.ts';
import {
  arrivingIn,
  notReserved,
  openedAccount,
  recarried,
  received,
  released,
  relimited,
  remainingOf,
  reserved,
  transferred,
} from '../core/ledger-rules.ts';
import { periodKey } from '../core/period.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';

/** The books in memory: for tests, and for trying things out. It forgets everything when it ends. */
export function createMemoryLedgerStore(): LedgerStore {
  const accounts = new Map<string, Account>();
  const calls = new Map<string, CallEntry>();

  const find = (id: AccountId) => accounts.get(accountName(id));
  const save = (account: Account) => accounts.set(accountName(account.id), account);

  return {
    ...callMethods(calls),

    async openAccount({ id, carried, limit }) {
      if (find(id) !== undefined) return 'exists';
      save(openedAccount(id, carried, limit));
      return 'created';
    },
    async getAccount(id) {
      return find(id);
    },
    async getAccounts(ids) {
      return ids.map(find);
    },
    async reserve(id, callId, hold, { limitVersion = 0, receipt, most, anyway } = {}) {
      const account = find(id) ?? (id.kind === 'limit' ? undefined : openedAccount(id, 0n));
      if (account === undefined) return { kind: 'missing' };
      const arriving = arrivingIn(account, receipt);
      const refusal = notReserved(account, callId, hold.amount, limitVersion, arriving, most, anyway);
      if (refusal !== undefined) return refusal;
      const next = reserved(received(account, arriving), callId, hold);
      save(next);
      return { kind: 'held', ...remainingOf(next) };
    },
    async release(id, callId, booking) {
      const account = find(id);
      const next = account === undefined ? 'absent' : released(account, callId, booking);
      if (next === 'absent') return 'absent';
      save(next);
      return 'released';
    },
    async transfer(id, transfer) {
      const account = find(id);
      const next = account === undefined ? 'stale' : transferred(account, transfer);
      if (next === 'stale') return 'stale';
      save(next);
      return 'made';
    },
    async changeLimit(id, limit) {
      const account = find(id);
      if (account === undefined) return 'missing';
      const next = relimited(account, limit);
      if (next === 'stale') return 'stale';
      save(next);
      return 'changed';
    },
    async changeCarried(seen, carried) {
      const account = find(seen.id);
      if (account === undefined || account.carried !== seen.carried) return 'stale';
      if (account.limit?.version !== seen.limit?.version) return 'stale';
      save(recarried(account, carried));
      return 'changed';
    },

    async *limitAccounts(period, key) {
      for (const account of [...accounts.values()]) {
        const { id } = account;
        if (id.kind === 'limit' && id.period === period && id.periodKey === key) yield account;
      }
    },
    async *books(project, day) {
      for (const account of [...accounts.values()]) {
        const { id } = account;
        if (id.kind === 'books' && id.project === project && id.day === day) yield account;
      }
    },
  };
}

function callMethods(
  calls: Map<string, CallEntry>,
): Pick<
  LedgerStore,
  'putCall' | 'getCall' | 'decideCall' | 'deferCall' | 'closeCall' | 'correctCall' | 'expiredCalls' | 'calls'
> {
  const find = ({ id, project }: CallRef) => {
    const call = calls.get(id);
    return call?.project === project ? call : undefined;
  };
  return {
    async putCall(call) {
      if (find(call) !== undefined) return 'exists';
      calls.set(call.id, call);
      return 'created';
    },
    async getCall(ref) {
      return find(ref);
    },
    async decideCall(ref, outcome) {
      const call = find(ref);
      if (call?.state === 'open') calls.set(call.id, { ...call, state: 'decided', outcome });
      return find(ref);
    },
    async deferCall(ref, deferred, expiresAt) {
      const call = find(ref);
      const isNews = call?.deferred === undefined || call.expiresAt < expiresAt;
      if (call?.state === 'open' && isNews) calls.set(call.id, { deferred, ...call, expiresAt });
      return find(ref);
    },
    async closeCall(ref) {
      const call = find(ref);
      if (call?.state === 'decided') calls.set(call.id, { ...call, state: 'closed' });
    },
    async correctCall(ref, correction) {
      const call = find(ref);
      if (call?.state === 'closed' && call.correction === undefined)
        calls.set(call.id, { ...call, correction });
      return find(ref);
    },
    async *expiredCalls(before) {
      const expired = [...calls.values()].filter(
        (call) => call.state !== 'closed' && call.expiresAt < before,
      );
      yield* expired.sort((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1));
    },
    async *calls(project, day, and) {
      const found = [...calls.values()].filter(
        (call) =>
          call.project === project &&
          periodKey('day', callTime(call.id)) === day &&
          (and === 'corrections' || call.corrects === undefined),
      );
      yield* found.sort((a, b) => (a.id < b.id ? 1 : -1));
    },
  };
}
