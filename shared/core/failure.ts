import type { MeteredEndpoint, StreamMeter } from './endpoint.ts';
import { isObject, type JsonObject } from './json.ts';
import { listOf, textOf } from './json-members.ts';
import type { Outline } from './json-outline.ts';
import type { Served } from './usage.ts';

/**
 * The types of errors with which OpenAI turns a request down, whatever their code: it must be changed, paid for, or sent
 * later. Sources: the guide "Error codes"; `requests` and `tokens` are the types that rate limits had before.
 */
const REFUSING_TYPES: ReadonlySet<string> = new Set([
  'authentication_error',
  'insufficient_quota',
  'invalid_request_error',
  'not_found_error',
  'permission_error',
  'rate_limit_error',
  'requests',
  'service_unavailable_error',
  'tokens',
]);

/**
 * The codes that say the same where no type is told, as in `response.failed`. Sources: the guide "Error codes", and the
 * codes of a response's `error` in the `openai` package, of which those are here that are about the request alone: not
 * `server_error`, time-outs of tools, and policies that stop what the model does.
 */
const REFUSING_CODES: ReadonlySet<string> = new Set([
  'billing_hard_limit_reached',
  'billing_not_active',
  'context_length_exceeded',
  'credit_balance_exhausted',
  'data_residency_mismatch',
  'empty_image_file',
  'failed_to_download_image',
  'image_content_policy_violation',
  'image_file_not_found',
  'image_file_too_large',
  'image_parse_error',
  'image_too_large',
  'image_too_small',
  'insufficient_quota',
  'invalid_api_key',
  'invalid_base64_image',
  'invalid_image',
  'invalid_image_format',
  'invalid_image_mode',
  'invalid_image_url',
  'invalid_prompt',
  'model_not_found',
  'organization_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
  'project_spend_limit_exceeded',
  'rate_limit_exceeded',
  'server_is_overloaded',
  'server_overloaded',
  'slow_down',
  'unsupported_country_region_territory',
  'unsupported_image_media_type',
]);

/** That OpenAI failed at an answer, as the answer itself says. */
export interface Failure {
  /** It turned the request down: what the model had not begun by then costs nothing. */
  readonly refuses: boolean;
}

/** What an answer costs that was turned down before the model began. */
export const SERVED_NOTHING: Served = { counts: {}, choices: 0 };

/** The members of any answer that are looked at; its endpoint may read more of the lists among them. */
const ANSWER_READS = {
  id: true,
  error: { code: true, type: true },
  status: true,
  usage: true,
  output: {},
  choices: {},
  data: {},
} as const satisfies Outline;

/**
 * The failure that an event tells of: an `error` event, flat or nested; a chunk in the place of which an error came; the
 * end of a response that failed.
 *
 * @param name of the event, as its `event` field says
 */
export function failureInEvent(data: JsonObject, name = 'message'): Failure | undefined {
  if (data['type'] === 'response.failed')
    return failureOf(isObject(data['response']) ? data['response']['error'] : undefined);
  const isError = name === 'error' || data['type'] === 'error';
  if (!isError && !isObject(data['error'])) return undefined;
  return { refuses: failureOf(data['error']).refuses || failureOf({ code: data['code'] ?? null }).refuses };
}

/** The failure that a whole answer tells of in the place of one. */
export function failureInAnswer({ error, status }: JsonObject): Failure | undefined {
  return isObject(error) || status === 'failed' ? failureOf(error) : undefined;
}

/** All members of an answer that are looked at: by its endpoint, and to see what it is and whether it failed. */
export function readsOf({ reads }: Pick<MeteredEndpoint, 'reads'>): MeteredEndpoint['reads'] {
  return { ...ANSWER_READS, ...reads };
}

/** What a whole answer, or what `readsOf` names of it, says that it used: nothing, where it turns the request down. */
export function servedIn(
  rules: Pick<MeteredEndpoint, 'served'>,
  answer: JsonObject,
  body: JsonObject,
): Served | undefined {
  return refusedAnswer(answer) ? SERVED_NOTHING : rules.served(answer, body);
}

/** Whether a whole answer says that the request was turned down before the model began, and no usage. */
function refusedAnswer(answer: JsonObject): boolean {
  if (failureInAnswer(answer)?.refuses !== true || isObject(answer['usage'])) return false;
  return ['output', 'choices', 'data'].every((name) => listOf(answer[name]).length === 0);
}

function failureOf(error: unknown): Failure {
  const { code, type } = isObject(error) ? error : {};
  return { refuses: REFUSING_TYPES.has(textOf(type) ?? '') || REFUSING_CODES.has(textOf(code) ?? '') };
}

/** A meter that knows of failures, too. */
export interface WatchedMeter extends StreamMeter {
  see(data: JsonObject, name?: string): 'pass' | 'strip';
  /** An event told of a failure. */
  failed(): boolean;
  /** OpenAI turned the request down when the model had begun: what was seen of the output is all that there is. */
  cutShort(): boolean;
}

/** Lets an answer that is turned down before the model began cost nothing: that is OpenAI's last word on it. */
export function watched(meter: StreamMeter): WatchedMeter {
  let failed = false;
  let refused = false;
  const isRefused = () => refused && !meter.hasBegun();
  return {
    ...meter,
    see(data, name) {
      const failure = failureInEvent(data, name);
      failed ||= failure !== undefined;
      refused ||= failure?.refuses === true;
      return meter.see(data);
    },
    served: () => meter.served() ?? (isRefused() ? SERVED_NOTHING : undefined),
    isFinal: () => meter.isFinal() || isRefused(),
    failed: () => failed,
    cutShort: () => refused && meter.hasBegun(),
  };
}
