import type { WorstCase } from '../../shared/core/endpoint.ts';
import { formatUsd, type Picodollars } from '../../shared/core/money.ts';
import type { Refusal } from '../../shared/core/refusal.ts';
import { describeScope } from '../../shared/core/scope.ts';
import type { Admitted, HeldCall } from './call.ts';
import type { ProxyDeps } from './deps.ts';
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
  const worst = worstOf(admitted);
  const needed = cost(worst, leastOutput(worst));
  const { holdWaitMs } = deps.settings;
  const deadline = deps.clock.now() + holdWaitMs;
  let slept = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
    const result = await holdOnce(admitted, deps);
    if ('held' in result) return result;
    const onlyHeld = result.remaining + result.heldByOthers >= needed;
    if (!onlyHeld) return exhausted(result, needed, worst);
    // The clock tells how long the ledger took; what was slept bounds the rounds, whatever the clock does.
    const left = Math.min(deadline - deps.clock.now(), holdWaitMs - slept);
    if (left <= 0) return busy(result, jittered(RETRY_AFTER_MS, deps));
    const nap = Math.min(left, jittered(pause, deps));
    await deps.sleep(nap);
    slept += nap;
  }
}

async function holdOnce(admitted: Admitted, deps: ProxyDeps): Promise<HeldCall | RefusedHold> {
  const worst = worstOf(admitted);
  let output = worst.maxOutputTokens;
  for (let round = 1; ; round++) {
    const request = {
      ...admitted.subject,
      endpoint: admitted.endpoint,
      requestedModel: admitted.requestedModel,
      stream: admitted.stream,
      amount: cost(worst, output),
      limits: admitted.work.kind === 'free' ? [] : admitted.rules.limits,
    };
    const result = await takeHold(request, deps);
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

function worstOf({ work }: Admitted): WorstCase {
  return work.kind === 'metered' ? work.worst : FREE;
}

function cost(worst: WorstCase, outputTokens: number): Picodollars {
  return worst.fixed + worst.perOutputToken * BigInt(outputTokens);
}

function leastOutput(worst: WorstCase): number {
  return worst.explicit ? worst.maxOutputTokens : Math.min(USEFUL_OUTPUT_TOKENS, worst.maxOutputTokens);
}

function affordableOutput(worst: WorstCase, remaining: Picodollars): number {
  if (worst.explicit || worst.perOutputToken === 0n || remaining < worst.fixed) return -1;
  return Number((remaining - worst.fixed) / worst.perOutputToken);
}

function exhausted(refused: RefusedHold, needed: Picodollars, worst: WorstCase): Refusal {
  const { limit, remaining, resetsAt, callId } = refused;
  const left = remaining > 0n ? remaining : 0n;
  const resets = resetsAt === undefined ? 'It does not start again.' : `It starts again at ${iso(resetsAt)}.`;
  return {
    kind: 'refusal',
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message:
      `${describeLimit(refused)} has ${formatUsd(left)} USD left of ${formatUsd(limit.amount)}, ` +
      `and this call may cost ${formatUsd(needed)} USD. ${resets} ${adviceOn(worst, left)}`,
    callId,
    headers: { 'x-should-retry': 'false' },
  };
}

/** What the caller can do about it: asking for less output helps only where the rest is affordable. */
function adviceOn(worst: WorstCase, left: Picodollars): string {
  if (worst.fixed <= left) return 'Ask for less output, or ask an admin to raise it.';
  return (
    `Its input alone, with hosted tools and at the dearest service tier, may cost ${formatUsd(worst.fixed)} USD: ` +
    'send less, name a lower max_tool_calls or service_tier "default", or ask an admin to raise the limit.'
  );
}

/** @param retryMs clients that know only whole seconds wait for one */
function busy(refused: RefusedHold, retryMs: number): Refusal {
  return {
    kind: 'refusal',
    status: 429,
    type: 'rate_limit_exceeded',
    code: 'rate_limit_exceeded',
    message:
      `${describeLimit(refused)} is not spent, but other calls in flight hold what this one needs ` +
      `(${formatUsd(refused.heldByOthers)} USD). Try again when they have ended.`,
    callId: refused.callId,
    headers: { 'retry-after': '1', 'retry-after-ms': String(retryMs) },
  };
}

/** Half as much to one and a half times as much, in whole milliseconds. */
function jittered(milliseconds: number, { random }: Pick<ProxyDeps, 'random'>): number {
  return Math.floor(milliseconds / 2) + (Number.parseInt(random().slice(0, 4), 16) % milliseconds);
}

function describeLimit({ limit }: RefusedHold): string {
  return `The ${limit.period} limit of ${formatUsd(limit.amount)} USD for ${describeScope(limit.scope)}`;
}

function iso(at: number): string {
  return new Date(at).toISOString().replace('.000', '');
}
