import { isFinalResponse, RESPONSE_READS, servedResponse } from '../core/endpoints/response-meter.ts';
import type { CallEntry, Outcome } from '../core/ledger.ts';
import { toldOutcome, untoldOutcome } from '../core/told-outcome.ts';
import type { Truth } from '../ledger/ledger.ts';
import { askFor } from './ask.ts';
import { batchOutcome } from './batch-truth.ts';
import type { TruthParts } from './truth-parts.ts';

const RESPONSE_TIMEOUT_MS = 60_000;

/** Asks OpenAI what became of what it made for a call. */
export function createTruth(parts: TruthParts): Truth {
  return (call, { kind, object }) =>
    kind === 'batch' ? batchOutcome(call, object, parts) : responseOutcome(call, object, parts);
}

/**
 * The outcome of a response that has ended. One that ended without a usage (as cancelled and failed ones may), and one
 * that is gone, may have been billed all the same: the full hold is booked.
 */
async function responseOutcome(
  call: CallEntry,
  id: string,
  { upstream, prices, clock }: TruthParts,
): Promise<Outcome | undefined> {
  const signal = AbortSignal.timeout(RESPONSE_TIMEOUT_MS);
  const asked = await askFor(upstream, `/responses/${encodeURIComponent(id)}`, RESPONSE_READS, signal);
  if (asked.kind === 'unknown') return undefined;
  if (asked.kind === 'gone') return untoldOutcome(call, 'no_usage', clock.now());
  if (!isFinalResponse(asked.found)) return undefined;
  const served = servedResponse(asked.found);
  return served === undefined
    ? untoldOutcome(call, 'no_usage', clock.now())
    : toldOutcome(call, served, await prices.current(), clock.now());
}
