import {
  CONTAINER_SIZES,
  type ContainerSize,
  type ContainerUse,
  furtherTime,
  isContainerSize,
} from '../core/containers.ts';
import { Unavailable } from '../ports/ledger-store.ts';
import type { BookedContainer } from '../ports/objects.ts';
import { type Item, numberAttribute, textAttribute } from './attributes.ts';
import type { ItemAccess } from './item-access.ts';

/*
 * The time of a container stands in the item of its owner: up to when it is booked (`bookedUntil`), and the minutes of
 * each call that booked any (`booked`), which are few, since each of them is a minute of a container that lives for hours.
 */

/** Of calls that race for the minutes of a container, one gets them in each round; the others then find them booked. */
const MOST_ROUNDS = 20;

export function sizeOf(item: Item): { readonly size?: ContainerSize } {
  const size = item['size']?.S;
  return isContainerSize(size) ? { size } : {};
}

/** @param key of an owner's item */
export async function enlarge(key: Item, size: ContainerSize, table: ItemAccess): Promise<void> {
  const smaller = CONTAINER_SIZES.slice(0, CONTAINER_SIZES.indexOf(size));
  const values = smaller.map((each, index) => [`:s${index}`, textAttribute(each)] as const);
  const isSmaller = smaller.length === 0 ? '' : ` OR #size IN (${values.map(([name]) => name).join(', ')})`;
  await table.change(key, {
    UpdateExpression: 'SET #size = :size',
    ConditionExpression: `attribute_exists(pk) AND (attribute_not_exists(#size)${isSmaller})`,
    ExpressionAttributeNames: { '#size': 'size' },
    ExpressionAttributeValues: { ':size': textAttribute(size), ...Object.fromEntries(values) },
  });
}

/** @param key of an owner's item */
export async function bookContainer(
  key: Item,
  call: string,
  use: ContainerUse,
  table: ItemAccess,
): Promise<BookedContainer | undefined> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const item = await table.get(key);
    if (item?.['kind']?.S !== 'container') return undefined;
    const before = item['booked']?.M?.[call]?.N;
    if (before !== undefined) return { minutes: Number(before), ...sizeOf(item) };
    const { minutes, bookedUntil } = furtherTime(untilOf(item), use);
    if (minutes === 0 || (await book(key, item, { call, minutes, bookedUntil }, table)))
      return { minutes, ...sizeOf(item) };
  }
  throw new Unavailable('a container is used by too many calls at once');
}

interface Booking {
  readonly call: string;
  readonly minutes: number;
  readonly bookedUntil: number;
}

/** Whether it was made: not, where another call booked since the item was read, or this one in an attempt that was lost. */
async function book(
  key: Item,
  item: Item,
  { call, minutes, bookedUntil }: Booking,
  table: ItemAccess,
): Promise<boolean> {
  const until = untilOf(item);
  const values = { ':until': numberAttribute(bookedUntil), ':minutes': numberAttribute(minutes) };
  const first = {
    UpdateExpression: 'SET bookedUntil = :until, booked = :booked',
    ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(bookedUntil)',
    ExpressionAttributeValues: {
      ':until': values[':until'],
      ':booked': { M: { [call]: values[':minutes'] } },
    },
  };
  const next = {
    UpdateExpression: 'SET bookedUntil = :until, booked.#call = :minutes',
    ConditionExpression: 'bookedUntil = :before',
    ExpressionAttributeNames: { '#call': call },
    ExpressionAttributeValues: { ...values, ':before': numberAttribute(until ?? 0) },
  };
  return (await table.change(key, until === undefined ? first : next)).kind === 'made';
}

function untilOf(item: Item): number | undefined {
  const until = item['bookedUntil']?.N;
  return until === undefined ? undefined : Number(until);
}
