import type { ChatCompletion } from 'openai/resources/chat/completions';
import type { CompletionUsage } from 'openai/resources/completions';
import { isObject, type JsonObject } from '../../shared/core/json.ts';
import type { ChatRequest } from './chat-request.ts';
import { isReasoning, isSearching, servedTier } from './models.ts';
import { formatted, type Output, reasoningTokens, type ToolCall, takeTurn, toolCall } from './output.ts';
import { digest } from './random.ts';
import type { Simulation } from './simulation.ts';
import { chatUsage, countInput, inputUnits } from './usage.ts';

/** One choice of an answer, before it takes the shape of JSON or of a stream. */
export interface Choice {
  readonly index: number;
  readonly output: Output;
  /** The choice is this call, whose arguments are the output's tokens; `legacy`: a `function_call`. */
  readonly call?: ToolCall & { readonly id: string; readonly legacy: boolean };
  /** It is sound, which later messages can name by this id. */
  readonly soundId?: string;
  readonly finishReason: 'stop' | 'length' | 'tool_calls' | 'function_call';
}

/** An answer to a chat, before it takes the shape of JSON or of a stream. */
export interface ChatAnswer {
  readonly request: ChatRequest;
  readonly choices: readonly Choice[];
  readonly usage: CompletionUsage;
  /** What is the same in the JSON answer and in every chunk. */
  readonly head: Pick<ChatCompletion, 'id' | 'created' | 'model' | 'system_fingerprint'> & {
    readonly service_tier: 'default' | 'flex' | 'priority' | 'fast';
  };
}

/** Decides what a chat is answered, and counts it. */
export function answerChat(request: ChatRequest, simulation: Simulation): ChatAnswer {
  const { body, model, prompt } = request;
  const choices = Array.from({ length: Number(body['n'] ?? 1) }, (_, index) =>
    choose(request, index, simulation),
  );
  const served = servedTier(model, body['service_tier']);
  const tier = served === 'ultrafast' ? 'default' : served;
  const input = countInput(prompt, model, simulation);
  const usage = chatUsage(
    input,
    choices.map(({ output }) => output),
    request.spoken,
  );
  simulation.bill({
    kind: 'completions',
    model: model.snapshot,
    tier,
    inputTokens: input.tokens,
    units: {
      ...inputUnits(input),
      [request.spoken ? 'audio_output' : 'output']: usage.completion_tokens,
      ...(isSearching(model) ? { web_search: choices.length } : {}),
    },
  });
  return {
    request,
    choices,
    usage,
    head: {
      id: simulation.newId('chatcmpl-'),
      created: simulation.now(),
      model: model.snapshot,
      service_tier: tier,
      system_fingerprint: `fp_${digest(model.snapshot).slice(0, 10)}`,
    },
  };
}

function choose(request: ChatRequest, index: number, simulation: Simulation): Choice {
  const { body, model, prompt } = request;
  const seed = digest(model.snapshot, prompt.text, index);
  const called = callOf(body);
  const output = takeTurn({
    text: called?.input ?? formatted(body['response_format'], seed),
    reasoningTokens: isReasoning(model) ? reasoningTokens(body['reasoning_effort'], seed) : 0,
    maxTokens: request.maxTokens,
    ...(called === undefined ? { stop: stops(body), ...predictionOf(body) } : {}),
  });
  if (called === undefined) {
    const finishReason = output.cut ? 'length' : 'stop';
    return {
      index,
      output,
      finishReason,
      ...(request.spoken ? { soundId: keepSound(output, simulation) } : {}),
    };
  }
  const call = { ...called, id: simulation.newId('call_') };
  return {
    index,
    output,
    call,
    finishReason: output.cut ? 'length' : callReason(called.legacy, body['tool_choice']),
  };
}

function keepSound({ tokens }: Output, { sounds, newId }: Simulation): string {
  const id = newId('audio_');
  sounds.set(id, tokens.length);
  return id;
}

/** A call that the caller demanded by name is no news to it: OpenAI reports `stop`. */
function callReason(legacy: boolean, choice: unknown): Choice['finishReason'] {
  if (legacy) return 'function_call';
  return isObject(choice) && choice['type'] !== 'allowed_tools' ? 'stop' : 'tool_calls';
}

function callOf(body: JsonObject): (ToolCall & { legacy: boolean }) | undefined {
  const last = Array.isArray(body['messages']) ? body['messages'].at(-1) : undefined;
  if (isObject(last) && (last['role'] === 'tool' || last['role'] === 'function')) return undefined;
  const call = toolCall(body['tools'], body['tool_choice']);
  if (call !== undefined) return { ...call, legacy: false };
  if (!Array.isArray(body['functions'])) return undefined;
  const functions = body['functions'].filter(isObject).map((one) => ({ ...one, type: 'function' }));
  const legacy = toolCall(functions, body['function_call']);
  return legacy === undefined ? undefined : { ...legacy, legacy: true };
}

function stops({ stop }: JsonObject): string[] {
  return (Array.isArray(stop) ? stop : [stop])
    .filter((one) => typeof one === 'string' && one !== '')
    .map(String);
}

function predictionOf({ prediction }: JsonObject): { prediction?: string } {
  if (!isObject(prediction)) return {};
  const { content } = prediction;
  if (typeof content === 'string') return { prediction: content };
  const parts = Array.isArray(content) ? content.filter(isObject) : [];
  return { prediction: parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('') };
}
