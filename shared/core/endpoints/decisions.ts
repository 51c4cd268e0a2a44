import type { EstimateContext, MeteredEndpoint, WorstCase } from '../endpoint.ts';
import { isObject, type JsonObject } from '../json.ts';
import { listOf, textOf } from '../json-members.ts';
import { addInputImage, type Media, noMedia } from '../media.ts';
import type { Price } from '../price.ts';
import type { Refusal } from '../refusal.ts';
import {
  firstRefusal,
  isGiven,
  knowsCacheLifetime,
  namesModel,
  objects,
  refuseMember,
} from '../request-checks.ts';
import { itemsWithContent } from '../request-shapes.ts';
import { inputBound, worstCaseOf } from '../token-bounds.ts';
import { count } from '../usage-reader.ts';
import { knownMembers } from './request-members.ts';
import { unstreamed } from './unstreamed.ts';

/** "Ask 1–400 questions" (API reference of decisions). */
const MAX_QUESTIONS = 400;

/** What is said in a message, by the caller or by an assistant before. */
const TEXT_PARTS = new Set(['input_text', 'output_text', 'refusal', 'text']);

const CHECKS = [
  namesModel(),
  knownMembers('decisions'),
  objects('prompt_cache_options'),
  textOrMessages,
  itemsWithContent('input', ['content', 'output']),
  knowsCacheLifetime,
  asksQuestions,
  itemsWithContent('questions', ['instructions']),
];

/**
 * `POST /decisions`: input tokens only, each of them at the plain rate, whether it was cached or not; the output is free
 * (OpenAI's pricing page: "$0.10 / 1M input tokens", and no fee for output, cache reads or cache writes).
 */
export const decisions: MeteredEndpoint = {
  check: (body) => firstRefusal(body, CHECKS),
  worstCase,
  withOutputCap: (body) => body,
  forMetering: (body) => body,
  reads: { model: true, usage: true },
  served(answer) {
    const usage = answer['usage'];
    const input = isObject(usage) ? count(usage['input_tokens']) : undefined;
    const model = textOf(answer['model']);
    return input === undefined ? undefined : { ...(model === undefined ? {} : { model }), counts: { input } };
  },
  streamMeter: unstreamed,
  cacheable: () => false,
};

function textOrMessages({ input }: JsonObject): Refusal | undefined {
  return typeof input === 'string' || Array.isArray(input)
    ? undefined
    : refuseMember('input', 'input must be a string or an array of messages.');
}

function asksQuestions(body: JsonObject): Refusal | undefined {
  const { questions } = body;
  const fits = Array.isArray(questions) && questions.length > 0 && questions.length <= MAX_QUESTIONS;
  return fits && isGiven(body, 'questions')
    ? undefined
    : refuseMember('questions', `questions must be an array of 1 to ${MAX_QUESTIONS} questions.`);
}

/** Nothing says that the input counts once, so that it may be read anew for each question. */
function worstCase(body: JsonObject, price: Price, context: EstimateContext): WorstCase {
  const times = listOf(body['questions']).length;
  const once = inputBound(body, context.bodyBytes, mediaOf(body), 0, price);
  const input = {
    ...once,
    textTokens: once.textTokens * times,
    imageTokens: once.imageTokens * times,
    window: price.contextWindow * times,
  };
  return worstCaseOf(body, price, context, input, { choices: 0, maxOutputTokens: 0, explicit: true });
}

function mediaOf({ input, questions }: JsonObject): Media {
  const media = noMedia();
  for (const { content, output, instructions } of [...listOf(input), ...listOf(questions)].filter(isObject)) {
    for (const part of [content, output, instructions].flatMap(listOf)) {
      if (isObject(part)) addPart(media, part);
    }
  }
  return media;
}

/** Parts of a type that the API does not have could become anything. */
function addPart(media: Media, part: JsonObject): void {
  if (part['type'] === 'input_image') addInputImage(media, part);
  else if (!TEXT_PARTS.has(String(part['type']))) media.unseen = true;
}
