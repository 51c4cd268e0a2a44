import type { Decision } from 'openai/resources/decisions';
import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import { findModel } from './models.ts';
import { ANY, ARRAY, checkParameters, missing, OBJECT, type Rules, STRING } from './parameters.ts';
import { digest } from './random.ts';
import { apiError, isReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import { countTokens } from './tokens.ts';

const RULES: Rules = {
  input: ANY,
  model: STRING,
  prompt_cache_key: STRING,
  prompt_cache_options: OBJECT,
  questions: ARRAY,
  safety_identifier: STRING,
};

const MAX_QUESTIONS = 400;

/** `POST /decisions` */
export function decisions({ body }: EndpointRequest, simulation: Simulation): Reply {
  const model = findModel(simulation.models, body['model'], ['chat'], 'v1/decisions');
  if (isReply(model)) return model;
  const error = checkParameters(body, RULES);
  if (error !== undefined) return error;
  const { input, questions } = body;
  if (input === undefined || input === null) return missing('input');
  if (!Array.isArray(questions)) return missing('questions');
  if (questions.length === 0 || questions.length > MAX_QUESTIONS) {
    return apiError(400, `'questions' must hold between 1 and ${MAX_QUESTIONS} items.`, {
      param: 'questions',
    });
  }
  const tokens = countTokens(JSON.stringify(input)) + countTokens(JSON.stringify(questions));
  const usage: Decision.Usage = {
    input_tokens: tokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: questions.length,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: tokens + questions.length,
  };
  // What is put out is free.
  simulation.bill({
    kind: 'decisions',
    model: model.snapshot,
    inputTokens: tokens,
    units: { input: tokens },
  });
  const seed = digest(model.snapshot, JSON.stringify(input));
  return ok({ answers: questions.map((question) => answerTo(question, seed)), model: model.snapshot, usage });
}

function answerTo(question: JsonValue, seed: string): Decision['answers'][number] {
  const asked: JsonObject = isObject(question) ? question : {};
  const name = typeof asked['name'] === 'string' ? asked['name'] : null;
  const sure = Number.parseInt(digest(seed, JSON.stringify(question)).slice(0, 4), 16) / 0xffff;
  const { type, choices, levels } = asked;
  if (type === 'choice') {
    const values = listOf(choices).map((choice) => (isObject(choice) ? choice['value'] : choice));
    const texts = values.map((value) => (typeof value === 'boolean' ? value : String(value)));
    const probabilities = texts.map((value) => ({ value, probability: 1 / texts.length }));
    return { type, name, choice: texts[0] ?? '', confidence: sure, probabilities };
  }
  if (type === 'score') {
    const labels = listOf(levels).map((level) => String(isObject(level) ? level['label'] : level));
    const probabilities = labels.map((label, value) => ({ label, value, probability: 1 / labels.length }));
    return { type, name, score: sure, confidence: sure, probabilities };
  }
  return { type: 'predicate', name, probability: sure };
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
