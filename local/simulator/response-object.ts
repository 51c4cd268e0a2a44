import type { Response, ResponseError } from 'openai/resources/responses/responses';
import type { JsonObject, JsonValue } from '../../shared/core/json.ts';
import type { Refusal } from './faults.ts';
import { imageGeneration, toolUnits } from './hosted-tools.ts';
import { isReasoning, servedTier } from './models.ts';
import { type AnsweredItems, answerItems, hostedOf, outputOf } from './response-items.ts';
import type { ResponseRequest } from './response-request.ts';
import type { Simulation } from './simulation.ts';
import { countInput, inputUnits, responseUsage } from './usage.ts';
import type { WireResponse } from './wire-response.ts';

export interface Answered extends AnsweredItems {
  readonly response: WireResponse;
  readonly refusal?: Refusal;
}

const NO_TOOL_USAGE: Response.ToolUsage.ImageGen = {
  input_tokens: 0,
  input_tokens_details: { image_tokens: 0, text_tokens: 0 },
  output_tokens: 0,
  output_tokens_details: { image_tokens: 0, text_tokens: 0 },
  total_tokens: 0,
};

/** Decides what a request is answered, counts it, and gives it the shape of a finished response. */
export function answerResponse(request: ResponseRequest, simulation: Simulation): Answered {
  const { body, model, prompt } = request;
  const answered = answerItems(request, simulation);
  const { output, items, webSearches } = answered;
  const input = countInput(prompt, model, simulation);
  const now = simulation.now();
  const tier = servedTier(model, body['service_tier']);
  simulation.bill({
    kind: 'completions',
    model: model.snapshot,
    tier,
    inputTokens: input.tokens,
    units: { ...inputUnits(input), output: output.outputTokens, ...toolUnits(body, hostedOf(items)) },
  });
  const images = imageGeneration(body, hostedOf(items), simulation);
  const response: WireResponse = {
    id: simulation.newId('resp_'),
    object: 'response',
    created_at: now,
    status: output.cut ? 'incomplete' : 'completed',
    background: request.background,
    completed_at: output.cut ? null : now,
    error: null,
    incomplete_details: output.cut ? { reason: 'max_output_tokens' } : null,
    model: model.snapshot,
    output: outputOf(items),
    service_tier: tier,
    store: request.store,
    access_programs: null,
    ...echo(body, isReasoning(model)),
    tool_usage: { image_gen: images ?? NO_TOOL_USAGE, web_search: { num_requests: webSearches } },
    usage: responseUsage(input, output.outputTokens, output.reasoningTokens),
  };
  return { ...answered, response };
}

/** The same, where OpenAI turned the request down after so many events of its output. */
export function refusedResponse(answered: Answered, refusal: Refusal): Answered {
  const { code, message, after } = refusal;
  const error = { code, message } as ResponseError;
  const output = after === 0 ? [] : answered.response.output;
  return {
    ...answered,
    response: { ...started(answered.response, 'failed'), output, error },
    refusal,
  };
}

/** A response as it is before anything came out. */
export function started(
  response: WireResponse,
  status: 'in_progress' | 'queued' | 'cancelled' | 'failed',
): WireResponse {
  const { tool_usage: _, ...rest } = response;
  return {
    ...rest,
    status,
    completed_at: null,
    error: null,
    incomplete_details: null,
    output: [],
    usage: null,
  };
}

function echo(body: JsonObject, reasons: boolean) {
  return {
    instructions: body['instructions'] ?? null,
    max_output_tokens: numberOr(null, body['max_output_tokens']),
    max_tool_calls: numberOr(null, body['max_tool_calls']),
    metadata: body['metadata'] ?? {},
    parallel_tool_calls: body['parallel_tool_calls'] !== false,
    previous_response_id: textOr(null, body['previous_response_id']),
    prompt_cache_key: textOr(null, body['prompt_cache_key']),
    reasoning: body['reasoning'] ?? { effort: reasons ? 'medium' : null, summary: null },
    safety_identifier: textOr(null, body['safety_identifier']),
    temperature: numberOr(1, body['temperature']),
    text: body['text'] ?? { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: body['tools'] ?? [],
    top_logprobs: numberOr(0, body['top_logprobs']),
    top_p: numberOr(1, body['top_p']),
    truncation: body['truncation'] ?? 'disabled',
    ...(typeof body['user'] === 'string' ? { user: body['user'] } : {}),
  };
}

function numberOr<T>(otherwise: T, value: JsonValue | undefined): number | T {
  return typeof value === 'number' ? value : otherwise;
}

function textOr<T>(otherwise: T, value: JsonValue | undefined): string | T {
  return typeof value === 'string' ? value : otherwise;
}
