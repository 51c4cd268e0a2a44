import type { ChatCompletion, ChatCompletionMessage } from 'openai/resources/chat/completions';
import { answerChat, type ChatAnswer, type Choice } from './chat-answer.ts';
import { readChatRequest } from './chat-request.ts';
import { chatFrames } from './chat-stream.ts';
import { logprobs } from './logprobs.ts';
import { isReply, ok, type Reply } from './reply.ts';
import type { EndpointRequest, Simulation } from './simulation.ts';
import { spokenAudio } from './sound.ts';
import { keepChat } from './stored-chats.ts';

/** `POST /chat/completions` */
export function chatCompletions({ body }: EndpointRequest, simulation: Simulation): Reply {
  const request = readChatRequest(body, simulation);
  if (isReply(request)) return request;
  const answer = answerChat(request, simulation);
  const whole = completion(answer);
  if (body['store'] === true) keepChat(body, whole, simulation);
  return request.stream ? { kind: 'stream', frames: chatFrames(answer) } : ok(whole);
}

function completion({ request, choices, usage, head }: ChatAnswer): ChatCompletion {
  const { body } = request;
  return {
    object: 'chat.completion',
    ...head,
    choices: choices.map((choice) => ({
      index: choice.index,
      message: messageOf(choice),
      logprobs: body['logprobs'] === true ? logprobs(choice.output.tokens, body['top_logprobs']) : null,
      finish_reason: choice.finishReason,
    })),
    usage,
  };
}

function messageOf({ output, call, soundId }: Choice): ChatCompletionMessage {
  const text = output.tokens.join('');
  const base: Pick<ChatCompletionMessage, 'role' | 'refusal' | 'annotations'> = {
    role: 'assistant',
    refusal: null,
    annotations: [],
  };
  if (soundId !== undefined) {
    return { ...base, content: null, audio: spokenAudio(soundId, text, output.tokens.length) };
  }
  if (call === undefined) return { ...base, content: text };
  if (call.legacy) return { ...base, content: null, function_call: { name: call.name, arguments: text } };
  const { id, name } = call;
  return {
    ...base,
    content: null,
    tool_calls: [
      call.type === 'custom'
        ? { id, type: 'custom', custom: { name, input: text } }
        : { id, type: 'function', function: { name, arguments: text } },
    ],
  };
}
