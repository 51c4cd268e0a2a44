import type { WorstCase } from '../../shared/core/endpoint.ts';
import type { Room } from '../../shared/core/ledger.ts';
import type { Picodollars } from '../../shared/core/money.ts';
import { isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import { refuseUnnamed } from './batch-share.ts';
import type { Admitted, HeldCall } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { busy, exhausted } from './hold-refusals.ts';
import { createLedgerBudget, type LedgerBudget } from './ledger-budget.ts';
import { type RefusedHold, takeHold } from './take-hold.ts';

/** An answer capped to fewer tokens than this would be of no use: the call is refused instead. */
export const USEFUL_OUTPUT_TOKENS = 256;

/** Each round sees a fresh remainder; other calls that race for it cannot keep this one going round for ever. */
const MAX_CAP_ROUNDS = 4;

/** Pauses double from here, so that a call that waits asks the ledger a handful of times, however long it waits. */
const FIRST_PAUSE_MS = 100;

/** About when a client may try again, in milliseconds: spread, so that those refused together do not come back so. */
const RETRY_AFTER_MS = 1_000;

const FREE: WorstCase = { fixed: 0n, perOutputToken: 0n, maxOutputTokens: 0, explicit: true };

/**
 * Sets the worst case of a call aside in every limit that binds it. Where the caller named no maximum of output and
 * the model's own is not affordable, the output is capped at what the tightest limit affords. Where only other
 * calls' holds are in the way, waits a bounded moment for them to settle.
 */
export async function hold(admitted: Admitted, deps: ProxyDeps): Promise<HeldCall | Refusal> {
  const budget = createLedgerBudget(deps.settings.ledgerDeadlineMs, admitted.ledgerMs, deps.clock);
  const unnamed = await refuseUnnamed(admitted, budget, deps);
  if (unnamed !== undefined) return unnamed;
  const result = await holdOnce(admitted, worstOf(admitted).maxOutputTokens, budget, deps);
  if (isRefusal(result) || 'held' in result) return result;
  return waitForRoom(admitted, result, budget, deps);
}

/**
 * Looks, at spread times, whether the limits that refused a call have room for it by now, and only then takes the hold
 * again: a look is a read, and a hold that is refused is a handful of writes. Refuses at once what no waiting helps.
 */
async function waitForRoom(
  admitted: Admitted,
  first: RefusedHold,
  budget: LedgerBudget,
  deps: ProxyDeps,
): Promise<HeldCall | Refusal> {
  const worst = worstOf(admitted);
  const needed = cost(worst, leastOutput(worst));
  const { holdWaitMs } = deps.settings;
  const deadline = deps.clock.now() + holdWaitMs;
  let slept = 0;
  let refused = first;
  let room: Room = first;
  for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
    const onlyHeld = room.remaining + room.heldByOthers >= needed;
    if (!onlyHeld) return exhausted(room, refused.callId, needed, worst);
    // The clock tells how long the ledger took; what was slept bounds the rounds, whatever the clock does.
    const left = Math.min(deadline - deps.clock.now(), holdWaitMs - slept);
    if (left <= 0) return busy(room, refused.callId, jittered(RETRY_AFTER_MS, deps));
    const nap = Math.min(left, jittered(pause, deps));
    await deps.sleep(nap);
    slept += nap;
    const { refusing } = refused;
    room = await budget.spend(({ holding }) => deps.ledger.room(refusing, holding));
    if (room.affordable < needed) continue;
    const result = await holdOnce(admitted, mostOutput(worst, room.affordable), budget, deps);
    if (isRefusal(result) || 'held' in result) return result;
    refused = result;
    room = result;
  }
}

/** @param most the output to begin with, in tokens */
async function holdOnce(
  admitted: Admitted,
  most: number,
  budget: LedgerBudget,
  deps: ProxyDeps,
): Promise<HeldCall | RefusedHold | Refusal> {
  const worst = worstOf(admitted);
  let output = most;
  for (let round = 1; ; round++) {
    const request = {
      ...admitted.subject,
      endpoint: admitted.endpoint,
      requestedModel: admitted.requestedModel,
      stream: admitted.stream,
      amount: cost(worst, output),
      limits: isUnbilled(admitted) ? [] : admitted.rules.limits,
      deferred: goesOn(admitted),
    };
    const result = await takeHold(request, budget, deps);
    if (isRefusal(result)) return result;
    if (result.kind === 'held') {
      const mustSend = worst.sendMaximum === true || output < worst.maxOutputTokens;
      const capped = mustSend ? { outputCap: output } : {};
      return { ...admitted, id: result.call.id, held: result, ...capped };
    }
    const affordable = affordableOutput(worst, result.affordable);
    if (affordable < leastOutput(worst) || round === MAX_CAP_ROUNDS) return result;
    output = Math.min(output, affordable);
  }
}

/** Whether OpenAI goes on working on it after it has answered. */
function goesOn({ work }: Admitted): boolean {
  return work.kind === 'metered' && work.rules.goesOn?.(work.body) === true;
}

function worstOf({ work }: Admitted): WorstCase {
  return (work.kind === 'metered' ? work.worst : work.rent?.worst) ?? FREE;
}

function isUnbilled({ work }: Admitted): boolean {
  return work.kind === 'free' && work.rent === undefined;
}

function cost(worst: WorstCase, outputTokens: number): Picodollars {
  return worst.fixed + worst.perOutputToken * BigInt(outputTokens);
}

function leastOutput(worst: WorstCase): number {
  return worst.explicit ? worst.maxOutputTokens : Math.min(USEFUL_OUTPUT_TOKENS, worst.maxOutputTokens);
}

/** The most that may be put out where so much remains for the whole call: all of it, where the caller named it. */
function mostOutput(worst: WorstCase, remaining: Picodollars): number {
  const affordable = affordableOutput(worst, remaining);
  return affordable < 0 ? worst.maxOutputTokens : Math.min(worst.maxOutputTokens, affordable);
}

function affordableOutput(worst: WorstCase, remaining: Picodollars): number {
  if (worst.explicit || worst.perOutputToken === 0n || remaining < worst.fixed) return -1;
  return Number((remaining - worst.fixed) / worst.perOutputToken);
}

/** Half as much to one and a half times as much, in whole milliseconds. */
function jittered(milliseconds: number, { random }: Pick<ProxyDeps, 'random'>): number {
  return Math.floor(milliseconds / 2) + (Number.parseInt(random().slice(0, 4), 16) % milliseconds);
}
