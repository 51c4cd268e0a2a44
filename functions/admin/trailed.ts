import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../shared/core/json.ts';
import { isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import type { AdminDeps } from './deps.ts';

/** A change whose fields are larger is made, and its fields are left out of the trail. In characters. */
const MOST_FIELDS = 50_000;

/** Names the changes of one function in the order in which they come, also within a millisecond. */
export function changeIds(): (at: number) => string {
  let made = 0;
  return (at) => {
    made += 1;
    return `${new Date(at).toISOString()} ${String(made).padStart(9, '0')} ${randomUUID()}`;
  };
}

/** What the trail says of a change before it is made. */
export interface Change {
  readonly id: string;
  readonly at: number;
  readonly command: string;
  readonly fields: JsonObject;
  readonly by: string | null;
  readonly request: string | null;
}

/** Makes a change, with its entry in the trail: written first, so that nothing is ever changed without one. */
export async function trailed(
  { id, at, command, fields, by, request }: Change,
  { trail }: AdminDeps,
  change: () => Promise<JsonObject | Refusal>,
): Promise<JsonObject | Refusal> {
  const kept = JSON.stringify(fields).length <= MOST_FIELDS ? fields : { too_large: true };
  await trail.begin({ id, at, by, request, command, fields: kept, outcome: 'begun' });
  const result = await change();
  await trail.end(id, isRefusal(result) ? result.code : 'done');
  return result;
}
