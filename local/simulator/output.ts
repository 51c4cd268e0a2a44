import { isObject, type JsonObject, type JsonValue } from '../../shared/core/json.ts';
import { below, digest } from './random.ts';
import { exampleOf } from './schema.ts';
import { answerText } from './text.ts';
import { tokenise } from './tokens.ts';

/** What one turn of the simulated model puts out. */
export interface Output {
  readonly tokens: readonly string[];
  readonly reasoningTokens: number;
  readonly acceptedPredictionTokens: number;
  readonly rejectedPredictionTokens: number;
  /** All that counts as output: what is seen, what was reasoned, and what of a prediction was thrown away. */
  readonly outputTokens: number;
  /** The maximum was reached before the end. */
  readonly cut: boolean;
}

export interface Turn {
  readonly text: string;
  readonly reasoningTokens: number;
  readonly maxTokens: number;
  readonly stop?: readonly string[];
  readonly prediction?: string;
}

/** Counts and, where its maximum is reached, cuts what a turn puts out; reasoning counts first, as it comes first. */
export function takeTurn(turn: Turn): Output {
  const whole = turn.prediction === undefined ? turn.text : followPrediction(turn.prediction, turn.text);
  const all = tokenise(beforeStop(whole, turn.stop ?? []));
  const reasoningTokens = Math.min(turn.reasoningTokens, turn.maxTokens);
  const tokens = all.slice(0, turn.maxTokens - reasoningTokens);
  const predicted = turn.prediction === undefined ? [] : tokenise(turn.prediction);
  const accepted = commonStart(predicted, tokens);
  const left = turn.maxTokens - reasoningTokens - tokens.length;
  const rejected = Math.min(predicted.length - accepted, left);
  return {
    tokens,
    reasoningTokens,
    acceptedPredictionTokens: accepted,
    rejectedPredictionTokens: rejected,
    outputTokens: tokens.length + reasoningTokens + rejected,
    cut: tokens.length < all.length || reasoningTokens < turn.reasoningTokens,
  };
}

/**
 * How many tokens a reasoning model spends before it answers.
 *
 * @param effort `reasoning_effort` or `reasoning.effort`
 */
export function reasoningTokens(effort: JsonValue | undefined, seed: string): number {
  if (effort === 'none' || effort === 'minimal') return 0;
  const scale = effort === 'low' ? 1 : effort === 'high' || effort === 'xhigh' ? 8 : 3;
  return scale * (16 + below(16, digest(seed, 'reasoning')));
}

/**
 * The text of an answer in the format that was asked for.
 *
 * @param format `response_format` of chat, or `text.format` of responses (which holds its schema one level higher)
 */
export function formatted(format: JsonValue | undefined, seed: string): string {
  const type = isObject(format) ? format['type'] : undefined;
  if (isObject(format) && type === 'json_schema') {
    const nested = format['json_schema'];
    return JSON.stringify(exampleOf(isObject(nested) ? nested['schema'] : format['schema']));
  }
  return type === 'json_object'
    ? JSON.stringify({ simulated: true, message: answerText(seed) })
    : answerText(seed);
}

export interface ToolCall {
  readonly type: 'function' | 'custom';
  readonly name: string;
  readonly input: string;
}

/**
 * The call that a model makes when it is offered tools: the one that it was told to make, else the first one.
 *
 * @param tools the caller's tools, in the shape of chat or of responses
 * @param choice `tool_choice`
 */
export function toolCall(tools: JsonValue | undefined, choice: JsonValue | undefined): ToolCall | undefined {
  if (!Array.isArray(tools) || choice === 'none') return undefined;
  const wanted = isObject(choice) ? toolName(choice) : undefined;
  const callable = tools.filter(isObject).filter(({ type }) => type === 'function' || type === 'custom');
  const tool = callable.find((one) => wanted === undefined || toolName(one) === wanted);
  const name = tool === undefined ? undefined : toolName(tool);
  if (tool === undefined || name === undefined) return undefined;
  if (tool['type'] === 'custom') return { type: 'custom', name, input: 'simulated input' };
  const { parameters } = definition(tool);
  const input = isObject(parameters) ? JSON.stringify(exampleOf(parameters)) : '{}';
  return { type: 'function', name, input };
}

function toolName(tool: JsonObject): string | undefined {
  const { name } = definition(tool);
  return typeof name === 'string' ? name : undefined;
}

/** Chat wraps a tool's definition in a field named after its type; responses do not. */
function definition(tool: JsonObject): JsonObject {
  const nested = tool['type'] === 'custom' ? tool['custom'] : tool['function'];
  return isObject(nested) ? nested : tool;
}

function followPrediction(prediction: string, text: string): string {
  const predicted = tokenise(prediction);
  return `${predicted.slice(0, Math.ceil((predicted.length * 3) / 4)).join('')} ${text}`;
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  const differs = a.findIndex((token, index) => token !== b[index]);
  return differs === -1 ? a.length : differs;
}

function beforeStop(text: string, stops: readonly string[]): string {
  const ends = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return ends.length === 0 ? text : text.slice(0, Math.min(...ends));
}
