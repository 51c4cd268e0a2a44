import type { Completion, CompletionChoice, CompletionUsage } from 'openai/resources/completions';
import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import { findModel, type SimulatedModel } from './models.ts';
import { type Output, takeTurn } from './output.ts';
import {
  ANY,
  BOOLEAN,
  checkParameters,
  integer,
  missing,
  number,
  OBJECT,
  type Rules,
  STRING,
  wrongType,
} from './parameters.ts';
import { digest } from './random.ts';
import { apiError, DONE, frame, isReply, type JsonReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import { answerText } from './text.ts';
import { countTokens } from './tokens.ts';

const RULES: Rules = {
  best_of: integer(0, 20),
  echo: BOOLEAN,
  frequency_penalty: number(-2, 2),
  logit_bias: OBJECT,
  logprobs: integer(0, 5),
  max_tokens: integer(0),
  model: STRING,
  n: integer(1, 128),
  presence_penalty: number(-2, 2),
  prompt: ANY,
  seed: integer(Number.MIN_SAFE_INTEGER),
  stop: ANY,
  stream: BOOLEAN,
  stream_options: OBJECT,
  suffix: STRING,
  temperature: number(0, 2),
  top_p: number(0, 1),
  user: STRING,
};

/** What the legacy API falls back to where a request names no `max_tokens`. */
const DEFAULT_MAX_TOKENS = 16;

interface PlainPrompt {
  readonly text: string;
  readonly tokens: number;
}

interface Answer {
  readonly head: Pick<Completion, 'id' | 'object' | 'created' | 'model'>;
  readonly outputs: readonly { readonly output: Output; readonly echoed: string }[];
  readonly usage: CompletionUsage;
}

/** `POST /completions`, the legacy text completion. */
export function completions({ body }: EndpointRequest, simulation: Simulation): Reply {
  const model = findModel(simulation.models, body['model'], ['completion'], 'v1/completions');
  if (isReply(model)) return model;
  const error = checkParameters(body, RULES) ?? checkBestOf(body);
  if (error !== undefined) return error;
  const prompts = readPrompts(body['prompt'] ?? '<|endoftext|>');
  if ('status' in prompts) return prompts;
  const answer = complete(body, model, prompts, simulation);
  if (body['stream'] === true) return { kind: 'stream', frames: frames(answer, includesUsage(body)) };
  return ok({
    ...answer.head,
    choices: answer.outputs.map(wholeChoice),
    usage: answer.usage,
  } satisfies Completion);
}

function complete(
  body: JsonObject,
  model: SimulatedModel,
  prompts: readonly PlainPrompt[],
  simulation: Simulation,
): Answer {
  const each = Number(body['n'] ?? 1);
  const maxTokens = Math.min(Number(body['max_tokens'] ?? DEFAULT_MAX_TOKENS), model.maxOutputTokens);
  const turn = (prompt: PlainPrompt, index: number) =>
    takeTurn({ text: answerText(digest(model.snapshot, prompt.text, index)), reasoningTokens: 0, maxTokens });
  // All that `best_of` makes is billed, of each prompt the first `n` are shown.
  const made = prompts.map((prompt) =>
    Array.from({ length: Math.max(Number(body['best_of'] ?? 1), each) }, (_, index) => turn(prompt, index)),
  );
  const promptTokens = prompts.reduce((total, { tokens }) => total + tokens, 0);
  const completionTokens = made.flat().reduce((total, { outputTokens }) => total + outputTokens, 0);
  simulation.bill({
    kind: 'completions',
    model: model.snapshot,
    inputTokens: promptTokens,
    units: { input: promptTokens, output: completionTokens },
  });
  return {
    head: {
      id: simulation.newId('cmpl-'),
      object: 'text_completion',
      created: simulation.now(),
      model: model.snapshot,
    },
    outputs: made.flatMap((outputs, at) =>
      outputs
        .slice(0, each)
        .map((output) => ({ output, echoed: body['echo'] === true ? (prompts[at]?.text ?? '') : '' })),
    ),
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  };
}

function wholeChoice({ output, echoed }: Answer['outputs'][number], index: number): CompletionChoice {
  const finish_reason = output.cut ? 'length' : 'stop';
  return { text: echoed + output.tokens.join(''), index, logprobs: null, finish_reason };
}

function* frames({ head, outputs, usage }: Answer, withUsage: boolean): Generator<string> {
  const none = withUsage ? { usage: null } : {};
  for (const [index, { output, echoed }] of outputs.entries()) {
    const pieces = echoed === '' ? output.tokens : [echoed, ...output.tokens];
    for (const text of pieces) {
      yield frame({ ...head, choices: [{ text, index, logprobs: null, finish_reason: null }], ...none });
    }
    const finish_reason = output.cut ? 'length' : 'stop';
    yield frame({ ...head, choices: [{ text: '', index, logprobs: null, finish_reason }], ...none });
  }
  if (withUsage) yield frame({ ...head, choices: [], usage });
  yield DONE;
}

function includesUsage({ stream_options: options }: JsonObject): boolean {
  return isObject(options) && options['include_usage'] === true;
}

function checkBestOf({ best_of: bestOf, n, stream }: JsonObject): JsonReply | undefined {
  if (typeof bestOf !== 'number') return undefined;
  if (bestOf < Number(n ?? 1)) return apiError(400, 'best_of must be at least n.', { param: 'best_of' });
  if (stream !== true || bestOf <= 1) return undefined;
  return apiError(400, 'best_of > 1 is not supported when streaming.', { param: 'best_of' });
}

/** A prompt is text or tokens, or a list of either. */
function readPrompts(prompt: JsonValue): PlainPrompt[] | JsonReply {
  const list: readonly JsonValue[] =
    Array.isArray(prompt) && !prompt.every(Number.isInteger) ? prompt : [prompt];
  const read: PlainPrompt[] = [];
  for (const one of list) {
    if (typeof one === 'string') {
      read.push({ text: one, tokens: countTokens(one) });
    } else if (Array.isArray(one) && one.length > 0 && one.every(Number.isInteger)) {
      read.push({ text: one.join(' '), tokens: one.length });
    } else {
      return wrongType('prompt', 'a string, an array of strings or an array of tokens', one);
    }
  }
  return read.length === 0 ? missing('prompt') : read;
}
