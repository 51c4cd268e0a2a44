import { mayAppear } from '../core/deferred.ts';
import type { MeteredEndpoint } from '../core/endpoint.ts';
import { chatCompletions } from '../core/endpoints/chat-completions.ts';
import { isFinalResponse } from '../core/endpoints/response-meter.ts';
import { responses } from '../core/endpoints/responses.ts';
import { readsOf, servedIn } from '../core/failure.ts';
import type { JsonObject } from '../core/json.ts';
import type { CallEntry, Deferred, Outcome } from '../core/ledger.ts';
import { toldOutcome, untoldOutcome } from '../core/told-outcome.ts';
import type { Truth } from '../ledger/ledger.ts';
import { askFor } from './ask.ts';
import { batchOutcome } from './batch-truth.ts';
import { withLaterTime } from './later-time.ts';
import type { TruthParts } from './truth-parts.ts';

const ANSWER_TIMEOUT_MS = 60_000;

/** An answer that OpenAI keeps: where it is asked for, by which rules it is read, and whether it has ended. */
interface KeptAnswer {
  readonly path: string;
  readonly rules: MeteredEndpoint;
  readonly hasEnded: (answer: JsonObject) => boolean;
}

const KEPT: Readonly<Record<Exclude<Deferred['kind'], 'batch'>, KeptAnswer>> = {
  response: { path: '/responses', rules: responses, hasEnded: isFinalResponse },
  chat_completion: { path: '/chat/completions', rules: chatCompletions, hasEnded: () => true },
};

/** Asks OpenAI what became of what it made for a call. */
export function createTruth(parts: TruthParts): Truth {
  return (call, { kind, object }) =>
    kind === 'batch' ? batchOutcome(call, object, parts) : answerOutcome(call, object, KEPT[kind], parts);
}

/**
 * The outcome of an answer that has ended. One that ended without a usage (as cancelled and failed responses may), and one
 * that is gone, may have been billed all the same.
 */
async function answerOutcome(
  call: CallEntry,
  id: string,
  { path, rules, hasEnded }: KeptAnswer,
  parts: TruthParts,
): Promise<Outcome | undefined> {
  const { upstream, prices, clock } = parts;
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const asked = await askFor(upstream, `${path}/${encodeURIComponent(id)}`, readsOf(rules), signal);
  if (asked.kind === 'unknown') return undefined;
  if (asked.kind === 'gone')
    return mayAppear(call, clock.now()) ? undefined : untoldOutcome(call, 'no_usage', clock.now());
  if (!hasEnded(asked.found)) return undefined;
  const served = servedIn(rules, asked.found, {});
  if (served === undefined) return untoldOutcome(call, 'no_usage', clock.now());
  const timed = await withLaterTime(call, id, served, parts);
  return toldOutcome(call, timed, await prices.current(), clock.now());
}
