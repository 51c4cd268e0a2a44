import * as z from 'zod';
import { isObject, type JsonObject } from '../../shared/core/json.ts';
import { isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import { checkFields } from './command.ts';
import { flushCacheCommand } from './commands/cache.ts';
import { setLimit } from './commands/limits.ts';
import type { AdminDeps } from './deps.ts';
import { modelName, projectName, roundedUsd, userName } from './fields.ts';
import type { AdminReply } from './reply.ts';

/** openai-wrapi sends `*` for any user or model; others that speak its payloads leave them out, or send null. */
function orAny<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (value === null || value === '*' ? undefined : value), schema.optional());
}

const limitPayload = z.strictObject({
  project: projectName,
  user: orAny(userName),
  model: orAny(modelName),
  limit: roundedUsd,
});
const flushPayload = z.strictObject({ flush_cache: z.literal(true, { error: 'must be true' }) });

/**
 * Whether a payload is one that openai-wrapi sends to the admin function of a stage: `{project, user, model, limit}`
 * or `{flush_cache: true}`. Source: https://github.com/teticio/openai-proxy, src/openai_wrapi/utils.py.
 */
export function isLegacy(payload: JsonObject): boolean {
  return !('command' in payload) && ('flush_cache' in payload || 'limit' in payload);
}

/**
 * Does what openai-wrapi asks for: a monthly limit, in a project that need not exist yet, or a flush of the stage. It
 * sends limits as Python works them out, such as `100 / 12`: they are rounded down, so that none becomes larger.
 */
export async function runLegacy(payload: JsonObject, deps: AdminDeps): Promise<JsonObject | Refusal> {
  const result = 'flush_cache' in payload ? await flush(payload, deps) : await limit(payload, deps);
  return isRefusal(result) ? result : { status_code: 200, ...result };
}

/** openai-wrapi looks for an `errorMessage`, and for nothing else, to see that something went wrong. */
export function legacyError(reply: AdminReply): AdminReply {
  const { error } = reply;
  return isObject(error) ? { ...reply, errorMessage: error['message'] } : reply;
}

async function flush(payload: JsonObject, deps: AdminDeps): Promise<JsonObject | Refusal> {
  const checked = checkFields(flushPayload, payload, 'flush_cache', { flush_cache: true });
  return isRefusal(checked) ? checked : flushCacheCommand.run({}, deps);
}

async function limit(payload: JsonObject, deps: AdminDeps): Promise<JsonObject | Refusal> {
  const example = { project: 'demo', user: 'user/alice', model: 'gpt-4o', limit: 10 };
  const checked = checkFields(limitPayload, payload, 'limit', example);
  if (isRefusal(checked)) return checked;
  return setLimit({ ...checked.fields, period: 'month' }, deps, 'create');
}
