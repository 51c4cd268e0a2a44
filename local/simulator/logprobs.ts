import type { ChatCompletion, ChatCompletionTokenLogprob } from 'openai/resources/chat/completions';
import { below, digest } from './random.ts';

/**
 * Log probabilities of some output tokens.
 *
 * @param top how many alternatives each token comes with (`top_logprobs`)
 */
export function logprobs(tokens: readonly string[], top: unknown): ChatCompletion.Choice.Logprobs {
  const alternatives = typeof top === 'number' ? top : 0;
  return { content: tokens.map((token) => ofToken(token, alternatives)), refusal: null };
}

function ofToken(token: string, alternatives: number): ChatCompletionTokenLogprob {
  const first = probability(token, token);
  return {
    ...first,
    top_logprobs: Array.from({ length: alternatives }, (_, rank) =>
      rank === 0 ? first : probability(`${token}${rank}`, token, rank),
    ),
  };
}

/** The less likely, the lower the rank. */
function probability(token: string, seed: string, rank = 0) {
  return {
    token,
    logprob: -(rank * 2 + (1 + below(999, digest('logprob', seed, rank))) / 1_000),
    bytes: [...Buffer.from(token)],
  };
}
