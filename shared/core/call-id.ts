const TIME_DIGITS = 12;
const PATTERN = /^call_[0-9a-f]{12}[0-9a-f]{16}$/;

/**
 * Makes the id of a call. It starts with its time, so that ids sort by age and the ledger finds a call's day in
 * its id.
 *
 * @param at milliseconds since the epoch
 * @param random 16 hexadecimal digits that nobody else draws
 */
export function callId(at: number, random: string): string {
  const id = `call_${at.toString(16).padStart(TIME_DIGITS, '0')}${random}`;
  if (!PATTERN.test(id)) throw new RangeError(`not a call id: ${id}`);
  return id;
}

/** When the call with this id began, in milliseconds since the epoch. */
export function callTime(id: string): number {
  if (!PATTERN.test(id)) throw new RangeError(`not a call id: ${id}`);
  return Number.parseInt(id.slice('call_'.length, 'call_'.length + TIME_DIGITS), 16);
}

const SHARD_DIGITS = 8;

/** Which of so many a call falls to, from 0: evenly, and always the same. */
export function callShard(id: string, shards: number): number {
  return Number.parseInt(id.slice(-SHARD_DIGITS), 16) % shards;
}
