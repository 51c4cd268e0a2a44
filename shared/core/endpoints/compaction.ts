import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf } from '../json-members.ts';

/**
 * Whether OpenAI may make the context of a response shorter, for which the model reads it once more: "when the rendered
 * token count crosses the configured threshold" (guide "Compaction"), or where the input ends with an item that asks for
 * it. An entry without a threshold may have any.
 *
 * @param most the most tokens that can be in the context
 */
export function canCompact(body: JsonObject, most: number): boolean {
  return (
    listOf(body['context_management']).some((entry) => thresholdOf(entry) <= most) ||
    listOf(body['input']).some((item) => isObject(item) && item['type'] === 'compaction_trigger')
  );
}

/**
 * What a caller can change so that nothing is held for a compaction, in the words of an error.
 *
 * @param most the most tokens that can be in the context
 */
export function compactionLever(body: JsonObject, most: number): string {
  return listOf(body['context_management']).length > 0
    ? `name a compact_threshold above ${most}`
    : 'leave out the compaction_trigger';
}

function thresholdOf(entry: JsonValue): number {
  const threshold = isObject(entry) ? entry['compact_threshold'] : undefined;
  return typeof threshold === 'number' ? threshold : 0;
}
