import {
  CONTAINER_IDLE_MINUTES,
  CONTAINER_SIZES,
  CONTAINER_UNITS,
  type ContainerSize,
  DEFAULT_SIZE,
  isContainerSize,
  LARGEST_SIZE,
  MAX_CONTAINER_MINUTES,
} from '../containers.ts';
import type { WorstCase } from '../endpoint.ts';
import { isObject, type JsonObject } from '../json.ts';
import { textOf } from '../json-members.ts';
import type { Picodollars } from '../money.ts';
import type { Rates } from '../price.ts';
import { rateOf } from '../rates.ts';
import type { Refusal } from '../refusal.ts';
import { firstRefusal, isGiven, refuseMember, refuseUnmetered, texts } from '../request-checks.ts';
import { arrays } from '../request-shapes.ts';
import type { Served } from '../usage.ts';
import { knownMembers } from './request-members.ts';

/*
 * What a container costs by itself: making one begins a session, and any operation on it keeps it alive for another 20
 * minutes ("Code interpreter" guide, "Expiration").
 */

/** Refuses a container whose time cannot be bounded. */
export function checkContainer(body: JsonObject): Refusal | undefined {
  return firstRefusal(body, [
    knownMembers('containers'),
    texts('name'),
    arrays('file_ids', 'skills'),
    ({ memory_limit: memory }) =>
      memory === undefined || memory === null || isContainerSize(memory)
        ? undefined
        : refuseMember('memory_limit', `memory_limit must be ${CONTAINER_SIZES.join(', ')}.`),
    expiresSoon,
  ]);
}

/** A file is added by its id, or as the one part of a form. */
export function checkContainerFile(body: JsonObject): Refusal | undefined {
  return firstRefusal(body, [knownMembers('containerFiles'), texts('file_id')]);
}

function expiresSoon(body: JsonObject): Refusal | undefined {
  if (!isGiven(body, 'expires_after')) return undefined;
  const after = body['expires_after'];
  const minutes = isObject(after) ? after['minutes'] : undefined;
  const fits =
    Number.isSafeInteger(minutes) && Number(minutes) >= 1 && Number(minutes) <= CONTAINER_IDLE_MINUTES;
  return fits
    ? undefined
    : refuseUnmetered(
        'expires_after.minutes',
        `expires_after.minutes must be from 1 to ${CONTAINER_IDLE_MINUTES}: for that long a container is billed.`,
      );
}

/** The size that a request makes a container with. */
export function sizeAsked({ memory_limit: memory }: JsonObject): ContainerSize {
  return isContainerSize(memory) ? memory : DEFAULT_SIZE;
}

/** The most that one operation on a container can cost. */
export function rentOf(size: ContainerSize | undefined, rates: Rates): WorstCase {
  const { rate } = rateOf(rates, CONTAINER_UNITS[size ?? LARGEST_SIZE]);
  const fixed: Picodollars = BigInt(MAX_CONTAINER_MINUTES) * rate;
  return {
    fixed,
    perOutputToken: 0n,
    maxOutputTokens: 0,
    explicit: true,
    advice: 'A container is billed until nobody has used it for 20 minutes. Ask an admin to raise the limit.',
  };
}

/**
 * What a good answer to such an operation is billed: the time of its container. One that has expired is only looked at.
 *
 * @param named the id in the request's path; absent where the answer says which one was made
 */
export function rented(
  answer: JsonObject | undefined,
  named: string | undefined,
  size: ContainerSize,
): Served {
  const id = named ?? textOf(answer?.['id']);
  const hasExpired =
    named !== undefined && (answer?.['status'] === 'expired' || answer?.['status'] === 'deleted');
  if (id === undefined || hasExpired) return { counts: {} };
  const unit = CONTAINER_UNITS[size];
  return { counts: { [unit]: CONTAINER_IDLE_MINUTES }, containers: [{ id, unit }] };
}
