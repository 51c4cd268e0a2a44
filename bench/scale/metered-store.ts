import { accountKey, newAccountItem } from '../../shared/aws/account-items.ts';
import { callItem, callKey } from '../../shared/aws/call-items.ts';
import { holdAttribute, holdName } from '../../shared/aws/hold-markers.ts';
import { accountName } from '../../shared/core/accounts.ts';
import type { AccountId, CallEntry } from '../../shared/core/ledger.ts';
import { createMemoryLedgerStore } from '../../shared/memory/memory-ledger-store.ts';
import type { LedgerStore } from '../../shared/ports/ledger-store.ts';
import { itemBytes, readUnits, writeUnits } from './item-size.ts';
import type { Meter } from './meter.ts';

/** What an account's counters take beside what it was opened with: its sums, tallies and what it lent to each shard. */
const COUNTER_BYTES = 60;
const LENT_BYTES = 20;
/** The index copies the keys of an open call: one write when it enters the list, one when it leaves. */
const INDEX_BYTES = 200;

/** The books in memory, at the prices of DynamoDB: each operation is charged as the requests that the adapter would send. */
export function createMeteredStore(meter: Meter): LedgerStore {
  const store = createMemoryLedgerStore();
  /** The bytes of an account's item, kept with each change: to count all its holds anew would take too long. */
  const sizes = new Map<string, number>();

  const sizeOf = (id: AccountId) => sizes.get(accountName(id)) ?? 0;
  const grow = (id: AccountId, bytes: number) => sizes.set(accountName(id), sizeOf(id) + bytes);
  const writeAccount = (id: AccountId, before: number) => {
    const kind = id.kind === 'books' ? 'books' : id.shard === undefined ? 'account' : 'shard';
    const after = sizeOf(id);
    meter.write(kind, accountKey(id)['pk']?.S ?? '', writeUnits(before, after), Math.max(before, after));
  };
  const open = (id: AccountId) => {
    if (sizeOf(id) > 0) return;
    grow(
      id,
      itemBytes(newAccountItem({ id, carried: 0n, limit: { amount: 10n ** 18n, version: 1 } })) +
        COUNTER_BYTES,
    );
  };
  const writeCall = (call: CallEntry) => {
    const bytes = itemBytes(callItem(call));
    meter.write('entries', callKey(call)['pk']?.S ?? '', writeUnits(0, bytes), bytes);
  };
  const writeList = (call: CallEntry) =>
    meter.write('open list', callItem(call)['lookupPk']?.S ?? '', writeUnits(0, INDEX_BYTES), INDEX_BYTES);

  return {
    ...store,
    async putCall(call) {
      writeCall(call);
      writeList(call);
      return store.putCall(call);
    },
    async decideCall(ref, outcome) {
      const call = await store.decideCall(ref, outcome);
      if (call !== undefined) writeCall(call);
      return call;
    },
    async deferCall(ref, deferred, expiresAt) {
      const call = await store.deferCall(ref, deferred, expiresAt);
      if (call === undefined) return call;
      writeCall(call);
      // The list is in the order of the next looks: the call leaves its place, and enters another.
      writeList(call);
      writeList(call);
      return call;
    },
    async closeCall(ref) {
      await store.closeCall(ref);
      const call = await store.getCall(ref);
      if (call === undefined) return;
      writeCall(call);
      writeList(call);
    },
    async openAccount(account) {
      open(account.id);
      writeAccount(account.id, 0);
      return store.openAccount(account);
    },
    async getAccount(id, read) {
      meter.read(readUnits(sizeOf(id)) / (read === 'recent' ? 2 : 1));
      return store.getAccount(id);
    },
    async getAccounts(ids) {
      for (const id of ids) meter.read(readUnits(sizeOf(id)));
      return store.getAccounts(ids);
    },
    async reserve(id, callId, hold, options) {
      if (id.kind === 'books' && sizeOf(id) === 0) {
        writeAccount(id, 0);
        open(id);
        writeAccount(id, 0);
      }
      const before = sizeOf(id);
      const result = await store.reserve(id, callId, hold, options);
      if (result.kind === 'held') grow(id, holdBytes(id, callId, hold));
      writeAccount(id, before);
      return result;
    },
    async release(id, callId, release) {
      const before = sizeOf(id);
      const hold = (await store.getAccount(id))?.holds.get(callId);
      if (hold !== undefined) grow(id, -holdBytes(id, callId, hold));
      writeAccount(id, before);
      return store.release(id, callId, release);
    },
    async transfer(id, transfer) {
      const before = sizeOf(id);
      if (transfer.kind === 'split') grow(id, transfer.shards * LENT_BYTES);
      writeAccount(id, before);
      return store.transfer(id, transfer);
    },
    async changeLimit(id, limit) {
      meter.read(readUnits(sizeOf(id)));
      writeAccount(id, sizeOf(id));
      return store.changeLimit(id, limit);
    },
  };
}

function holdBytes(id: AccountId, callId: string, hold: Parameters<LedgerStore['reserve']>[2]): number {
  return 1 + itemBytes({ [holdName(callId)]: holdAttribute(id, callId, hold) });
}
