import type { WorstCase } from '../../shared/core/endpoint.ts';
import type { Refused } from '../../shared/core/ledger.ts';
import { formatUsd, type Picodollars } from '../../shared/core/money.ts';
import type { Refusal } from '../../shared/core/refusal.ts';
import { describeScope } from '../../shared/core/scope.ts';
import type { Admitted, HeldCall } from './call.ts';
import type { ProxyDeps } from './deps.ts';
import { newCallId } from './new-call.ts';

/** An answer capped to fewer tokens than this would be of no use: the call is refused instead. */
export const USEFUL_OUTPUT_TOKENS = 256;

/** Each round sees a fresh remainder; other calls that race for it cannot keep this one going round for ever. */
const MAX_CAP_ROUNDS = 4;
const FIRST_WAIT_MS = 100;

const FREE: WorstCase = { fixed: 0n, perOutputToken: 0n, maxOutputTokens: 0, explicit: true };

/**
 * Sets the worst case of a call aside in every limit that binds it. Where the caller named no maximum of output and
 * the model's own is not affordable, the output is capped at what the tightest limit affords. Where only other
 * calls' holds are in the way, waits a bounded moment for them to settle.
 */
export async function hold(admitted: Admitted, deps: ProxyDeps): Promise<HeldCall | Refusal> {
  const deadline = deps.clock.now() + deps.settings.holdWaitMs;
  for (let pause = FIRST_WAIT_MS; ; pause *= 2) {
    const result = await holdOnce(admitted, deps);
    if ('held' in result) return result;
    const worst = worstOf(admitted);
    const needed = cost(worst, leastOutput(worst));
    const onlyHeld = result.remaining + result.heldByOthers >= needed;
    if (!onlyHeld) return exhausted(result, needed);
    const jittered = pause / 2 + (Number.parseInt(deps.random().slice(0, 4), 16) % pause);
    if (deps.clock.now() + jittered > deadline) return busy(result);
    await deps.sleep(jittered);
  }
}

async function holdOnce(admitted: Admitted, deps: ProxyDeps): Promise<HeldCall | Refused> {
  const worst = worstOf(admitted);
  let output = worst.maxOutputTokens;
  for (let round = 1; ; round++) {
    // A fresh id for every attempt: one id never stands for two amounts, whatever arrives late.
    const id = newCallId(deps);
    const result = await deps.ledger.hold({
      id,
      ...admitted.subject,
      endpoint: admitted.endpoint,
      requestedModel: admitted.requestedModel,
      stream: admitted.stream,
      amount: cost(worst, output),
      limits: admitted.work.kind === 'free' ? [] : admitted.rules.limits,
    });
    if (result.kind === 'held') {
      const mustSend = worst.sendMaximum === true || output < worst.maxOutputTokens;
      const capped = mustSend ? { outputCap: output } : {};
      return { ...admitted, id, held: result, ...capped };
    }
    const affordable = affordableOutput(worst, result.remaining);
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

function exhausted(refused: Refused, needed: Picodollars): Refusal {
  const { limit, remaining, resetsAt } = refused;
  const left = remaining > 0n ? remaining : 0n;
  const resets = resetsAt === undefined ? 'It does not start again.' : `It starts again at ${iso(resetsAt)}.`;
  return {
    kind: 'refusal',
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message:
      `${describeLimit(refused)} has ${formatUsd(left)} USD left of ${formatUsd(limit.amount)}, ` +
      `and this call may cost ${formatUsd(needed)} USD. ${resets} Ask for less output, or ask an admin to raise it.`,
    headers: { 'x-should-retry': 'false' },
  };
}

function busy(refused: Refused): Refusal {
  return {
    kind: 'refusal',
    status: 429,
    type: 'rate_limit_exceeded',
    code: 'rate_limit_exceeded',
    message:
      `${describeLimit(refused)} is not spent, but other calls in flight hold what this one needs ` +
      `(${formatUsd(refused.heldByOthers)} USD). Try again when they have ended.`,
    headers: { 'retry-after': '1' },
  };
}

function describeLimit({ limit }: Refused): string {
  return `The ${limit.period} limit of ${formatUsd(limit.amount)} USD for ${describeScope(limit.scope)}`;
}

function iso(at: number): string {
  return new Date(at).toISOString().replace('.000', '');
}
