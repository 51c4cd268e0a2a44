import { callTime } from './call-id.ts';
import type { CallEntry, Deferred } from './ledger.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How soon a look may follow on another: what is young is looked at often, what is old now and then. */
const SHORTEST_MS = MINUTE_MS;
const LONGEST_MS = 10 * MINUTE_MS;

/**
 * For how long the truth is asked for, from the call on. A response ends within hours; a batch within its completion
 * window of 24 hours, after which OpenAI may still be at work on what it began.
 */
const PATIENCE_MS: Readonly<Record<Deferred['kind'], number>> = {
  chat_completion: 48 * HOUR_MS,
  response: 48 * HOUR_MS,
  batch: 72 * HOUR_MS,
};

/**
 * When a call whose cost is told later is looked at next: after half of the time that it has taken until now, between
 * one minute and ten.
 *
 * @param now milliseconds since the epoch, as the result
 */
export function nextLook({ id }: Pick<CallEntry, 'id'>, now: number): number {
  const taken = Math.max(0, now - callTime(id));
  return now + Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Math.floor(taken / 2)));
}

/**
 * For how long what broke off may not be there yet, from the call on: OpenAI may keep an answer only when it has ended, and
 * some take most of an hour.
 */
const UNKEPT_MS = HOUR_MS;

/** Whether what OpenAI does not have may come to be there: an answer that broke off here, and may go on there. */
export function mayAppear({ id, deferred }: Pick<CallEntry, 'id' | 'deferred'>, now: number): boolean {
  return deferred?.untold !== undefined && now - callTime(id) < UNKEPT_MS;
}

/** Whether a call was waited for in vain: its hold is booked. */
export function isGivenUp({ id }: Pick<CallEntry, 'id'>, { kind }: Deferred, now: number): boolean {
  return now - callTime(id) > PATIENCE_MS[kind];
}
