import type { Account, AccountId, Hold } from '../core/ledger.ts';
import { notReserved, type Remaining, relimited, remainingOf, tallyEntries } from '../core/ledger-rules.ts';
import { type LedgerStore, type Release, type Reservation, Unavailable } from '../ports/ledger-store.ts';
import {
  accountKey,
  accountOf,
  accountsListing,
  booksPartition,
  holdAttribute,
  newAccountItem,
  tallyAttribute,
} from './account-items.ts';
import { bigint, type Item, numberAttribute } from './attributes.ts';
import type { Change, ItemAccess } from './item-access.ts';

/** That somebody else changes the item between a read and a write so often is no accident any more. */
const ATTEMPTS = 10;

type AccountOperations = Pick<
  LedgerStore,
  | 'openAccount'
  | 'getAccount'
  | 'reserve'
  | 'release'
  | 'changeLimit'
  | 'changeCarried'
  | 'limitAccounts'
  | 'books'
>;

/** The accounts in DynamoDB: each is one item, and each operation one conditional write of it. */
export function createAccountOperations(items: ItemAccess): AccountOperations {
  async function getAccount(id: AccountId): Promise<Account | undefined> {
    const item = await items.get(accountKey(id));
    return item === undefined ? undefined : accountOf(item);
  }

  async function notOpened(id: AccountId): Promise<Reservation | undefined> {
    if (id.kind === 'limit') return { kind: 'missing' };
    await items.create(newAccountItem({ id, carried: 0n }));
    return undefined;
  }

  async function reserve(id: AccountId, callId: string, hold: Hold, limitVersion = 0): Promise<Reservation> {
    const change = reservation(id, callId, hold, limitVersion);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const changed = await items.changeOnce(accountKey(id), change).catch(whenFull);
      if (changed.kind === 'made') return { kind: 'held', ...(await remainingAfter(id, changed.attributes)) };
      const account = changed.old === undefined ? await getAccount(id) : accountOf(changed.old);
      // An item that was read after the refusal may show no reason for it any more: then ask again.
      const reason =
        account === undefined ? await notOpened(id) : notReserved(account, callId, hold.amount, limitVersion);
      if (reason !== undefined) return reason;
    }
    throw new Unavailable('the account is changing too fast to hold money in it');
  }

  /** A hold of nothing leaves what remains as it was: DynamoDB then need not return it. */
  async function remainingAfter(id: AccountId, changed: Item): Promise<Remaining> {
    if (id.kind === 'books') return {};
    if (changed['remaining'] !== undefined) return { remaining: bigint(changed, 'remaining') };
    const account = await getAccount(id);
    return account === undefined ? {} : remainingOf(account);
  }

  return {
    openAccount: (account) => items.create(newAccountItem(account)),
    getAccount,
    reserve,

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
      for await (const item of items.query({ pk: booksPartition(project, day) })) yield accountOf(item);
    },
  };
}

/**
 * One write that holds money or does nothing. The old item, where the condition fails, tells why without a second
 * request. It is sent once: a copy that arrived after the call was settled would hold again, and a copy of the
 * settlement after that would book it again.
 */
function reservation(id: AccountId, callId: string, hold: Hold, limitVersion: number): Change {
  const isFree = 'attribute_exists(pk) AND attribute_not_exists(holds.#call)';
  const books: Change = {
    UpdateExpression: 'SET holds.#call = :hold',
    ConditionExpression: isFree,
    ExpressionAttributeNames: { '#call': callId },
    ExpressionAttributeValues: { ':hold': holdAttribute(hold) },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
  if (id.kind === 'books') return books;
  return {
    ...books,
    UpdateExpression: 'SET holds.#call = :hold, remaining = remaining - :amount',
    ConditionExpression: `${isFree} AND remaining >= :amount AND limitVersion >= :known`,
    ExpressionAttributeValues: {
      ...books.ExpressionAttributeValues,
      ':amount': numberAttribute(hold.amount),
      ':known': numberAttribute(limitVersion),
    },
    ReturnValues: 'UPDATED_NEW',
  };
}

/** One write that replaces a hold of exactly this amount by what is booked, or does nothing. */
function releasing(id: AccountId, callId: string, { held, cost, saved, tally }: Release): Change {
  const counts = tallyEntries(tally).map(([name, count]) => [tallyAttribute(name), count] as const);
  const add = counts.map((_, index) => `#n${index} :n${index}`).join(', ');
  const isLimit = id.kind === 'limit';
  const sums = `spent = spent + :cost, saved = saved + :saved${isLimit ? ', remaining = remaining + :back' : ''}`;
  return {
    UpdateExpression: `REMOVE holds.#call SET ${sums}${add === '' ? '' : ` ADD ${add}`}`,
    ConditionExpression: 'holds.#call.a = :held',
    ExpressionAttributeNames: {
      '#call': callId,
      ...Object.fromEntries(counts.map(([name], index) => [`#n${index}`, name])),
    },
    ExpressionAttributeValues: {
      ':held': numberAttribute(held),
      ':cost': numberAttribute(cost),
      ':saved': numberAttribute(saved),
      ...(isLimit && { ':back': numberAttribute(held - cost) }),
      ...Object.fromEntries(counts.map(([, count], index) => [`:n${index}`, numberAttribute(count)])),
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
}

/**
 * An item takes 400 KB, more than 5,000 holds. A full account is not exhausted: it has room again when calls end.
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
function whenFull(error: unknown): never {
  if (error instanceof Error && error.name === 'ValidationException' && /item size/i.test(error.message))
    throw new Unavailable('the account holds for as many calls as its item has room for', { cause: error });
  throw error;
}
