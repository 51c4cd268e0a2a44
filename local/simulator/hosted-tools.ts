import type {
  ResponseCodeInterpreterToolCall,
  ResponseFileSearchToolCall,
  ResponseFunctionWebSearch,
  ResponseOutputItem,
} from 'openai/resources/responses/responses';
import { isObject, type JsonObject } from '../../shared/core/json.ts';
import type { Served } from './account.ts';
import { type Drawn, draw } from './images.ts';
import { picture } from './picture.ts';
import { below, digest } from './random.ts';
import type { Simulation } from './simulation.ts';

/** A call of a tool that OpenAI itself runs, as it is in the end. */
export type HostedCall =
  | ResponseFunctionWebSearch
  | ResponseFileSearchToolCall
  | ResponseCodeInterpreterToolCall
  | ResponseOutputItem.ImageGenerationCall;

const MOST_WEB_SEARCHES = 2;
/** A container is billed by the minute, and stands for 20 of them after it was last used ("Code interpreter" guide). */
export const CONTAINER_MINUTES = 20;

/**
 * The calls that the simulated model makes of the hosted tools that it is offered: one or two web searches, one file
 * search, one run of code, one image, no more than `max_tool_calls` together.
 */
export function hostedCalls(body: JsonObject, seed: string, simulation: Simulation): HostedCall[] {
  const { tools, tool_choice: choice, max_tool_calls: most } = body;
  if (!Array.isArray(tools) || choice === 'none') return [];
  const calls = tools
    .filter(isObject)
    .flatMap((tool) => callsOf(String(tool['type']), body, seed, simulation));
  return calls.slice(0, typeof most === 'number' ? most : calls.length);
}

function callsOf(type: string, body: JsonObject, seed: string, simulation: Simulation): HostedCall[] {
  if (type.startsWith('web_search')) {
    const searches = 1 + below(MOST_WEB_SEARCHES, digest(seed, 'searches'));
    return Array.from({ length: searches }, () => webSearch(body, simulation));
  }
  if (type === 'file_search') {
    const queries = ['a simulated query'];
    return [
      { id: simulation.newId('fs_'), type: 'file_search_call', status: 'completed', queries, results: null },
    ];
  }
  if (type === 'image_generation') return [image(seed, simulation)];
  if (type !== 'code_interpreter') return [];
  return [
    {
      id: simulation.newId('ci_'),
      type: 'code_interpreter_call',
      status: 'completed',
      code: 'print("simulated")',
      container_id: simulation.newId('cntr_'),
      outputs: null,
    },
  ];
}

/** What the calls are billed for, beside tokens: each search, and each container that code ran in, by its size. */
export function toolUnits({ tools }: JsonObject, calls: readonly HostedCall[]): Served['units'] {
  const offered = Array.isArray(tools) ? tools.filter(isObject) : [];
  const number = (type: HostedCall['type']) => calls.filter((call) => call.type === type).length;
  const preview = offered.some((tool) => String(tool['type']).startsWith('web_search_preview'));
  const code = offered.find((tool) => tool['type'] === 'code_interpreter');
  const container = isObject(code?.['container']) ? code['container'] : {};
  return {
    [preview ? 'web_search_preview' : 'web_search']: number('web_search_call'),
    file_search: number('file_search_call'),
    [`container_${container['memory_limit'] ?? '1g'}`]: CONTAINER_MINUTES * number('code_interpreter_call'),
  };
}

function image(seed: string, simulation: Simulation): ResponseOutputItem.ImageGenerationCall {
  const result = picture(digest(seed, 'image'));
  return { id: simulation.newId('ig_'), type: 'image_generation_call', status: 'completed', result };
}

/** The usage of the image model that made the images of a response, which is billed beside it; nothing of none. */
export function imageGeneration(
  { tools }: JsonObject,
  calls: readonly HostedCall[],
  simulation: Simulation,
): Drawn['usage'] | undefined {
  const n = calls.filter(({ type }) => type === 'image_generation_call').length;
  const offered = Array.isArray(tools) ? tools.filter(isObject) : [];
  const tool = offered.find(({ type }) => type === 'image_generation');
  const model = simulation.models.get(String(tool?.['model'] ?? 'gpt-image-2'));
  if (n === 0 || tool === undefined || model === undefined) return undefined;
  return draw({ ...tool, n, prompt: 'a simulated prompt' }, model, 0, simulation).usage;
}

function webSearch({ include }: JsonObject, simulation: Simulation): ResponseFunctionWebSearch {
  const sources = Array.isArray(include) && include.includes('web_search_call.action.sources');
  const query = 'a simulated search';
  return {
    id: simulation.newId('ws_'),
    type: 'web_search_call',
    status: 'completed',
    action: {
      type: 'search',
      query,
      queries: [query],
      ...(sources ? { sources: [{ type: 'url', url: 'https://example.com/' }] } : {}),
    },
  };
}
