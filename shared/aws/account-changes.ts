import type { AccountId, Hold } from '../core/ledger.ts';
import { tallyEntries } from '../core/ledger-rules.ts';
import type { Lending, Receipt, Transfer } from '../core/shards.ts';
import type { Release } from '../ports/ledger-store.ts';
import { lentAttributes, tallyAttribute } from './account-items.ts';
import { type Item, numberAttribute } from './attributes.ts';
import { holdAttribute, holdName } from './hold-markers.ts';
import type { Change } from './item-access.ts';

/**
 * One write that holds money or does nothing. The old item, where the condition fails, tells why without a second
 * request. It is sent once: a copy that arrived after the call was settled would hold again, and a copy of the
 * settlement after that would book it again.
 */
export function reservation(
  id: AccountId,
  callId: string,
  hold: Hold,
  limitVersion: number,
  receipt?: Receipt,
  most?: number,
  anyway = false,
): Change {
  const isFree = `attribute_exists(pk) AND attribute_not_exists(holds.#call)${most === undefined ? '' : ' AND size(holds) < :most'}`;
  const books: Change = {
    UpdateExpression: 'SET holds.#call = :hold',
    ConditionExpression: isFree,
    ExpressionAttributeNames: { '#call': holdName(callId) },
    ExpressionAttributeValues: {
      ':hold': holdAttribute(id, callId, hold),
      ...(most !== undefined && { ':most': numberAttribute(most) }),
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
  if (id.kind !== 'limit') return books;
  const fits = anyway ? '' : ' AND remaining >= :amount';
  return {
    ...books,
    UpdateExpression: `SET holds.#call = :hold, remaining = remaining - :amount${receipt === undefined ? '' : ', received = received + :received'}`,
    ConditionExpression: `${isFree}${fits} AND limitVersion >= :known${receipt === undefined ? '' : ' AND received = :seen'}`,
    ExpressionAttributeValues: {
      ...books.ExpressionAttributeValues,
      ':amount': numberAttribute(hold.amount - (receipt?.received ?? 0n)),
      ':known': numberAttribute(limitVersion),
      ...(receipt !== undefined && {
        ':received': numberAttribute(receipt.received),
        ':seen': numberAttribute(receipt.seen),
      }),
    },
    ReturnValues: 'UPDATED_NEW',
  };
}

/** One write that replaces a hold of exactly this amount by what is booked, or does nothing. */
export function releasing(id: AccountId, callId: string, { held, cost, saved, tally }: Release): Change {
  const counts = tallyEntries(tally).map(([name, count]) => [tallyAttribute(name), count] as const);
  const add = counts.map((_, index) => `#n${index} :n${index}`).join(', ');
  const back = backTo(id, held - cost);
  const sums = `spent = spent + :cost, saved = saved + :saved${back === undefined ? '' : `, ${back} = ${back} + :back`}`;
  return {
    UpdateExpression: `REMOVE holds.#call SET ${sums}${add === '' ? '' : ` ADD ${add}`}`,
    ConditionExpression: 'holds.#call.a = :held',
    ExpressionAttributeNames: {
      '#call': holdName(callId),
      ...Object.fromEntries(counts.map(([name], index) => [`#n${index}`, name])),
    },
    ExpressionAttributeValues: {
      ':held': numberAttribute(held),
      ':cost': numberAttribute(cost),
      ':saved': numberAttribute(saved),
      ...(back !== undefined && { ':back': numberAttribute(held - cost) }),
      ...Object.fromEntries(counts.map(([, count], index) => [`:n${index}`, numberAttribute(count)])),
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
}

/** Where the difference goes. What a shard gets back only its account may spend again: the limit may be lower by now. */
function backTo(id: AccountId, amount: bigint): 'remaining' | 'returned' | undefined {
  if (id.kind !== 'limit') return undefined;
  return id.shard !== undefined && amount > 0n ? 'returned' : 'remaining';
}

/** One write that moves money between an account and its shards, or does nothing. */
export function transferring(transfer: Transfer): Change {
  switch (transfer.kind) {
    case 'split':
      return {
        UpdateExpression: 'SET shards = :shards',
        ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(shards) OR shards < :shards)',
        ExpressionAttributeValues: { ':shards': numberAttribute(transfer.shards) },
      };
    case 'lend':
      return lending(transfer.shards, transfer.atLeast);
    case 'flow': {
      const { seen, received, returned, atLeast, version } = transfer;
      const follows = version !== undefined;
      return {
        UpdateExpression:
          'SET received = received + :received, returned = returned + :returned, ' +
          `remaining = remaining + :net${follows ? ', limitVersion = :version' : ''}`,
        ConditionExpression: `received = :seen${atLeast === undefined ? '' : ' AND remaining >= :least'}${follows ? ' AND limitVersion <= :version' : ''}`,
        ExpressionAttributeValues: {
          ':seen': numberAttribute(seen),
          ':received': numberAttribute(received),
          ':returned': numberAttribute(returned),
          ':net': numberAttribute(received - returned),
          ...(atLeast !== undefined && { ':least': numberAttribute(atLeast) }),
          ...(follows && { ':version': numberAttribute(version) }),
        },
      };
    }
  }
}

function lending(shards: readonly Lending[], atLeast: bigint | undefined): Change {
  const conditions = ['attribute_exists(pk)'];
  const added: string[] = [];
  const values: Item = {};
  let back = 0n;
  for (const { shard, seen, granted, collected } of shards) {
    const names = lentAttributes(shard);
    for (const [name, before, more] of [
      [names.granted, seen.granted, granted],
      [names.collected, seen.collected, collected],
    ] as const) {
      // An attribute that is not there yet counts as 0, for the condition and for ADD.
      conditions.push(before === 0n ? `attribute_not_exists(${name})` : `${name} = :${name}`);
      if (before !== 0n) values[`:${name}`] = numberAttribute(before);
      if (more === 0n) continue;
      added.push(`${name} :more_${name}`);
      values[`:more_${name}`] = numberAttribute(more);
    }
    back += collected - granted;
  }
  if (atLeast !== undefined) {
    conditions.push('remaining >= :least');
    values[':least'] = numberAttribute(atLeast);
  }
  return {
    UpdateExpression: `SET remaining = remaining + :back${added.length === 0 ? '' : ` ADD ${added.join(', ')}`}`,
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeValues: { ...values, ':back': numberAttribute(back) },
  };
}
