import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { callShard, callTime } from '../core/call-id.ts';
import type { CallEntry, CallRef, Correction, Deferred, Outcome, Untold } from '../core/ledger.ts';
import { periodKey } from '../core/period.ts';
import { accountIdAttributes, accountIdOf, tallyAttributes, tallyOf } from './account-items.ts';
import {
  bigint,
  type Item,
  itemOf,
  map,
  number,
  numberAttribute,
  optional,
  text,
  textAttribute,
} from './attributes.ts';
import { key } from './table.ts';

/**
 * Every call enters and leaves the index's list of open calls: two writes, all at the same end of it. One partition
 * takes about 1,000 a second, so the list is kept in several.
 */
const OPEN_SHARDS = 8;
/** So is a project's day: a call takes about five write units there, all at the newest end (docs/scale.md). */
const DAY_SHARDS = 8;
const TIME_DIGITS = 16;

const STATES = ['open', 'decided', 'closed'] as const;
const DEFERRED = ['response', 'chat_completion', 'batch'] as const;
const OUTCOMES = ['settled', 'unsettled', 'void', 'correction'] as const;

/** The key of a call's entry: the calls of a project on a UTC day lie in a few partitions, in the order of their ids. */
export function callKey({ id, project }: CallRef): Item {
  return itemOf({
    pk: textAttribute(callsPartition(project, periodKey('day', callTime(id)), callShard(id, DAY_SHARDS))),
    sk: textAttribute(id),
  });
}

function callsPartition(project: string, day: string, shard: number): string {
  return key('calls', project, day, String(shard));
}

/** All partitions of a project's day. */
export function callsPartitions(project: string, day: string): string[] {
  return Array.from({ length: DAY_SHARDS }, (_, shard) => callsPartition(project, day, shard));
}

/** Every list in which the index keeps open calls, by expiry. */
export const OPEN_LISTINGS: readonly string[] = Array.from({ length: OPEN_SHARDS }, (_, shard) =>
  key('open', String(shard)),
);

function openListing(callId: string): string {
  return key('open', String(callShard(callId, OPEN_SHARDS)));
}

/** Sorts like the time, in milliseconds since the epoch. */
export function openOrder(at: number): string {
  return String(at).padStart(TIME_DIGITS, '0');
}

/** Where the index lists an open call that is to be seen to from this instant on. */
export function listedAt({ id }: CallRef, expiresAt: number): AttributeValue {
  return textAttribute(`${openOrder(expiresAt)}#${id}`);
}

/** An open call's entry, which the index lists by its expiry. */
export function callItem(call: CallEntry): Item {
  return itemOf({
    ...callKey(call),
    lookupPk: textAttribute(openListing(call.id)),
    lookupSk: listedAt(call, call.expiresAt),
    state: textAttribute(call.state),
    user: textAttribute(call.user),
    project: textAttribute(call.project),
    model: textAttribute(call.model),
    endpoint: textAttribute(call.endpoint),
    requestedModel: textAttribute(call.requestedModel),
    stream: { BOOL: call.stream },
    held: numberAttribute(call.held),
    expiresAt: numberAttribute(call.expiresAt),
    accounts: { L: call.accounts.map((id) => ({ M: accountIdAttributes(id) })) },
    deferred: optional(call.deferred, deferredAttribute),
    outcome: optional(call.outcome, outcomeAttribute),
    corrects: optional(call.corrects, correctsAttribute),
  });
}

/** Reads a call's entry. Throws when it is none. */
export function callOf(item: Item): CallEntry {
  const outcome = item['outcome']?.M;
  const deferred = item['deferred']?.M;
  const correction = item['correction']?.M;
  const corrects = item['corrects']?.M;
  return {
    id: text(item, 'sk'),
    user: text(item, 'user'),
    project: text(item, 'project'),
    model: text(item, 'model'),
    endpoint: text(item, 'endpoint'),
    requestedModel: text(item, 'requestedModel'),
    stream: item['stream']?.BOOL === true,
    held: bigint(item, 'held'),
    expiresAt: number(item, 'expiresAt'),
    accounts: (item['accounts']?.L ?? []).map((id) => accountIdOf(id.M ?? {})),
    state: oneOf(STATES, text(item, 'state')),
    ...(deferred !== undefined && { deferred: deferredOf(deferred) }),
    ...(outcome !== undefined && { outcome: outcomeOf(outcome) }),
    ...(correction !== undefined && {
      correction: { ...correctionOf(correction), entry: text(correction, 'entry') },
    }),
    ...(corrects !== undefined && {
      corrects: {
        ...correctionOf(corrects),
        call: text(corrects, 'call'),
        difference: bigint(corrects, 'difference'),
      },
    }),
  };
}

/** What a call cost in the end, as one attribute, so that it is corrected by a single write. */
export function correctionAttribute({ entry, ...correction }: NonNullable<CallEntry['correction']>) {
  return { M: { ...correctionItem(correction), entry: textAttribute(entry) } };
}

function correctsAttribute({ call, difference, ...correction }: NonNullable<CallEntry['corrects']>) {
  const M = {
    ...correctionItem(correction),
    call: textAttribute(call),
    difference: numberAttribute(difference),
  };
  return { M };
}

function correctionItem({ cost, reason, by, at }: Correction): Item {
  return itemOf({
    cost: numberAttribute(cost),
    reason: textAttribute(reason),
    by: optional(by, textAttribute),
    at: numberAttribute(at),
  });
}

function correctionOf(item: Item): Correction {
  return {
    cost: bigint(item, 'cost'),
    reason: text(item, 'reason'),
    ...(item['by'] !== undefined && { by: text(item, 'by') }),
    at: number(item, 'at'),
  };
}

/** What tells the cost of a call later, as one attribute. */
export function deferredAttribute({ kind, object, untold }: Deferred) {
  const M = itemOf({
    kind: textAttribute(kind),
    object: textAttribute(object),
    untold: optional(untold, untoldAttribute),
  });
  return { M };
}

function untoldAttribute({ cost, flags, status }: Untold) {
  const M = itemOf({
    cost: numberAttribute(cost),
    flags: { L: flags.map(textAttribute) },
    status: numberAttribute(status),
  });
  return { M };
}

function deferredOf(item: Item): Deferred {
  const untold = item['untold']?.M;
  return {
    kind: oneOf(DEFERRED, text(item, 'kind')),
    object: text(item, 'object'),
    ...(untold !== undefined && {
      untold: { cost: bigint(untold, 'cost'), flags: flagsOf(untold), status: number(untold, 'status') },
    }),
  };
}

function flagsOf(item: Item): string[] {
  return (item['flags']?.L ?? []).flatMap((flag) => flag.S ?? []);
}

/** An outcome as one attribute, so that a call is decided by a single write. */
export function outcomeAttribute(outcome: Outcome) {
  const M = itemOf({
    state: textAttribute(outcome.state),
    cost: numberAttribute(outcome.cost),
    saved: numberAttribute(outcome.saved),
    tally: { M: tallyAttributes(outcome.tally) },
    flags: { L: outcome.flags.map(textAttribute) },
    servedModel: optional(outcome.servedModel, textAttribute),
    serviceTier: optional(outcome.serviceTier, textAttribute),
    status: optional(outcome.status, numberAttribute),
    decidedAt: numberAttribute(outcome.decidedAt),
    decidedBy: optional(outcome.decidedBy, textAttribute),
  });
  return { M };
}

function outcomeOf(item: Item): Outcome {
  return {
    state: oneOf(OUTCOMES, text(item, 'state')),
    cost: bigint(item, 'cost'),
    saved: bigint(item, 'saved'),
    tally: tallyOf(map(item, 'tally')),
    flags: flagsOf(item),
    ...(item['servedModel'] !== undefined && { servedModel: text(item, 'servedModel') }),
    ...(item['serviceTier'] !== undefined && { serviceTier: text(item, 'serviceTier') }),
    ...(item['status'] !== undefined && { status: number(item, 'status') }),
    decidedAt: number(item, 'decidedAt'),
    ...(item['decidedBy'] !== undefined && { decidedBy: text(item, 'decidedBy') }),
  };
}

function oneOf<T extends string>(known: readonly T[], value: string): T {
  const found = known.find((name) => name === value);
  if (found === undefined) throw new Error(`no such state: ${value}`);
  return found;
}
