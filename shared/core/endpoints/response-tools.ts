import {
  CONTAINER_UNITS,
  type ContainerSize,
  LARGEST_SIZE,
  largestSize,
  MAX_CONTAINER_MINUTES,
} from '../containers.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { listOf } from '../json-members.ts';
import type { Picodollars } from '../money.ts';
import type { Price } from '../price.ts';
import { refuseUnpriced } from '../priced-options.ts';
import { type FullRates, lists, max } from '../rates.ts';
import type { Refusal } from '../refusal.ts';
import { isGiven, refuseUnmetered } from '../request-checks.ts';
import { integer } from '../token-bounds.ts';
import type { BilledClass } from '../usage.ts';
import { imageToolModels } from './image-tool.ts';
import { type Charge, chargeOf, containerSizes } from './tool-charges.ts';

/**
 * The most calls of hosted tools in a response whose request names no `max_tool_calls`. OpenAI has no bound of its
 * own, and every call may make the model read its whole context once more.
 */
export const DEFAULT_MAX_TOOL_CALLS = 8;

/** The same where images can be made, each of which costs as much as many other calls. */
export const DEFAULT_MAX_IMAGE_CALLS = 2;

/** What OpenAI tells the model about one tool: that of a caller's tool is in the request, its own are not. */
const TOKENS_PER_TOOL = 64;
const TOKENS_PER_BUILT_IN_TOOL = 2048;

/** What all tools of a request come to. */
export interface ToolBound {
  /** How often the model can read its input. */
  readonly turns: number;
  /** What the calls of hosted tools may put into the context: text, or anything. */
  readonly brings: 'text' | 'any';
  /** How many pictures they may put there besides. */
  readonly pictures: number;
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

/** Whether an item adds tools to its conversation that OpenAI runs, and later requests do not show. */
export function bringsHostedTools(item: JsonValue): boolean {
  const unlisted = isObject(item) && isGiven(item, 'tools') && !Array.isArray(item['tools']);
  return unlisted || toolsAddedBy(item).some((tool) => chargeOf(tool).kind !== 'caller');
}

/** Each tool that has a fee must have it in the price of the model. */
export function pricesTools(body: JsonObject, price: Price): Refusal | undefined {
  for (const [index, tool] of listOf(body['tools']).entries()) {
    const unit = feeOf(chargeOf(tool));
    if (unit !== undefined && !lists(price, unit)) return refuseUnpriced(`tools[${index}]`, price, unit);
  }
  return undefined;
}

function feeOf(charge: Charge): BilledClass | undefined {
  if (charge.kind === 'container') return CONTAINER_UNITS[charge.size ?? LARGEST_SIZE];
  return charge.kind === 'hosted' ? charge.fee?.unit : undefined;
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

/** The containers that the tools of a request run in, as `containerSizes` says. */
export function containersOf(body: JsonObject): readonly (ContainerSize | undefined)[] {
  return containerSizes(listOf(body['tools']));
}

/**
 * Bounds the tools of a request that `checkTools` let through.
 *
 * @param inContext the largest container in what it leans on: one that is still active is used instead of a new one
 */
export function boundTools(
  body: JsonObject,
  { reasons }: Pick<Price, 'reasons'>,
  inContext?: ContainerSize,
): ToolBound {
  const tools = [...listOf(body['tools']), ...addedTools(body)];
  const inNamespaces = tools.reduce<number>((sum, tool) => sum + toolsOf(tool).length, 0);
  const charges = tools.map(chargeOf);
  const hosted = charges.filter((charge) => charge.kind !== 'caller');
  const calls = hosted.length === 0 ? 0 : (integer(body, 'max_tool_calls') ?? defaultToolCalls(body));
  const builtIn = charges.filter((charge) => charge.kind !== 'caller' || charge.builtIn).length;
  return {
    turns: calls + 1,
    brings: charges.some((charge) => showsAnything(charge, reasons !== false)) ? 'any' : 'text',
    pictures: charges.some(({ kind }) => kind === 'image') ? calls : 0,
    extraTokens:
      builtIn * TOKENS_PER_BUILT_IN_TOOL + (charges.length - builtIn + inNamespaces) * TOKENS_PER_TOOL,
    fees: (rates, imageCall) => {
      const perCall = max(charges.map((charge) => callFee(charge, rates, imageCall)));
      const perMinute = charges.reduce((sum, charge) => sum + minuteFee(charge, rates, inContext), 0n);
      return BigInt(calls) * perCall + BigInt(MAX_CONTAINER_MINUTES) * perMinute;
    },
  };
}

/** What a minute of a tool's container costs at most; one that is there already is among those of the context. */
function minuteFee(charge: Charge, rates: FullRates, inContext: ContainerSize | undefined): Picodollars {
  if (charge.kind !== 'container') return 0n;
  return rates[CONTAINER_UNITS[largestSize([charge.size, inContext]) ?? LARGEST_SIZE]];
}

function callFee(charge: Charge, rates: FullRates, imageCall: Picodollars): Picodollars {
  if (charge.kind === 'image') return imageCall;
  if (charge.kind !== 'hosted' || charge.fee === undefined) return 0n;
  return BigInt(charge.fee.times) * rates[charge.fee.unit];
}

/**
 * Whether the calls of a tool may show pictures to the model, as many as fit. What code draws in a container is looked at
 * by models that reason ("thinking with images"); to others it is a file.
 */
function showsAnything(charge: Charge, reasons: boolean): boolean {
  return charge.kind === 'hosted' ? charge.brings === 'any' : charge.kind === 'container' && reasons;
}
