import OpenAI from 'openai';
import { vi } from 'vitest';
import { event } from '../../../support/scripted-upstream.ts';
import { PRIVATE_TEXT, type Target, type World } from '../../../support/world.ts';

/** One statement about the proxy, true on every way into it. */
export interface HttpCase {
  readonly name: string;
  /** It speaks of callers who are seen to leave, as a function on AWS never sees them. */
  readonly ofLeaving?: true;
  run(world: World, target: Target): Promise<void>;
}

export const USAGE = {
  prompt_tokens: 1_000,
  completion_tokens: 100,
  total_tokens: 1_100,
  prompt_tokens_details: { cached_tokens: 400, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 0 },
};
/** gpt-4o: 600 x $2.50 + 400 x $1.25 + 100 x $10, per million tokens. */
export const USAGE_COST = '0.003';

export const CHAT = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'gpt-4o-2024-08-06',
  service_tier: 'default',
  choices: [
    {
      index: 0,
      finish_reason: 'stop',
      logprobs: null,
      message: { role: 'assistant', content: PRIVATE_TEXT, refusal: null },
    },
  ],
  usage: USAGE,
};

export const chunk = (delta: object, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  model: 'gpt-4o-2024-08-06',
  service_tier: 'default',
  choices: [{ index: 0, delta, finish_reason: finish }],
});
export const CHUNKS = [
  chunk({ role: 'assistant', content: '' }),
  chunk({ content: PRIVATE_TEXT }),
  chunk({}, 'stop'),
];
export const USAGE_CHUNK = { ...chunk({}), choices: [], usage: USAGE };
export const DONE = 'data: [DONE]\n\n';
export const CHAT_STREAM = [...CHUNKS.map((data) => event(data)), event(USAGE_CHUNK), DONE];

/** Each case asks something of its own, so that no case is answered from another's cache. */
export const ask = (project: string) => ({
  model: 'gpt-4o',
  messages: [{ role: 'user' as const, content: PRIVATE_TEXT }],
  max_tokens: 200,
  metadata: { project },
});

export async function post(
  target: Target,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Response> {
  return target.fetchAs('developer')(`${target.baseURL}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export const of = (project: string, more: Record<string, string> = {}) => ({
  'openai-proxy-project': project,
  ...more,
});

export async function refusalOf(response: Response) {
  const body = (await response.json()) as {
    error: { message: string; type: string; code: string; param: string | null };
  };
  return { status: response.status, ...body.error };
}

export async function caught(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error(`no APIError: ${error}`);
  return error;
}

/** Waits until an assertion holds, also outside of a test, on a machine however busy. */
export function eventually(assertion: () => unknown): Promise<unknown> {
  return vi.waitFor(assertion, { timeout: 300_000 });
}
