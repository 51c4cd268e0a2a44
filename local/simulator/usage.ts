import type { CompletionUsage } from 'openai/resources/completions';
import type { ResponseUsage } from 'openai/resources/responses/responses';
import type { Served } from './account.ts';
import type { SimulatedModel } from './models.ts';
import type { Output } from './output.ts';
import type { Prompt } from './prompt.ts';
import type { Simulation } from './simulation.ts';

/** The input of a request as it is billed. */
export interface CountedInput {
  readonly tokens: number;
  readonly audioTokens: number;
  readonly cachedTokens: number;
  /** Absent for models that are not billed for writing to the cache. */
  readonly cacheWriteTokens?: number;
}

/** Counts a prompt, once: the next one with the same long beginning finds it cached. */
export function countInput(prompt: Prompt, model: SimulatedModel, simulation: Simulation): CountedInput {
  const { cached, cacheable } = model.cachesPrompts
    ? simulation.prompts.visit(model.snapshot, prompt.text)
    : { cached: 0, cacheable: 0 };
  return {
    tokens: prompt.tokens,
    audioTokens: prompt.audioTokens,
    cachedTokens: cached,
    ...(model.cacheWrites ? { cacheWriteTokens: cacheable - cached } : {}),
  };
}

/** The input in the classes that have prices of their own. */
export function inputUnits(input: CountedInput): Served['units'] {
  const { tokens, audioTokens, cachedTokens, cacheWriteTokens = 0 } = input;
  return {
    input: tokens - audioTokens - cachedTokens - cacheWriteTokens,
    audio_input: audioTokens,
    cached_input: cachedTokens,
    cache_write: cacheWriteTokens,
  };
}

/**
 * `usage` of a chat, summed over its choices.
 *
 * @param spoken the choices are sound, so that all of what they put out counts as audio
 */
export function chatUsage(input: CountedInput, outputs: readonly Output[], spoken: boolean): CompletionUsage {
  const sum = (of: (output: Output) => number) => outputs.reduce((total, output) => total + of(output), 0);
  const completionTokens = sum((output) => output.outputTokens);
  return {
    prompt_tokens: input.tokens,
    completion_tokens: completionTokens,
    total_tokens: input.tokens + completionTokens,
    prompt_tokens_details: {
      cached_tokens: input.cachedTokens,
      audio_tokens: input.audioTokens,
      ...(input.cacheWriteTokens === undefined ? {} : { cache_write_tokens: input.cacheWriteTokens }),
    },
    completion_tokens_details: {
      reasoning_tokens: sum((output) => output.reasoningTokens),
      audio_tokens: spoken ? completionTokens : 0,
      accepted_prediction_tokens: sum((output) => output.acceptedPredictionTokens),
      rejected_prediction_tokens: sum((output) => output.rejectedPredictionTokens),
    },
  };
}

/** `usage` of a response. */
export function responseUsage(
  input: CountedInput,
  outputTokens: number,
  reasoningTokens: number,
): ResponseUsage {
  return {
    input_tokens: input.tokens,
    input_tokens_details: {
      cached_tokens: input.cachedTokens,
      cache_write_tokens: input.cacheWriteTokens ?? 0,
    },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: input.tokens + outputTokens,
  };
}
