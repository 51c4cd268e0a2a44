import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { tierOf } from './rates.ts';
import { invalidRequest, type Refusal } from './refusal.ts';

/** More choices than this are no use that OpenAI allows: `n` ends at 128 in its API reference. */
export const MAX_CHOICES = 128;

/** Longer than any name of a model, fine-tuned ones included; it keeps errors and books short. */
const MAX_MODEL_LENGTH = 256;

/** One rule about a request: why it is refused, if it is. */
export type Check = (body: JsonObject) => Refusal | undefined;

/** The first refusal of several checks. */
export function firstRefusal(body: JsonObject, checks: readonly Check[]): Refusal | undefined {
  for (const check of checks) {
    const refusal = check(body);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Refuses one member of a request, saying which. */
export function refuseMember(param: string, message: string): Refusal {
  return invalidRequest('invalid_value', message, { param });
}

/** Refuses an option that OpenAI would bill in a way that Farebox cannot bound or meter. */
export function refuseUnmetered(param: string, message: string): Refusal {
  return invalidRequest('unmetered_option', message, { param });
}

/** @param hint what to say beside that the model is missing */
export function namesModel(hint = ''): Check {
  return ({ model }) => {
    if (typeof model !== 'string' || model === '') {
      return refuseMember('model', `You must provide a model, as a string${hint}.`);
    }
    return model.length > MAX_MODEL_LENGTH
      ? refuseMember('model', `model must have at most ${MAX_MODEL_LENGTH} characters.`)
      : undefined;
  };
}

/** Members that are booleans, where they are given. */
export function booleans(...names: readonly string[]): Check {
  return (body) => {
    const wrong = names.find((name) => isGiven(body, name) && typeof body[name] !== 'boolean');
    return wrong === undefined ? undefined : refuseMember(wrong, `${wrong} must be true or false.`);
  };
}

/** Members that are whole numbers between two bounds, where they are given. */
export function integers(least: number, most: number, ...names: readonly string[]): Check {
  return (body) => {
    const wrong = names.find((name) => isGiven(body, name) && !isWithin(body[name], least, most));
    const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
    return wrong === undefined ? undefined : refuseMember(wrong, `${wrong} must be an integer ${range}.`);
  };
}

/** Members that are texts, where they are given. */
export function texts(...names: readonly string[]): Check {
  return (body) => {
    const wrong = names.find((name) => isGiven(body, name) && typeof body[name] !== 'string');
    return wrong === undefined ? undefined : refuseMember(wrong, `${wrong} must be a string.`);
  };
}

/** Members that are objects, where they are given. */
export function objects(...names: readonly string[]): Check {
  return (body) => {
    const wrong = names.find((name) => isGiven(body, name) && !isObject(body[name]));
    return wrong === undefined ? undefined : refuseMember(wrong, `${wrong} must be an object.`);
  };
}

/** A service tier must be one whose rates are known. */
export function knowsTier(body: JsonObject): Refusal | undefined {
  const tier = body['service_tier'];
  if (!isGiven(body, 'service_tier') || (typeof tier === 'string' && tierOf(tier) !== undefined))
    return undefined;
  return refuseUnmetered(
    'service_tier',
    'This service_tier has no known rates. Use auto, default, flex, scale, priority, fast or ultrafast.',
  );
}

/** How long what is written to the prompt cache may be asked to live: each lifetime has a price. */
const CACHE_LIFETIMES: ReadonlySet<JsonValue> = new Set(['30m', '12h']);
const CACHE_RETENTIONS: ReadonlySet<JsonValue> = new Set(['in_memory', 'in-memory', '24h']);

/** A lifetime of the prompt cache, also of a breakpoint anywhere in the request, must be one whose rate is known. */
export function knowsCacheLifetime(body: JsonObject): Refusal | undefined {
  const retention = body['prompt_cache_retention'] ?? null;
  if (retention !== null && !CACHE_RETENTIONS.has(retention)) {
    return refuseUnmetered('prompt_cache_retention', 'prompt_cache_retention must be in_memory or 24h.');
  }
  const param = isOddLifetime(body['prompt_cache_options']) ? 'prompt_cache_options' : undefined;
  const odd = param ?? (hasOddBreakpoint(body) ? 'prompt_cache_breakpoint' : undefined);
  return odd === undefined ? undefined : refuseUnmetered(`${odd}.ttl`, `${odd}.ttl must be 30m or 12h.`);
}

function isOddLifetime(options: JsonValue | undefined): boolean {
  return isObject(options) && isGiven(options, 'ttl') && !CACHE_LIFETIMES.has(options['ttl'] ?? null);
}

function hasOddBreakpoint(value: JsonValue | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (isObject(value) && isOddLifetime(value['prompt_cache_breakpoint'])) return true;
  return Object.values(value).some(hasOddBreakpoint);
}

/** Reasoning modes beside the standard one run the model several times over, which no maximum in the request bounds. */
export function reasonsOnce(body: JsonObject): Refusal | undefined {
  const reasoning = body['reasoning'];
  if (!isObject(reasoning) || !isGiven(reasoning, 'mode') || reasoning['mode'] === 'standard')
    return undefined;
  return refuseUnmetered(
    'reasoning.mode',
    'Only reasoning.mode "standard" is served: the cost of others cannot be bounded.',
  );
}

/** Whether a member has a value: OpenAI reads `null` as absent. */
export function isGiven(body: JsonObject, name: string): boolean {
  return body[name] !== undefined && body[name] !== null;
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;
}
