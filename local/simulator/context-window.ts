import type { SimulatedModel } from './models.ts';
import type { Prompt } from './prompt.ts';
import { apiError, type JsonReply } from './reply.ts';

/**
 * OpenAI's error for an input that the model cannot take in, if it cannot.
 *
 * @param param the parameter that holds it
 */
export function promptError(model: SimulatedModel, prompt: Prompt, param: string): JsonReply | undefined {
  if (prompt.isTooLarge) {
    return apiError(400, 'An image has more than 30,000 patches. Reduce its size and try again.', { param });
  }
  if (prompt.filled <= model.contextWindow) return undefined;
  const message =
    `This model's maximum context length is ${model.contextWindow} tokens. ` +
    `However, your ${param} resulted in ${prompt.filled} tokens. Please reduce the length of the ${param}.`;
  return apiError(400, message, { param, code: 'context_length_exceeded' });
}
