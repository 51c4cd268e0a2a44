import type { CallEntry, CallRef, Outcome } from '../core/ledger.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { type Item, numberAttribute, text } from './attributes.ts';
import {
  callItem,
  callKey,
  callOf,
  callsPartitions,
  correctionAttribute,
  deferredAttribute,
  listedAt,
  OPEN_LISTINGS,
  openOrder,
  outcomeAttribute,
} from './call-items.ts';
import type { Change, ItemAccess } from './item-access.ts';
import { mergeSorted } from './merge-sorted.ts';
import { TTL_ATTRIBUTE } from './table.ts';

const DAY_SECONDS = 86_400;
/** A void books nothing, so nothing is lost with it. */
const VOID_RETENTION_DAYS = 1;

type CallOperations = Pick<
  LedgerStore,
  'putCall' | 'getCall' | 'decideCall' | 'deferCall' | 'closeCall' | 'correctCall' | 'expiredCalls' | 'calls'
>;

/** The entries in DynamoDB: an item each, listed in the index until it is closed. */
export function createCallOperations(items: ItemAccess, retentionDays: number): CallOperations {
  return {
    putCall: (call) => items.create({ ...callItem(call), ...ttl(call.outcome) }),

    async getCall(ref) {
      const item = await items.get(callKey(ref));
      return item === undefined ? undefined : callOf(item);
    },

    async decideCall(ref, outcome) {
      return changeIf(ref, {
        UpdateExpression: 'SET #state = :decided, #outcome = :outcome, #ttl = :ttl',
        ConditionExpression: '#state = :open',
        ExpressionAttributeNames: { '#state': 'state', '#outcome': 'outcome', '#ttl': TTL_ATTRIBUTE },
        ExpressionAttributeValues: {
          ':open': { S: 'open' },
          ':decided': { S: 'decided' },
          ':outcome': outcomeAttribute(outcome),
          ':ttl': ttlAttribute(outcome),
        },
      });
    },

    async deferCall(ref, deferred, expiresAt) {
      return changeIf(ref, {
        UpdateExpression:
          'SET #deferred = if_not_exists(#deferred, :deferred), #expiresAt = :at, lookupSk = :listed',
        ConditionExpression: '#state = :open AND (attribute_not_exists(#deferred) OR #expiresAt < :at)',
        ExpressionAttributeNames: { '#state': 'state', '#deferred': 'deferred', '#expiresAt': 'expiresAt' },
        ExpressionAttributeValues: {
          ':open': { S: 'open' },
          ':deferred': deferredAttribute(deferred),
          ':at': numberAttribute(expiresAt),
          ':listed': listedAt(ref, expiresAt),
        },
      });
    },

    async closeCall(ref) {
      await items.change(callKey(ref), {
        UpdateExpression: 'SET #state = :closed REMOVE lookupPk, lookupSk',
        ConditionExpression: '#state = :decided',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':decided': { S: 'decided' }, ':closed': { S: 'closed' } },
      });
    },

    async correctCall(ref, correction) {
      return changeIf(ref, {
        UpdateExpression: 'SET #correction = :correction',
        ConditionExpression: '#state = :closed AND attribute_not_exists(#correction)',
        ExpressionAttributeNames: { '#state': 'state', '#correction': 'correction' },
        ExpressionAttributeValues: {
          ':closed': { S: 'closed' },
          ':correction': correctionAttribute(correction),
        },
      });
    },

    async *expiredCalls(before) {
      const lists = OPEN_LISTINGS.map((listing) => openCalls(items, listing, before));
      yield* mergeSorted(lists, (a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1));
    },

    async *calls(project, day, and) {
      const partitions = callsPartitions(project, day);
      const lists = partitions.map((pk) => items.query({ pk, newestFirst: true }));
      for await (const item of mergeSorted(lists, newestFirst)) {
        const entry = callOf(item);
        if (and === 'corrections' || entry.corrects === undefined) yield entry;
      }
    },
  };

  /** Changes an entry if its condition holds; returns it as it then stands. */
  async function changeIf(ref: CallRef, change: Change): Promise<CallEntry | undefined> {
    const changed = await items.change(callKey(ref), {
      ...change,
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    const item =
      changed.kind === 'made' ? changed.attributes : (changed.old ?? (await items.get(callKey(ref))));
    return item === undefined ? undefined : callOf(item);
  }

  function ttl(outcome: Outcome | undefined): Item {
    return outcome === undefined ? {} : { [TTL_ATTRIBUTE]: ttlAttribute(outcome) };
  }

  /** Known when the outcome is: from then on the entry is history, whatever still has to be booked. */
  function ttlAttribute({ state, decidedAt }: Outcome) {
    const days = state === 'void' ? VOID_RETENTION_DAYS : retentionDays;
    return numberAttribute(Math.ceil(decidedAt / 1000) + days * DAY_SECONDS);
  }
}

function newestFirst(a: Item, b: Item): number {
  return text(a, 'sk') < text(b, 'sk') ? 1 : -1;
}

/** The index lags behind: what it still lists may be closed, or put off, by now. */
async function* openCalls(items: ItemAccess, listing: string, before: number): AsyncIterable<CallEntry> {
  for await (const item of items.listed(listing, openOrder(before))) {
    const call = callOf(item);
    if (call.state !== 'closed' && call.expiresAt < before) yield call;
  }
}
