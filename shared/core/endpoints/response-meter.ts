import {
  CONTAINER_IDLE_MINUTES,
  CONTAINER_UNITS,
  DEFAULT_SIZE,
  LARGEST_SIZE,
  largestSize,
} from '../containers.ts';
import { isKept } from '../created-objects.ts';
import type { StreamMeter } from '../endpoint.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf, textBytes, textOf } from '../json-members.ts';
import type { Outline } from '../json-outline.ts';
import type { Deferred } from '../ledger.ts';
import { isObjectId } from '../objects.ts';
import { serviceTier } from '../service-tier.ts';
import type { Served, UsageClass, UsageCounts, UsedContainer } from '../usage.ts';
import { count, responsesUsage } from '../usage-reader.ts';
import { servedImages } from './image-tool.ts';
import { failingResponse } from './response-failing.ts';
import { containerSizes, searchClass } from './tool-charges.ts';

/** The events that carry the whole response, with its usage. */
const LAST_EVENTS = new Set(['response.completed', 'response.incomplete', 'response.failed']);

/** Events that come before the model has begun, or in its place. */
const BEFORE_OUTPUT = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.failed',
]);

/** Statuses of a response that OpenAI works on no more: its usage, if it has any, is the last word. */
const FINAL_STATUSES = new Set(['completed', 'incomplete', 'failed', 'cancelled']);

/** What `servedResponse` looks at, and what tells which response it is, and whether it has ended. */
export const RESPONSE_READS = {
  id: true,
  model: true,
  service_tier: true,
  status: true,
  usage: true,
  tool_usage: { web_search: { num_requests: true }, image_gen: true },
  tools: { type: true, container: true, environment: true, model: true },
  output: {
    type: true,
    status: true,
    action: { type: true, queries: true },
    container_id: true,
    environment: { container_id: true },
  },
} as const satisfies Outline;

export function isFinalResponse({ status }: JsonObject): boolean {
  return typeof status === 'string' && FINAL_STATUSES.has(status);
}

/** What a response that OpenAI goes on working on is found by; `undefined` where it has ended, or says nothing of it. */
export function deferredResponse(response: JsonObject): Deferred | undefined {
  const { id } = response;
  if (!isRunning(response) || typeof id !== 'string' || !isObjectId(id)) return undefined;
  return { kind: 'response', object: id };
}

function isRunning({ status }: JsonObject): boolean {
  return status === 'queued' || status === 'in_progress';
}

/** What a response that OpenAI stores is found by, whatever has become of it. */
export function keptResponse({ id }: JsonObject, body: JsonObject): Deferred | undefined {
  const isFound = typeof id === 'string' && id !== '' && isKept('response', body);
  return isFound ? { kind: 'response', object: id } : undefined;
}

/**
 * Reads a whole response.
 *
 * @returns `undefined` when it has no usable usage, as in one that failed or is still in progress, or none of the images
 *   that were made for it: what it cost is then not known, which is not the same as nothing
 */
export function servedResponse(response: JsonObject): Served | undefined {
  // Whatever it says it used by now, it goes on.
  if (isRunning(response)) return undefined;
  const counts = responsesUsage(response['usage']);
  const images = servedImages(response);
  if (counts === undefined || images === 'unknown') return undefined;
  const model = textOf(response['model']);
  const serviceTier = textOf(response['service_tier']);
  const containers = usedContainers(response);
  return {
    ...(model === undefined ? {} : { model }),
    ...(serviceTier === undefined ? {} : { serviceTier }),
    counts: { ...counts, ...toolCounts(response) },
    ...(containers.length === 0 ? {} : { containers }),
    ...(images === undefined ? {} : { also: [images] }),
  };
}

/**
 * Reads the events of a streamed response; its usage comes with the last of them.
 *
 * @param body the caller's: in background, OpenAI goes on with it when the stream has ended
 */
export function responseMeter(body: JsonObject): StreamMeter {
  let served: Served | undefined;
  let running: Deferred | undefined;
  let started: JsonObject | undefined;
  let ended = false;
  let begun = false;
  let tier: string | undefined;
  let number = -1;
  let outputBytes = 0;

  function seeResponse(type: string, response: JsonObject): void {
    started ??= response;
    running = deferredResponse(response) ?? running;
    if (LAST_EVENTS.has(type)) {
      ended = true;
      served = servedResponse(response) ?? served;
      begun ||= listOf(response['output']).length > 0;
    }
    tier = seenTier(response, body, ended) ?? tier;
  }

  return {
    see(data) {
      const { type, response, sequence_number: sequence } = data;
      number = count(sequence) ?? number;
      if (typeof type !== 'string') return 'pass';
      if (isObject(response)) seeResponse(type, response);
      begun ||= type.startsWith('response.') && !BEFORE_OUTPUT.has(type);
      // Text, refusals, reasoning, and arguments of tools; audio comes in base64 and is no text.
      if (type.endsWith('.delta') && !type.startsWith('response.audio.'))
        outputBytes += textBytes(data['delta']);
      return 'pass';
    },
    served: () => served,
    deferred: () => (body['background'] === true ? running : undefined),
    kept: () => (ended || started === undefined ? undefined : keptResponse(started, body)),
    isFinal: () => served !== undefined,
    hasBegun: () => begun,
    serviceTier: () => tier,
    seenOutputBytes: () => outputBytes,
    failing: (error) => failingResponse(error, started, number + 1),
  };
}

/**
 * The tier that an event's response tells. Before its end, a response may only repeat what was asked for, and be served
 * at another tier in the end: then it tells nothing.
 */
function seenTier(response: JsonObject, body: JsonObject, ended: boolean): string | undefined {
  const tier = textOf(response['service_tier']);
  return ended || tier !== (serviceTier(body) ?? 'auto') ? tier : undefined;
}

function toolCounts(response: JsonObject): UsageCounts {
  const tools = listOf(response['tools']);
  const output = listOf(response['output']).filter(isObject);
  const counts: Partial<Record<UsageClass, number>> = {};
  const add = (unit: UsageClass, units: number) => {
    if (units > 0) counts[unit] = (counts[unit] ?? 0) + units;
  };
  add(searchClass(tools), reportedSearches(response) ?? countedSearches(output));
  add('file_search', output.filter((item) => item['type'] === 'file_search_call').length);
  for (const { unit } of usedContainers(response)) add(unit, CONTAINER_IDLE_MINUTES);
  return counts;
}

/**
 * The containers that a response ran in, each once. It does not say how large they were: they are taken for what its tools
 * would make.
 */
function usedContainers({ tools, output }: JsonObject): readonly UsedContainer[] {
  const found = new Map<string, UsedContainer>();
  for (const item of listOf(output).filter(isObject)) {
    const [type, id] = containerOf(item);
    if (type === undefined || typeof id !== 'string' || found.has(id)) continue;
    const sizes = containerSizes(listOf(tools), type);
    const size = sizes.includes(undefined) ? LARGEST_SIZE : (largestSize(sizes) ?? DEFAULT_SIZE);
    found.set(id, { id, unit: CONTAINER_UNITS[size] });
  }
  return [...found.values()];
}

function containerOf(item: JsonObject): readonly ['code_interpreter' | 'shell', JsonValue | undefined] | [] {
  if (item['type'] === 'code_interpreter_call') return ['code_interpreter', item['container_id']];
  if (item['type'] !== 'shell_call') return [];
  const environment = isObject(item['environment']) ? item['environment'] : {};
  return ['shell', environment['container_id']];
}

/** OpenAI's own count of the searches that it bills. */
function reportedSearches(response: JsonObject): number | undefined {
  const usage = response['tool_usage'];
  const search = isObject(usage) ? usage['web_search'] : undefined;
  return isObject(search) ? count(search['num_requests']) : undefined;
}

/** Only searches are billed, opening a page and finding text in it are not ("Web search" guide); each query is one. */
function countedSearches(output: readonly JsonObject[]): number {
  return output.reduce((searches, item) => {
    if (item['type'] !== 'web_search_call') return searches;
    const action = isObject(item['action']) ? item['action'] : {};
    if (action['type'] === 'open_page' || action['type'] === 'find_in_page') return searches;
    return searches + Math.max(1, listOf(action['queries']).length);
  }, 0);
}
