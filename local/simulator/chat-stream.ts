import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { ChatAnswer, Choice } from './chat-answer.ts';
import type { ChatRequest } from './chat-request.ts';
import { logprobs } from './logprobs.ts';
import { obfuscation } from './obfuscation.ts';
import { DONE, frame } from './reply.ts';
import { spokenAudio } from './sound.ts';

type Delta = ChatCompletionChunk.Choice.Delta;

/** Streams an answer as OpenAI does: the choices in turn, token by token, then the usage where it was asked for. */
export function* chatFrames(answer: ChatAnswer): Generator<string> {
  const { request, usage } = answer;
  for (const choice of inTurn(answer.choices.map((one) => choiceChunks(one, request)))) {
    yield frame(chunk(answer, [choice], request.includeUsage ? { usage: null } : {}));
  }
  if (request.includeUsage) yield frame(chunk(answer, [], { usage }));
  yield DONE;
}

function chunk(
  { head, request }: ChatAnswer,
  choices: ChatCompletionChunk.Choice[],
  usage: Pick<ChatCompletionChunk, 'usage'>,
): ChatCompletionChunk {
  return {
    object: 'chat.completion.chunk',
    ...head,
    choices,
    ...usage,
    ...(request.obfuscate ? { obfuscation: obfuscation(JSON.stringify(choices)) } : {}),
  };
}

function* choiceChunks(choice: Choice, request: ChatRequest): Generator<ChatCompletionChunk.Choice> {
  const { body } = request;
  const withLogprobs = body['logprobs'] === true;
  yield ofDelta(choice, { role: 'assistant', ...firstDelta(choice), refusal: null });
  for (const token of choice.output.tokens) {
    const logs = withLogprobs ? logprobs([token], body['top_logprobs']) : null;
    yield { ...ofDelta(choice, tokenDelta(choice, token)), logprobs: logs };
  }
  if (choice.soundId !== undefined) yield ofDelta(choice, { audio: soundOf(choice, choice.soundId) });
  yield { ...ofDelta(choice, {}), finish_reason: choice.finishReason };
}

function ofDelta({ index }: Choice, delta: Delta): ChatCompletionChunk.Choice {
  return { index, delta, logprobs: null, finish_reason: null };
}

function firstDelta({ call, soundId }: Choice): Delta {
  if (call === undefined) return soundId === undefined ? { content: '' } : { audio: { id: soundId } };
  const { id, name } = call;
  if (call.legacy) return { content: null, function_call: { name, arguments: '' } };
  if (call.type === 'custom') {
    return { content: null, tool_calls: [{ index: 0, id, type: 'custom', custom: { name, input: '' } }] };
  }
  return {
    content: null,
    tool_calls: [{ index: 0, id, type: 'function', function: { name, arguments: '' } }],
  };
}

function tokenDelta({ call, soundId }: Choice, token: string): Delta {
  if (call === undefined)
    return soundId === undefined ? { content: token } : { audio: { transcript: token } };
  if (call.legacy) return { function_call: { arguments: token } };
  if (call.type === 'custom') return { tool_calls: [{ index: 0, custom: { input: token } }] };
  return { tool_calls: [{ index: 0, function: { arguments: token } }] };
}

function soundOf({ output }: Choice, id: string): ChatCompletionChunk.Choice.Delta.Audio {
  const { data, expires_at } = spokenAudio(id, output.tokens.join(''), output.tokens.length);
  return { data, expires_at };
}

/** One item of each source, then the next of each, until all are spent. */
function* inTurn<T>(sources: readonly Iterator<T>[]): Generator<T> {
  let open = sources;
  while (open.length > 0) {
    const steps = open.map((source) => ({ source, step: source.next() }));
    const going = steps.filter(({ step }) => step.done !== true);
    for (const { step } of going) yield step.value;
    open = going.map(({ source }) => source);
  }
}
