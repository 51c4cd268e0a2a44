import type { WorstCase } from '../../shared/core/endpoint.ts';
import type { Crowded, Room } from '../../shared/core/ledger.ts';
import { formatUsd, type Picodollars } from '../../shared/core/money.ts';
import { REFUSAL, type Refusal } from '../../shared/core/refusal.ts';
import { describeScope } from '../../shared/core/scope.ts';

/** What OpenAI works on for hours does not end in a moment. */
const DEFERRED_SECONDS = 20;

/**
 * A limit has too little left for good: the SDKs do not try again.
 *
 * @param callId the entry that tells of the refusal
 * @param needed the least that the call may cost
 */
export function exhausted(room: Room, callId: string, needed: Picodollars, worst: WorstCase): Refusal {
  const { limit, remaining, resetsAt } = room;
  const left = remaining > 0n ? remaining : 0n;
  const resets = resetsAt === undefined ? 'It does not start again.' : `It starts again at ${iso(resetsAt)}.`;
  return {
    kind: REFUSAL,
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message:
      `${describeLimit(room)} has ${formatUsd(left)} USD left of ${formatUsd(limit.amount)}, ` +
      `and this call may cost ${formatUsd(needed)} USD. ${resets} ${adviceOn(worst, left)}`,
    callId,
    headers: { 'x-should-retry': 'false' },
  };
}

/**
 * Only calls in flight are in the way: the SDKs try again by themselves.
 *
 * @param callId the entry that tells of the refusal
 * @param retryMs when to try again, in milliseconds; clients that know only whole seconds wait for one
 */
export function busy(room: Room, callId: string, retryMs: number): Refusal {
  return {
    kind: REFUSAL,
    status: 429,
    type: 'rate_limit_exceeded',
    code: 'rate_limit_exceeded',
    message:
      `${describeLimit(room)} is not spent, but other calls in flight hold what this one needs ` +
      `(${formatUsd(room.heldByOthers)} USD). Try again when they have ended.`,
    callId,
    headers: { 'retry-after': '1', 'retry-after-ms': String(retryMs) },
  };
}

/** A project has as many calls open as it may: what they hold in limits that others share is bounded so. */
export function crowded({ which, most }: Crowded, project: string): Refusal {
  const [what, setting, seconds] =
    which === 'open'
      ? ['calls in flight', 'OPEN_CALLS_PER_PROJECT', 1]
      : [
          'background responses and batches that have not ended',
          'DEFERRED_CALLS_PER_PROJECT',
          DEFERRED_SECONDS,
        ];
  return {
    kind: REFUSAL,
    status: 429,
    type: 'rate_limit_exceeded',
    code: 'rate_limit_exceeded',
    message:
      `Project ${project} has ${most} ${what}, as many as it may have at once. Try again when one of them has ended, or ` +
      `ask an admin to raise ${setting}.`,
    headers: { 'retry-after': String(seconds) },
  };
}

/** What the caller can do about it: asking for less output helps only where the rest is affordable. */
function adviceOn(worst: WorstCase, left: Picodollars): string {
  if (worst.advice !== undefined) return worst.advice;
  if (worst.fixed <= left) return 'Ask for less output, or ask an admin to raise it.';
  const ways = ['send less', ...(worst.levers ?? []), 'or ask an admin to raise the limit'];
  return `All but its output may cost ${formatUsd(worst.fixed)} USD: ${ways.join(', ')}.`;
}

function describeLimit({ limit }: Room): string {
  return `The ${limit.period} limit of ${formatUsd(limit.amount)} USD for ${describeScope(limit.scope)}`;
}

function iso(at: number): string {
  return new Date(at).toISOString().replace('.000', '');
}
