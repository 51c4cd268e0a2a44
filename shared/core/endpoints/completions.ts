import type { EstimateContext, MeteredEndpoint, WorstCase } from '../endpoint.ts';
import type { JsonObject } from '../json.ts';
import { textBytes } from '../json-members.ts';
import { noMedia } from '../media.ts';
import type { Price } from '../price.ts';
import { booleans, firstRefusal, integers, MAX_CHOICES, namesModel, objects } from '../request-checks.ts';
import { textsOrTokens } from '../request-shapes.ts';
import { inputBound, integer, worstCaseOf } from '../token-bounds.ts';
import { chunkMeter, includeUsage, READS, servedWhole } from './chunk-meter.ts';
import { countPrompts, goodCompletion } from './good-choices.ts';
import { knownMembers } from './request-members.ts';

/** What OpenAI puts out where a request does not mention `max_tokens` (API reference of completions). */
export const DEFAULT_MAX_TOKENS = 16;

const CHECKS = [
  namesModel(),
  knownMembers('completions'),
  textsOrTokens('prompt'),
  booleans('stream', 'echo'),
  integers(1, MAX_CHOICES, 'n', 'best_of'),
  // 0 is allowed: with `echo` and `logprobs` it scores a prompt.
  integers(0, Number.MAX_SAFE_INTEGER, 'max_tokens'),
  objects('stream_options'),
];

/** `POST /completions`: tokens; every prompt is completed `n` or `best_of` times. */
export const completions: MeteredEndpoint = {
  check: (body) => firstRefusal(body, CHECKS),
  worstCase,
  withOutputCap: (body, maxOutputTokens) => ({ ...body, max_tokens: maxOutputTokens }),
  forMetering: includeUsage,
  reads: { ...READS, choices: {} },
  served: (answer) => servedWhole(answer, () => false),
  streamMeter: (body) =>
    chunkMeter(body, { outputBytes: (choice) => textBytes(choice['text']), searched: () => false }),
  cacheable: () => true,
  good: goodCompletion,
};

function worstCase(body: JsonObject, price: Price, context: EstimateContext): WorstCase {
  const prompts = countPrompts(body['prompt']);
  const perPrompt = Math.max(integer(body, 'n') ?? 1, integer(body, 'best_of') ?? 1);
  const named = body['max_tokens'] === undefined ? DEFAULT_MAX_TOKENS : integer(body, 'max_tokens');
  // Each prompt has the context window to itself.
  const window = price.contextWindow * prompts;
  const input = { ...inputBound(body, context.bodyBytes, noMedia(), 0, price), window };
  return worstCaseOf(body, price, context, input, {
    choices: prompts * perPrompt,
    maxOutputTokens: Math.min(named ?? price.maxOutputTokens, price.maxOutputTokens),
    explicit: body['max_tokens'] !== undefined && named !== undefined,
  });
}
