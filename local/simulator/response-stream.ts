import type { ResponseOutputMessage, ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { Refusal } from './faults.ts';
import { obfuscation } from './obfuscation.ts';
import { frame } from './reply.ts';
import type { AnswerItem } from './response-items.ts';
import { type Answered, started } from './response-object.ts';
import type { ResponseRequest } from './response-request.ts';

/** An event before it got its number. */
interface Event {
  readonly type: ResponseStreamEvent['type'];
  readonly [field: string]: unknown;
}

/**
 * Streams a response as OpenAI does: named events, numbered from 0, and no `[DONE]`.
 *
 * @param after the number of the last event that is known already
 */
export function* responseFrames(
  answered: Answered,
  { obfuscate }: ResponseRequest,
  after = -1,
): Generator<string> {
  let sequence_number = 0;
  for (const event of events(answered)) {
    const padded =
      obfuscate && event.type.endsWith('.delta') ? { obfuscation: obfuscation(JSON.stringify(event)) } : {};
    if (sequence_number > after) yield frame({ ...event, sequence_number, ...padded }, event.type);
    sequence_number += 1;
  }
}

function* events({ response, items, refusal }: Answered): Generator<Event> {
  yield { type: 'response.created', response: started(response, 'in_progress') };
  yield { type: 'response.in_progress', response: started(response, 'in_progress') };
  if (refusal !== undefined) {
    yield* refusedEvents({ response, items }, refusal);
    return;
  }
  for (const [output_index, item] of items.entries()) yield* itemEvents(item, output_index);
  yield { type: response.status === 'incomplete' ? 'response.incomplete' : 'response.completed', response };
}

/** OpenAI tells of a failure twice: in an event of its own, and in the response. */
function* refusedEvents(
  { response, items }: Pick<Answered, 'response' | 'items'>,
  { code, message, after }: Refusal,
): Generator<Event> {
  const output = items.flatMap((item, index) => [...itemEvents(item, index)]);
  yield* output.slice(0, after);
  yield { type: 'error', code, message, param: null };
  yield { type: 'response.failed', response };
}

function* itemEvents(answer: AnswerItem, output_index: number): Generator<Event> {
  yield { type: 'response.output_item.added', output_index, item: begun(answer) };
  yield* contentEvents(answer, { output_index, item_id: answer.item.id });
  yield { type: 'response.output_item.done', output_index, item: answer.item };
}

/** Which item an event is about. */
interface Place {
  readonly output_index: number;
  readonly item_id: string | undefined;
}

function contentEvents(answer: AnswerItem, place: Place): Iterable<Event> {
  switch (answer.kind) {
    case 'reasoning':
      return summaryEvents(answer.item.summary, place);
    case 'hosted':
      return hostedEvents(answer.item, place);
    case 'function':
      return functionEvents(answer.tokens, answer.item.name, place);
    case 'custom':
      return customEvents(answer.tokens, place);
    case 'message':
      return messageEvents(answer.item, answer.tokens, place);
  }
}

/** The item as it is announced, before its content. */
function begun(answer: AnswerItem): object {
  switch (answer.kind) {
    case 'reasoning':
      return { ...answer.item, summary: [] };
    case 'hosted':
      return { ...answer.item, status: 'in_progress' };
    case 'function':
      return { ...answer.item, arguments: '', status: 'in_progress' };
    case 'custom':
      return { ...answer.item, input: '' };
    case 'message':
      return { ...answer.item, content: [], status: 'in_progress' };
  }
}

function* summaryEvents(summary: readonly { readonly text: string }[], place: Place): Generator<Event> {
  for (const [summary_index, { text }] of summary.entries()) {
    const at = { ...place, summary_index };
    yield { type: 'response.reasoning_summary_part.added', ...at, part: { type: 'summary_text', text: '' } };
    yield { type: 'response.reasoning_summary_text.delta', ...at, delta: text };
    yield { type: 'response.reasoning_summary_text.done', ...at, text };
    yield { type: 'response.reasoning_summary_part.done', ...at, part: { type: 'summary_text', text } };
  }
}

function* hostedEvents(
  item: Extract<AnswerItem, { kind: 'hosted' }>['item'],
  place: Place,
): Generator<Event> {
  switch (item.type) {
    case 'web_search_call':
      yield { type: 'response.web_search_call.in_progress', ...place };
      yield { type: 'response.web_search_call.searching', ...place };
      yield { type: 'response.web_search_call.completed', ...place };
      return;
    case 'file_search_call':
      yield { type: 'response.file_search_call.in_progress', ...place };
      yield { type: 'response.file_search_call.searching', ...place };
      yield { type: 'response.file_search_call.completed', ...place };
      return;
    case 'image_generation_call':
      yield { type: 'response.image_generation_call.in_progress', ...place };
      yield { type: 'response.image_generation_call.generating', ...place };
      yield { type: 'response.image_generation_call.completed', ...place };
      return;
    case 'code_interpreter_call':
      yield { type: 'response.code_interpreter_call.in_progress', ...place };
      yield { type: 'response.code_interpreter_call_code.delta', ...place, delta: item.code };
      yield { type: 'response.code_interpreter_call_code.done', ...place, code: item.code };
      yield { type: 'response.code_interpreter_call.interpreting', ...place };
      yield { type: 'response.code_interpreter_call.completed', ...place };
  }
}

function* functionEvents(tokens: readonly string[], name: string, place: Place): Generator<Event> {
  for (const delta of tokens) yield { type: 'response.function_call_arguments.delta', ...place, delta };
  yield { type: 'response.function_call_arguments.done', ...place, name, arguments: tokens.join('') };
}

function* customEvents(tokens: readonly string[], place: Place): Generator<Event> {
  for (const delta of tokens) yield { type: 'response.custom_tool_call_input.delta', ...place, delta };
  yield { type: 'response.custom_tool_call_input.done', ...place, input: tokens.join('') };
}

function* messageEvents(
  item: ResponseOutputMessage,
  tokens: readonly string[],
  place: Place,
): Generator<Event> {
  const at = { ...place, content_index: 0 };
  const [part] = item.content;
  const empty = { type: 'output_text', annotations: [], logprobs: [], text: '' };
  yield { type: 'response.content_part.added', ...at, part: empty };
  for (const delta of tokens) yield { type: 'response.output_text.delta', ...at, delta, logprobs: [] };
  const annotations = part?.type === 'output_text' ? part.annotations : [];
  for (const [annotation_index, annotation] of annotations.entries()) {
    yield { type: 'response.output_text.annotation.added', ...at, annotation_index, annotation };
  }
  yield { type: 'response.output_text.done', ...at, text: tokens.join(''), logprobs: [] };
  yield { type: 'response.content_part.done', ...at, part };
}
