import type { Account, AccountId, Hold } from '../core/ledger.ts';
import { arrivingIn, notReserved, type Remaining, relimited, remainingOf } from '../core/ledger-rules.ts';
import {
  type LedgerStore,
  type Reservation,
  type ReserveOptions,
  Unavailable,
} from '../ports/ledger-store.ts';
import { releasing, reservation, transferring } from './account-changes.ts';
import { accountKey, accountOf, accountsListing, booksPartitions, newAccountItem } from './account-items.ts';
import { bigint, type Item, numberAttribute } from './attributes.ts';
import { keyText } from './batch-read.ts';
import type { ItemAccess } from './item-access.ts';
import { mergeSorted } from './merge-sorted.ts';

/** That somebody else changes the item between a read and a write so often is no accident any more. */
const ATTEMPTS = 10;

type AccountOperations = Pick<
  LedgerStore,
  | 'openAccount'
  | 'getAccount'
  | 'getAccounts'
  | 'transfer'
  | 'reserve'
  | 'release'
  | 'changeLimit'
  | 'changeCarried'
  | 'limitAccounts'
  | 'books'
>;

/** The accounts in DynamoDB: each is one item, and each operation one conditional write of it. */
export function createAccountOperations(items: ItemAccess): AccountOperations {
  async function getAccount(
    id: AccountId,
    read: 'latest' | 'recent' = 'latest',
  ): Promise<Account | undefined> {
    const item = await (read === 'recent' ? items.getRecent : items.get)(accountKey(id));
    return item === undefined ? undefined : accountOf(item);
  }

  async function notOpened(id: AccountId): Promise<Reservation | undefined> {
    if (id.kind === 'limit') return { kind: 'missing' };
    await items.create(newAccountItem({ id, carried: 0n }));
    return undefined;
  }

  async function reserve(
    id: AccountId,
    callId: string,
    hold: Hold,
    { limitVersion = 0, receipt, most, signal, anyway }: ReserveOptions = {},
  ): Promise<Reservation> {
    let arriving = receipt;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const change = reservation(id, callId, hold, limitVersion, arriving, most, anyway);
      const changed = await items.changeOnce(accountKey(id), change, signal).catch(whenFull);
      if (changed.kind === 'made') return { kind: 'held', ...(await remainingAfter(id, changed.attributes)) };
      const account = changed.old === undefined ? await getAccount(id) : accountOf(changed.old);
      const more = arrivingIn(account, receipt);
      const reason =
        account === undefined
          ? await notOpened(id)
          : notReserved(account, callId, hold.amount, limitVersion, more, most, anyway);
      // An item that was read after the refusal may show no reason for it any more: then ask again.
      if (reason !== undefined) return reason;
      if (more === 0n) arriving = undefined;
    }
    throw new Unavailable('the account is changing too fast to hold money in it');
  }

  /** A hold of nothing leaves what remains as it was: DynamoDB then need not return it. */
  async function remainingAfter(id: AccountId, changed: Item): Promise<Remaining> {
    if (id.kind !== 'limit') return {};
    if (changed['remaining'] !== undefined) return { remaining: bigint(changed, 'remaining') };
    const account = await getAccount(id);
    return account === undefined ? {} : remainingOf(account);
  }

  return {
    openAccount: (account) => items.create(newAccountItem(account)),
    getAccount,
    reserve,

    async getAccounts(ids) {
      const found = await items.getAll(ids.map(accountKey));
      const byKey = new Map(found.map((item) => [keyText(item), item]));
      return ids.map((id) => {
        const item = byKey.get(keyText(accountKey(id)));
        return item === undefined ? undefined : accountOf(item);
      });
    },

    async transfer(id, transfer) {
      const changed = await items.change(accountKey(id), transferring(transfer));
      return changed.kind === 'made' ? 'made' : 'stale';
    },

    async release(id, callId, release) {
      let held = release.held;
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const changed = await items.change(accountKey(id), releasing(id, callId, { ...release, held }));
        if (changed.kind === 'made') return 'released';
        const account = changed.old === undefined ? await getAccount(id) : accountOf(changed.old);
        const hold = account?.holds.get(callId);
        if (hold === undefined) return 'absent';
        held = hold.amount;
      }
      throw new Unavailable('the account is changing too fast to release a hold');
    },

    async changeLimit(id, limit) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const account = await getAccount(id);
        if (account === undefined) return 'missing';
        const next = relimited(account, limit);
        if (next === 'stale' || account.limit === undefined) return 'stale';
        const changed = await items.change(accountKey(id), {
          UpdateExpression:
            'SET limitAmount = :amount, limitVersion = :version, remaining = remaining + :more',
          ConditionExpression: 'limitVersion = :seen',
          ExpressionAttributeValues: {
            ':amount': numberAttribute(limit.amount),
            ':version': numberAttribute(limit.version),
            ':more': numberAttribute(limit.amount - account.limit.amount),
            ':seen': numberAttribute(account.limit.version),
          },
        });
        if (changed.kind === 'made') return 'changed';
      }
      throw new Unavailable('the limit is changing too fast to follow');
    },

    async changeCarried(seen, carried) {
      if (seen.limit === undefined) return 'stale';
      const changed = await items.change(accountKey(seen.id), {
        UpdateExpression: 'SET carried = :carried, remaining = remaining - :more',
        ConditionExpression: 'limitVersion = :seen AND carried = :before',
        ExpressionAttributeValues: {
          ':carried': numberAttribute(carried),
          ':more': numberAttribute(carried - seen.carried),
          ':seen': numberAttribute(seen.limit.version),
          ':before': numberAttribute(seen.carried),
        },
      });
      return changed.kind === 'made' ? 'changed' : 'stale';
    },

    async *limitAccounts(period, periodKey) {
      for await (const item of items.listed(accountsListing(period, periodKey))) yield accountOf(item);
    },

    async *books(project, day) {
      const lists = booksPartitions(project, day).map((pk) => items.query({ pk }));
      for await (const item of mergeSorted(lists, keyOrder)) yield accountOf(item);
    },
  };
}

function keyOrder(a: Item, b: Item): number {
  return keyText(a) < keyText(b) ? -1 : 1;
}

/**
 * An item takes 400 KB, more than 10,000 holds. A full account is not exhausted: it has room again when calls end.
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
function whenFull(error: unknown): never {
  if (error instanceof Error && error.name === 'ValidationException' && /item size/i.test(error.message))
    throw new Unavailable('the account holds for as many calls as its item has room for', { cause: error });
  throw error;
}
