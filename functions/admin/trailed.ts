import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../shared/core/json.ts';
import { isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import type { AdminDeps } from './deps.ts';

/** A change whose fields are larger is made, and its fields are left out of the trail. In characters. */
const MOST_FIELDS = 50_000;

interface Change {
  readonly command: string;
  readonly fields: JsonObject;
  readonly by: string | null;
  readonly request: string | null;
}

/** Makes a change, with its entry in the trail: written first, so that nothing is ever changed without one. */
export async function trailed(
  { command, fields, by, request }: Change,
  { trail, clock }: AdminDeps,
  change: () => Promise<JsonObject | Refusal>,
): Promise<JsonObject | Refusal> {
  const at = clock.now();
  const id = `${new Date(at).toISOString()} ${randomUUID()}`;
  const kept = JSON.stringify(fields).length <= MOST_FIELDS ? fields : { too_large: true };
  await trail.begin({ id, at, by, request, command, fields: kept, outcome: 'begun' });
  const result = await change();
  await trail.end(id, isRefusal(result) ? result.code : 'done');
  return result;
}
