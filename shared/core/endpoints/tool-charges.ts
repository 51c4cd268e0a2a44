import { CONTAINER_SIZES, type ContainerSize, DEFAULT_SIZE, isContainerSize } from '../containers.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { isGiven } from '../request-checks.ts';
import type { BilledClass } from '../usage.ts';
import { IMAGE_TOOL, imageToolProblem } from './image-tool.ts';

/**
 * How many searches one web search call is taken to be, at most. One call can carry several `queries`, each of them
 * billed; OpenAI names no bound.
 */
export const MAX_QUERIES_PER_SEARCH = 4;

/** Run by the caller: the answer ends with their call, so they cost tokens only. */
const CALLER_TOOLS = new Set(['function', 'custom']);
const BUILT_IN_CALLER_TOOLS = new Set(['computer', 'computer_use_preview', 'local_shell', 'apply_patch']);

/**
 * Run by OpenAI without a fee of their own; the model goes on after each call, with what it has put into the context. A
 * program that the model writes runs "in the hosted runtime", which is no container, and can hand it pictures (guide
 * "Programmatic Tool Calling"); what an MCP server returns is a text (`mcp_call.output`).
 */
const FREE_HOSTED_TOOLS: Readonly<Record<string, 'text' | 'any'>> = {
  mcp: 'text',
  tool_search: 'text',
  programmatic_tool_calling: 'any',
};

const SEARCH_TOOLS = new Set([
  'web_search',
  'web_search_2025_08_26',
  'web_search_preview',
  'web_search_preview_2025_03_11',
]);

/** What one tool of a request can be charged beside the tokens of its turn. */
export type Charge =
  | { readonly kind: 'caller'; readonly builtIn: boolean }
  /** `fee`: what a call is billed as, and how often at most. `brings`: what it may put into the context. */
  | {
      readonly kind: 'hosted';
      readonly brings: 'text' | 'any';
      readonly fee?: { readonly unit: BilledClass; readonly times: number };
    }
  /** Billed by a model of its own. */
  | { readonly kind: 'image' }
  /** `size`: of one that is made for it; absent of one that is there already. */
  | { readonly kind: 'container'; readonly size?: ContainerSize }
  | { readonly kind: 'refused'; readonly reason: string };

/** What a tool can be charged: by who runs it, and what for. */
export function chargeOf(tool: JsonValue): Charge {
  const type = typeOf(tool);
  if (!isObject(tool)) return { kind: 'refused', reason: 'A tool must be an object.' };
  if (CALLER_TOOLS.has(type)) return { kind: 'caller', builtIn: false };
  if (type === 'namespace') return namespaceCharge(tool['tools']);
  if (BUILT_IN_CALLER_TOOLS.has(type)) return { kind: 'caller', builtIn: true };
  if (type === 'tool_search' && tool['execution'] === 'client') return { kind: 'caller', builtIn: true };
  const brings = Object.hasOwn(FREE_HOSTED_TOOLS, type) ? FREE_HOSTED_TOOLS[type] : undefined;
  if (brings !== undefined) return { kind: 'hosted', brings };
  if (SEARCH_TOOLS.has(type)) {
    const fee = { unit: searchClass([tool]), times: MAX_QUERIES_PER_SEARCH };
    return { kind: 'hosted', brings: 'text', fee };
  }
  if (type === 'file_search')
    return { kind: 'hosted', brings: 'text', fee: { unit: 'file_search', times: 1 } };
  if (type === IMAGE_TOOL) return imageCharge(tool);
  if (type === 'code_interpreter') return containerCharge(tool['container']);
  if (type === 'shell') return shellCharge(tool['environment']);
  return { kind: 'refused', reason: 'This type of tool is not known here, and what it could cost neither.' };
}

/** Which searches of a response are billed: the preview tool's has its own price. */
export function searchClass(tools: readonly JsonValue[]): 'web_search' | 'web_search_preview' {
  return tools.some((tool) => typeOf(tool).startsWith('web_search_preview'))
    ? 'web_search_preview'
    : 'web_search';
}

/** The containers that tools run in, each by the size that it is made with; `undefined` of one that is there already. */
export function containerSizes(
  tools: readonly JsonValue[],
  type: 'code_interpreter' | 'shell' | 'any' = 'any',
): readonly (ContainerSize | undefined)[] {
  return tools.flatMap((tool) => {
    const charge = type === 'any' || typeOf(tool) === type ? chargeOf(tool) : undefined;
    return charge?.kind === 'container' ? [charge.size] : [];
  });
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
  if (typeof container === 'string' && container !== '') return { kind: 'container' };
  if (!isObject(container)) {
    return { kind: 'refused', reason: 'A container must be an object, such as {"type": "auto"}, or an id.' };
  }
  if (isGiven(container, 'container_id')) return { kind: 'container' };
  if (container['type'] === 'container_reference')
    return { kind: 'refused', reason: 'A container_reference must have a container_id.' };
  const size = container['memory_limit'] ?? DEFAULT_SIZE;
  return isContainerSize(size)
    ? { kind: 'container', size }
    : { kind: 'refused', reason: `memory_limit must be ${CONTAINER_SIZES.join(', ')}.` };
}

function typeOf(tool: JsonValue): string {
  return isObject(tool) && typeof tool['type'] === 'string' ? tool['type'] : '';
}
