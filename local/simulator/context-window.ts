import type { SimulatedModel } from './models.ts';
import { apiError, type JsonReply } from './reply.ts';

/**
 * OpenAI's error for an input that the model cannot take in.
 *
 * @param tokens how many tokens it has
 * @param param the parameter that holds it
 */
export function contextExceeded(model: SimulatedModel, tokens: number, param: string): JsonReply {
  const message =
    `This model's maximum context length is ${model.contextWindow} tokens. ` +
    `However, your ${param} resulted in ${tokens} tokens. Please reduce the length of the ${param}.`;
  return apiError(400, message, { param, code: 'context_length_exceeded' });
}
