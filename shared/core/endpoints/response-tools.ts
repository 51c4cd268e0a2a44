import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf } from '../json-members.ts';
import type { Picodollars } from '../money.ts';
import { type FullRates, max } from '../rates.ts';
import type { Refusal } from '../refusal.ts';
import { isGiven, refuseUnmetered } from '../request-checks.ts';
import { integer } from '../token-bounds.ts';
import type { BilledClass } from '../usage.ts';
import { IMAGE_TOOL, imageToolModels, imageToolProblem } from './image-tool.ts';

/**
 * The most calls of hosted tools in a response whose request names no `max_tool_calls`. OpenAI has no bound of its
 * own, and every call may make the model read its whole context once more.
 */
export const DEFAULT_MAX_TOOL_CALLS = 8;

/** The same where images can be made, each of which costs as much as many other calls. */
export const DEFAULT_MAX_IMAGE_CALLS = 2;

/**
 * How many searches one web search call is taken to be, at most. One call can carry several `queries`, each of them
 * billed; OpenAI names no bound.
 */
export const MAX_QUERIES_PER_SEARCH = 4;

/** "A container expires if it is not used for 20 minutes" ("Code interpreter" guide); until then it may be billed. */
export const CONTAINER_IDLE_MINUTES = 20;

/** The longest that Lambda lets a function run, and so the longest that an answer can go on using a container. */
const LONGEST_ANSWER_MINUTES = 15;

/** The most minutes that a container can be billed which was made for one answer: used to its end, and then left. */
export const MAX_CONTAINER_MINUTES = LONGEST_ANSWER_MINUTES + CONTAINER_IDLE_MINUTES;

/** What OpenAI tells the model about one tool: that of a caller's tool is in the request, its own are not. */
const TOKENS_PER_TOOL = 64;
const TOKENS_PER_BUILT_IN_TOOL = 2048;

/** Run by the caller: the answer ends with their call, so they cost tokens only. */
const CALLER_TOOLS = new Set(['function', 'custom']);
const BUILT_IN_CALLER_TOOLS = new Set(['computer', 'computer_use_preview', 'local_shell', 'apply_patch']);

/** Run by OpenAI without a fee of their own; the model goes on after each call. */
const FREE_HOSTED_TOOLS = new Set(['mcp', 'tool_search']);

const SEARCH_TOOLS = new Set([
  'web_search',
  'web_search_2025_08_26',
  'web_search_preview',
  'web_search_preview_2025_03_11',
]);

const MEMORY_CLASSES = {
  '1g': 'container_1g',
  '4g': 'container_4g',
  '16g': 'container_16g',
  '64g': 'container_64g',
} as const satisfies Readonly<Record<string, BilledClass>>;
export type ContainerClass = (typeof MEMORY_CLASSES)[keyof typeof MEMORY_CLASSES];
const DEFAULT_MEMORY = '1g';

/** What one tool of a request can be charged beside the tokens of its turn. */
type Charge =
  | { readonly kind: 'caller'; readonly builtIn: boolean }
  | { readonly kind: 'hosted'; readonly feeOf: (rates: FullRates) => Picodollars }
  /** Billed by a model of its own. */
  | { readonly kind: 'image' }
  | { readonly kind: 'container'; readonly unit: ContainerClass }
  | { readonly kind: 'refused'; readonly reason: string };

/** What all tools of a request come to. */
export interface ToolBound {
  /** How often the model can read its input. */
  readonly turns: number;
  readonly extraTokens: number;
  /** @param imageCall the most that one image can cost */
  readonly fees: (rates: FullRates, imageCall: Picodollars) => Picodollars;
}

/** Refuses tools whose cost cannot be bounded or metered. */
export function checkTools(body: JsonObject): Refusal | undefined {
  if (isGiven(body, 'tools') && !Array.isArray(body['tools'])) {
    return refuseUnmetered('tools', 'tools must be an array.');
  }
  for (const [index, tool] of listOf(body['tools']).entries()) {
    const charge = chargeOf(tool);
    if (charge.kind === 'refused') return refuseUnmetered(`tools[${index}]`, charge.reason);
  }
  return imageToolModels(body).length > 1
    ? refuseUnmetered(
        'tools',
        'Only one image model is served in a request: its answer does not tell two apart.',
      )
    : undefined;
}

/**
 * Refuses hosted tools that arrive in the input, in items that add tools to a conversation: they would go on counting
 * in later requests, which do not show them.
 */
export function checkAddedTools(body: JsonObject): Refusal | undefined {
  for (const [index, item] of listOf(body['input']).entries()) {
    if (toolsAddedBy(item).some((tool) => chargeOf(tool).kind !== 'caller')) {
      return refuseUnmetered(
        `input[${index}].tools`,
        'Only tools that the caller runs can be named in the input; hosted tools must be named in tools.',
      );
    }
  }
  return undefined;
}

function addedTools(body: JsonObject): readonly JsonValue[] {
  return listOf(body['input']).flatMap(toolsAddedBy);
}

/** The list that an MCP server gave describes its tools to the model, and adds none. */
function toolsAddedBy(item: JsonValue): readonly JsonValue[] {
  return isObject(item) && item['type'] === 'mcp_list_tools' ? [] : toolsOf(item);
}

function toolsOf(value: JsonValue): readonly JsonValue[] {
  return isObject(value) ? listOf(value['tools']) : [];
}

/** Whether OpenAI runs a tool of this request, and the model goes on after it. */
export function hasHostedTools(body: JsonObject): boolean {
  return listOf(body['tools']).some((tool) => chargeOf(tool).kind !== 'caller');
}

/** How many calls of hosted tools a response may make whose request does not say. */
export function defaultToolCalls(body: JsonObject): number {
  const makesImages = listOf(body['tools']).some((tool) => chargeOf(tool).kind === 'image');
  return makesImages ? DEFAULT_MAX_IMAGE_CALLS : DEFAULT_MAX_TOOL_CALLS;
}

/** Whether a tool of this request runs in a container of OpenAI's. */
export function hasContainers(body: JsonObject): boolean {
  return listOf(body['tools']).some((tool) => chargeOf(tool).kind === 'container');
}

/** Bounds the tools of a request that `checkTools` let through. */
export function boundTools(body: JsonObject): ToolBound {
  const tools = [...listOf(body['tools']), ...addedTools(body)];
  const inNamespaces = tools.reduce<number>((sum, tool) => sum + toolsOf(tool).length, 0);
  const charges = tools.map(chargeOf);
  const hosted = charges.filter((charge) => charge.kind !== 'caller');
  const calls = hosted.length === 0 ? 0 : (integer(body, 'max_tool_calls') ?? defaultToolCalls(body));
  const builtIn = charges.filter((charge) => charge.kind !== 'caller' || charge.builtIn).length;
  return {
    turns: calls + 1,
    extraTokens:
      builtIn * TOKENS_PER_BUILT_IN_TOOL + (charges.length - builtIn + inNamespaces) * TOKENS_PER_TOOL,
    fees: (rates, imageCall) => {
      const perCall = max(charges.map((charge) => callFee(charge, rates, imageCall)));
      const perMinute = charges.map((charge) => (charge.kind === 'container' ? rates[charge.unit] : 0n));
      return (
        BigInt(calls) * perCall +
        BigInt(MAX_CONTAINER_MINUTES) * perMinute.reduce((sum, rate) => sum + rate, 0n)
      );
    },
  };
}

function callFee(charge: Charge, rates: FullRates, imageCall: Picodollars): Picodollars {
  if (charge.kind === 'image') return imageCall;
  return charge.kind === 'hosted' ? charge.feeOf(rates) : 0n;
}

/** Which searches of a response are billed: the preview tool's has its own price. */
export function searchClass(tools: readonly JsonValue[]): 'web_search' | 'web_search_preview' {
  return tools.some((tool) => typeOf(tool).startsWith('web_search_preview'))
    ? 'web_search_preview'
    : 'web_search';
}

/** The largest container that the tools of one type may have run in. */
export function containerClass(
  tools: readonly JsonValue[],
  type: 'code_interpreter' | 'shell',
): ContainerClass {
  const order = Object.values(MEMORY_CLASSES);
  const largest = tools.reduce<number>((most, tool) => {
    const charge = typeOf(tool) === type ? chargeOf(tool) : undefined;
    return charge?.kind === 'container' ? Math.max(most, order.indexOf(charge.unit)) : most;
  }, 0);
  return order[largest] ?? MEMORY_CLASSES[DEFAULT_MEMORY];
}

function chargeOf(tool: JsonValue): Charge {
  const type = typeOf(tool);
  if (!isObject(tool)) return { kind: 'refused', reason: 'A tool must be an object.' };
  if (CALLER_TOOLS.has(type)) return { kind: 'caller', builtIn: false };
  if (type === 'namespace') return namespaceCharge(tool['tools']);
  if (BUILT_IN_CALLER_TOOLS.has(type)) return { kind: 'caller', builtIn: true };
  if (FREE_HOSTED_TOOLS.has(type)) return { kind: 'hosted', feeOf: () => 0n };
  if (SEARCH_TOOLS.has(type)) {
    const unit = searchClass([tool]);
    return { kind: 'hosted', feeOf: (rates) => BigInt(MAX_QUERIES_PER_SEARCH) * rates[unit] };
  }
  if (type === 'file_search') return { kind: 'hosted', feeOf: (rates) => rates.file_search };
  if (type === IMAGE_TOOL) return imageCharge(tool);
  if (type === 'code_interpreter') return containerCharge(tool['container']);
  if (type === 'shell') return shellCharge(tool['environment']);
  return { kind: 'refused', reason: 'This type of tool is not served: its cost cannot be bounded.' };
}

function imageCharge(tool: JsonObject): Charge {
  const reason = imageToolProblem(tool);
  return reason === undefined ? { kind: 'image' } : { kind: 'refused', reason };
}

/** OpenAI documents functions and custom tools in a namespace; whatever else it took there would be its to run. */
function namespaceCharge(tools: JsonValue | undefined): Charge {
  const own = Array.isArray(tools) && tools.every((tool) => CALLER_TOOLS.has(typeOf(tool)));
  const reason = 'A namespace must have an array of tools, of type function or custom only.';
  return own ? { kind: 'caller', builtIn: false } : { kind: 'refused', reason };
}

function shellCharge(environment: JsonValue | undefined): Charge {
  if (isObject(environment) && environment['type'] === 'local') return { kind: 'caller', builtIn: true };
  return containerCharge(environment ?? {});
}

function containerCharge(container: JsonValue | undefined): Charge {
  if (!isObject(container) || isGiven(container, 'container_id')) {
    const reason =
      'A container must be made by the request ("type": "auto"): the size of an existing one is unknown.';
    return { kind: 'refused', reason };
  }
  const memory = container['memory_limit'] ?? DEFAULT_MEMORY;
  if (typeof memory !== 'string' || !isMemory(memory)) {
    return { kind: 'refused', reason: 'memory_limit must be 1g, 4g, 16g or 64g.' };
  }
  return { kind: 'container', unit: MEMORY_CLASSES[memory] };
}

function isMemory(memory: string): memory is keyof typeof MEMORY_CLASSES {
  return Object.hasOwn(MEMORY_CLASSES, memory);
}

function typeOf(tool: JsonValue): string {
  return isObject(tool) && typeof tool['type'] === 'string' ? tool['type'] : '';
}
