import type { EstimateContext, MeteredEndpoint, WorstCase } from '../endpoint.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { listOf, textBytes, textOf } from '../json-members.ts';
import type { Price } from '../price.ts';
import { firstRefusal, namesModel } from '../request-checks.ts';
import { textsOrTokens } from '../request-shapes.ts';
import { NO_MEDIA, worstCaseOf } from '../token-bounds.ts';
import { embeddingsUsage } from '../usage-reader.ts';
import { goodEmbeddings } from './good-answers.ts';
import { knownMembers } from './request-members.ts';
import { unstreamed } from './unstreamed.ts';

/** The most that one request can embed, in all its inputs together (API reference of embeddings). */
const MAX_REQUEST_TOKENS = 300_000;

/** What a tokenizer may add to each input of its own. */
const TOKENS_PER_INPUT = 2;

const CHECKS = [namesModel(), knownMembers('embeddings'), textsOrTokens('input')];

/** `POST /embeddings`: input tokens only. */
export const embeddings: MeteredEndpoint = {
  check: (body) => firstRefusal(body, CHECKS),
  worstCase,
  withOutputCap: (body) => body,
  forMetering: (body) => body,
  reads: { model: true, usage: true },
  served(answer) {
    const counts = embeddingsUsage(answer['usage']);
    const model = textOf(answer['model']);
    return counts === undefined ? undefined : { ...(model === undefined ? {} : { model }), counts };
  },
  streamMeter: unstreamed,
  cacheable: () => true,
  unsampled: true,
  good: goodEmbeddings,
};

function worstCase(body: JsonObject, price: Price, context: EstimateContext): WorstCase {
  const tokens = inputTokens(body['input'], price.contextWindow) ?? context.bodyBytes;
  const window = Math.max(MAX_REQUEST_TOKENS, price.contextWindow);
  const input = { ...NO_MEDIA, textTokens: tokens, window, cacheTtl: '30m' } as const;
  return worstCaseOf(body, price, context, input, { choices: 0, maxOutputTokens: 0, explicit: true });
}

/** Counts tokens that are given as such, and bounds texts by their bytes; `undefined` for anything else. */
function inputTokens(input: JsonValue | undefined, contextWindow: number): number | undefined {
  if (typeof input === 'string') return bound(textBytes(input), contextWindow);
  const list = listOf(input);
  if (list.length === 0) return undefined;
  if (typeof list[0] === 'number') return bound(list.length, contextWindow);
  return list.reduce<number | undefined>((sum, each) => {
    const size = typeof each === 'string' ? textBytes(each) : Array.isArray(each) ? each.length : undefined;
    return sum === undefined || size === undefined ? undefined : sum + bound(size, contextWindow);
  }, 0);
}

function bound(size: number, contextWindow: number): number {
  return Math.min(size + TOKENS_PER_INPUT, contextWindow);
}
