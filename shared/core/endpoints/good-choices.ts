import type { AnswerJudge, EventJudge } from '../endpoint.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf, textOf } from '../json-members.ts';
import { isGiven } from '../request-checks.ts';
import { integer } from '../token-bounds.ts';

/** Reasons to end that a model has by itself; `content_filter`, and any that is not known, means that a part is missing. */
const ENDED = new Set(['stop', 'tool_calls', 'function_call']);

/** What is looked at of one choice, whole or as its chunks add up. */
interface Choice {
  hasOutput: boolean;
  isRefused: boolean;
  finishReason: string | undefined;
}

/** What differs between chat completions and completions. */
interface ChoiceRules {
  /** How many choices the request asks for. */
  count(body: JsonObject): number;
  /** Whether the request says how long an answer may be, so that one of that length is all that was asked for. */
  namesLength(body: JsonObject): boolean;
  /** The members of a choice that carry its output, whole or as a piece of it. */
  partsOf(choice: JsonObject): JsonObject;
}

/** A good chat completion: each choice has output, ended by itself or at the length that was asked for, and is no refusal. */
export const goodChat: AnswerJudge = judgeOf({
  count: (body) => integer(body, 'n') ?? 1,
  namesLength: (body) => isGiven(body, 'max_completion_tokens') || isGiven(body, 'max_tokens'),
  partsOf: ({ message, delta }) => (isObject(message) ? message : isObject(delta) ? delta : {}),
});

/** A good completion, by the same rules. Without `max_tokens` its length is OpenAI's default, and so asked for as well. */
export const goodCompletion: AnswerJudge = judgeOf({
  count: (body) => countPrompts(body['prompt']) * (integer(body, 'n') ?? 1),
  namesLength: () => true,
  partsOf: ({ text }) => ({ content: text ?? null }),
});

/** A prompt is one text or one list of tokens; several prompts are a list of those. */
export function countPrompts(prompt: JsonValue | undefined): number {
  const list = listOf(prompt);
  return typeof list[0] === 'string' || Array.isArray(list[0]) ? list.length : 1;
}

function judgeOf(rules: ChoiceRules): AnswerJudge {
  const areGood = (choices: readonly Choice[], body: JsonObject) =>
    choices.length === rules.count(body) &&
    choices.every((choice) => isGood(choice, rules.namesLength(body)));
  return {
    json: (answer, body) => {
      const choices = listOf(answer['choices']).filter(isObject);
      return areGood(
        choices.map((choice) => seen(undefined, choice, rules)),
        body,
      );
    },
    events: (body) => choiceEvents(rules, (choices) => areGood(choices, body)),
  };
}

function choiceEvents(rules: ChoiceRules, areGood: (choices: readonly Choice[]) => boolean): EventJudge {
  const choices = new Map<JsonValue, Choice>();
  return {
    see(data) {
      for (const choice of listOf(data['choices'])) {
        if (!isObject(choice)) continue;
        const index = choice['index'] ?? 0;
        choices.set(index, seen(choices.get(index), choice, rules));
      }
    },
    isGood: () => areGood([...choices.values()]),
  };
}

/** What is known of a choice after another piece of it. */
function seen(before: Choice | undefined, choice: JsonObject, rules: ChoiceRules): Choice {
  const parts = rules.partsOf(choice);
  return {
    hasOutput: before?.hasOutput === true || hasOutput(parts),
    isRefused: before?.isRefused === true || hasText(parts['refusal']),
    finishReason: textOf(choice['finish_reason']) ?? before?.finishReason,
  };
}

function isGood({ hasOutput: output, isRefused, finishReason = '' }: Choice, namesLength: boolean): boolean {
  return output && !isRefused && (ENDED.has(finishReason) || (finishReason === 'length' && namesLength));
}

function hasOutput({ content, tool_calls: calls, function_call: call, audio }: JsonObject): boolean {
  const sound = isObject(audio) ? audio['data'] : undefined;
  return hasText(content) || listOf(calls).length > 0 || isObject(call) || hasText(sound);
}

/** Whether there is more than white space. */
export function hasText(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && /\S/.test(value);
}
