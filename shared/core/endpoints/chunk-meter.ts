import type { StreamMeter } from '../endpoint.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf, textOf } from '../json-members.ts';
import type { Deferred } from '../ledger.ts';
import type { Served, UsageCounts } from '../usage.ts';
import { chatUsage, count } from '../usage-reader.ts';

/** What one endpoint's chunks carry in each of their choices. */
export interface ChoiceReader {
  /** Whether it puts out audio, whose tokens no text bounds. */
  readonly audible?: boolean;
  /** Bytes of output, in UTF-8. */
  outputBytes(choice: JsonObject): number;
  /** Whether the choice shows that the web was searched for it. */
  searched(choice: JsonObject): boolean;
  /** What OpenAI keeps of an answer, by the id that its chunks carry; absent: nothing. */
  kept?(chunk: JsonObject): Deferred | undefined;
}

/** The body with `stream_options.include_usage`, where it asks for a stream. */
export function includeUsage(body: JsonObject): JsonObject {
  if (body['stream'] !== true) return body;
  const options = isObject(body['stream_options']) ? body['stream_options'] : {};
  return { ...body, stream_options: { ...options, include_usage: true } };
}

/**
 * Reads the chunks of chat completions and completions. Their usage comes in a last chunk without choices; where the
 * caller did not ask for it, it is stripped. All other chunks pass as they are, also their `"usage": null`, which
 * OpenAI adds with `include_usage` and the types of its SDKs allow.
 *
 * @param body the caller's body
 */
export function chunkMeter(body: JsonObject, reader: ChoiceReader): StreamMeter {
  const options = body['stream_options'];
  const asked = isObject(options) && options['include_usage'] === true;
  const searched = new Set<number>();
  let choices = 0;
  let outputBytes = 0;
  let model: string | undefined;
  let serviceTier: string | undefined;
  let counts: UsageCounts | undefined;
  let final = false;
  let kept: Deferred | undefined;

  function seeChoice(choice: JsonValue): void {
    if (!isObject(choice)) return;
    const index = count(choice['index']) ?? 0;
    choices = Math.max(choices, index + 1);
    outputBytes += reader.outputBytes(choice);
    if (reader.searched(choice)) searched.add(index);
  }

  return {
    see(data) {
      model = textOf(data['model']) ?? model;
      serviceTier = textOf(data['service_tier']) ?? serviceTier;
      kept ??= reader.kept?.(data);
      const list = listOf(data['choices']);
      list.forEach(seeChoice);
      const usage = chatUsage(data['usage']);
      if (usage !== undefined) {
        counts = usage;
        final = list.length === 0;
      }
      const isUsageChunk = isObject(data['usage']) && Array.isArray(data['choices']) && list.length === 0;
      return isUsageChunk && !asked ? 'strip' : 'pass';
    },
    served: () =>
      counts === undefined ? undefined : servedOf(model, serviceTier, counts, choices, searched.size),
    kept: () => kept,
    isFinal: () => final,
    // Every chunk with choices was made by the model, also the first, which only names its role.
    hasBegun: () => choices > 0,
    serviceTier: () => serviceTier,
    seenOutputBytes: () => (reader.audible === true ? undefined : outputBytes),
  };
}

/** What `servedWhole` looks at beside the choices. */
export const READS = { model: true, service_tier: true, usage: true } as const;

/** Reads a whole answer that has `choices` and `usage`. */
export function servedWhole(
  answer: JsonObject,
  searched: (choice: JsonObject) => boolean,
): Served | undefined {
  const counts = chatUsage(answer['usage']);
  if (counts === undefined) return undefined;
  const choices = listOf(answer['choices']);
  const searches = choices.filter((choice) => isObject(choice) && searched(choice)).length;
  return servedOf(textOf(answer['model']), textOf(answer['service_tier']), counts, choices.length, searches);
}

function servedOf(
  model: string | undefined,
  serviceTier: string | undefined,
  counts: UsageCounts,
  choices: number,
  searches: number,
): Served {
  return {
    ...(model === undefined ? {} : { model }),
    ...(serviceTier === undefined ? {} : { serviceTier }),
    counts: searches === 0 ? counts : { ...counts, web_search: searches },
    choices,
  };
}
