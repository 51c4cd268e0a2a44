import type {
  ResponseCustomToolCall,
  ResponseFunctionToolCall,
  ResponseOutputItem,
  ResponseOutputMessage,
  ResponseReasoningItem,
} from 'openai/resources/responses/responses';
import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { type HostedCall, hostedCalls } from './hosted-tools.ts';
import { isReasoning } from './models.ts';
import { formatted, type Output, reasoningTokens, takeTurn, toolCall } from './output.ts';
import { digest } from './random.ts';
import type { ResponseRequest } from './response-request.ts';
import type { Simulation } from './simulation.ts';

/** How much a simulated search finds, or simulated code puts out. */
const WORDS_FOUND = 400;

/** One item of an answer as it is in the end, and the tokens that its text is streamed in. */
export type AnswerItem =
  | { readonly kind: 'reasoning'; readonly item: ResponseReasoningItem }
  | { readonly kind: 'hosted'; readonly item: HostedCall }
  | { readonly kind: 'function'; readonly item: ResponseFunctionToolCall; readonly tokens: readonly string[] }
  | { readonly kind: 'custom'; readonly item: ResponseCustomToolCall; readonly tokens: readonly string[] }
  | { readonly kind: 'message'; readonly item: ResponseOutputMessage; readonly tokens: readonly string[] };

export interface AnsweredItems {
  readonly items: readonly AnswerItem[];
  readonly output: Output;
  readonly webSearches: number;
}

/** Decides what a request is answered: reasoning, hosted tools, and then a message or a call of the caller's tools. */
export function answerItems(request: ResponseRequest, simulation: Simulation): AnsweredItems {
  const { body, model, prompt } = request;
  const seed = digest(model.snapshot, prompt.text);
  const call =
    answersTool(body) || forcesHosted(body) ? undefined : toolCall(body['tools'], body['tool_choice']);
  const format = isObject(body['text']) ? body['text']['format'] : undefined;
  const { effort, summary } = isObject(body['reasoning']) ? body['reasoning'] : {};
  const output = takeTurn({
    text: call?.input ?? formatted(format, seed),
    reasoningTokens: isReasoning(model) ? reasoningTokens(effort, seed) : 0,
    maxTokens: request.maxTokens,
  });
  const hosted = hostedCalls(body, seed, simulation);
  const items: AnswerItem[] = [];
  if (isReasoning(model)) {
    items.push({
      kind: 'reasoning',
      item: reasoning(summary !== undefined && summary !== null, body, simulation),
    });
  }
  items.push(...hosted.map((item): AnswerItem => ({ kind: 'hosted', item })));
  const webSearches = hosted.filter(({ type }) => type === 'web_search_call').length;
  if (output.tokens.length > 0) items.push(lastItem(output, call, webSearches > 0, simulation));
  return { items, output, webSearches };
}

/** The items as they stand in a finished response. */
export function outputOf(items: readonly AnswerItem[]): ResponseOutputItem[] {
  return items.map(({ item }) => item);
}

/** The calls of hosted tools among them. */
export function hostedOf(items: readonly AnswerItem[]): HostedCall[] {
  return items.flatMap((item) => (item.kind === 'hosted' ? [item.item] : []));
}

/** What the account keeps of an item, which can be more than the item shows: thoughts, and what a tool found. */
export function keptText(item: AnswerItem, { reasoningTokens }: Output): string {
  if (item.kind === 'reasoning') return ' thought'.repeat(reasoningTokens);
  return item.kind === 'hosted' ? ' found'.repeat(WORDS_FOUND) : item.tokens.join('');
}

function lastItem(
  { tokens, cut }: Output,
  call: ReturnType<typeof toolCall>,
  cites: boolean,
  simulation: Simulation,
): AnswerItem {
  const text = tokens.join('');
  const status = cut ? 'incomplete' : 'completed';
  if (call === undefined) {
    return { kind: 'message', tokens, item: message(text, status, cites, simulation) };
  }
  const { name } = call;
  const call_id = simulation.newId('call_');
  if (call.type === 'custom') {
    const id = simulation.newId('ctc_');
    return { kind: 'custom', tokens, item: { id, type: 'custom_tool_call', call_id, input: text, name } };
  }
  const id = simulation.newId('fc_');
  return {
    kind: 'function',
    tokens,
    item: { id, type: 'function_call', status, arguments: text, call_id, name },
  };
}

function message(
  text: string,
  status: 'completed' | 'incomplete',
  cites: boolean,
  simulation: Simulation,
): ResponseOutputMessage {
  const citation = {
    type: 'url_citation',
    url: 'https://example.com/',
    title: 'A simulated source',
    start_index: 0,
    end_index: text.length,
  } as const;
  const content = { type: 'output_text' as const, annotations: cites ? [citation] : [], logprobs: [], text };
  return { id: simulation.newId('msg_'), type: 'message', status, role: 'assistant', content: [content] };
}

function reasoning(
  withSummary: boolean,
  { include }: JsonObject,
  simulation: Simulation,
): ResponseReasoningItem {
  const encrypted = Array.isArray(include) && include.includes('reasoning.encrypted_content');
  const text = '**Simulating**\n\nThe simulator pretends to think.';
  const id = simulation.newId('rs_');
  return {
    id,
    type: 'reasoning',
    summary: withSummary ? [{ type: 'summary_text', text }] : [],
    ...(encrypted
      ? { encrypted_content: Buffer.from(digest('encrypted', id), 'hex').toString('base64') }
      : {}),
  };
}

/** The caller has just answered a tool call: what follows is text. */
function answersTool({ input }: JsonObject): boolean {
  const last = Array.isArray(input) ? input.at(-1) : undefined;
  return (
    isObject(last) && (last['type'] === 'function_call_output' || last['type'] === 'custom_tool_call_output')
  );
}

function forcesHosted({ tool_choice: choice }: JsonObject): boolean {
  return isObject(choice) && !['function', 'custom', 'allowed_tools'].includes(String(choice['type']));
}
