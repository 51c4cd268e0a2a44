import type { StreamError } from '../endpoint.ts';
import type { JsonObject } from '../json.ts';

/** A response of which nothing is known: what every response has, as OpenAI's API reference has it. */
const UNKNOWN: JsonObject = {
  id: '',
  object: 'response',
  created_at: 0,
  model: '',
  access_programs: null,
  background: false,
  instructions: null,
  max_output_tokens: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  service_tier: 'auto',
  store: true,
  temperature: null,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: null,
  truncation: 'disabled',
};

/**
 * The events with which OpenAI ends the stream of a response that fails: `error`, here with the nested `error` that some
 * clients look for, and `response.failed`. Of either alone, some of OpenAI's SDKs and agents take no notice.
 *
 * @param started the response as an earlier event had it; absent where none came
 * @param next the `sequence_number` of the first of them
 */
export function failingResponse(
  { code, message }: StreamError,
  started: JsonObject | undefined,
  next: number,
): readonly JsonObject[] {
  const { tool_usage: _, ...known } = started ?? {};
  const response = {
    ...UNKNOWN,
    ...known,
    status: 'failed',
    completed_at: null,
    // The codes of this error are a closed list, of which this one fits.
    error: { code: 'server_error', message },
    incomplete_details: null,
    output: [],
    usage: null,
  };
  const error = { type: 'server_error', code, message, param: null };
  return [
    { type: 'error', sequence_number: next, code, message, param: null, error },
    { type: 'response.failed', sequence_number: next + 1, response },
  ];
}
