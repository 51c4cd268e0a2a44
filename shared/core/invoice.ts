import type { Tally, TallyKey } from './ledger.ts';
import type { Picodollars } from './money.ts';
import type { PriceTable } from './price.ts';

/*
 * OpenAI's own account of what it billed, and how what stands there is called in the books.
 */

/** What OpenAI billed on one UTC day, under one of the names that its invoice knows (`gpt-4o-2024-08-06, input`). */
export interface BilledCost {
  readonly day: string;
  readonly lineItem: string;
  readonly amount: Picodollars;
}

/**
 * What both OpenAI and the books count, so that it tells why they differ: requests and uses, tokens, characters that are
 * spoken, and seconds of audio.
 */
export const MEASURES = ['requests', 'input', 'cached_input', 'output', 'characters', 'seconds'] as const;
export type Measure = (typeof MEASURES)[number];
export type Measured = Readonly<Partial<Record<Measure, number>>>;

/** What OpenAI counted on one UTC day of one model (by its exact id), or of one of its hosted tools. */
export interface BilledUsage {
  readonly day: string;
  readonly of: { readonly model: string } | { readonly tool: Tool };
  readonly measured: Measured;
}

/** What money is compared by: a model's family, a hosted tool, or a line of the invoice that is neither. */
export interface Item {
  readonly kind: 'model' | 'tool' | 'line_item';
  readonly name: string;
}

interface ToolBilling {
  /** How the invoice names it; the model that used the tool is not told there. */
  readonly lineItem: RegExp;
  /** The classes in which the books count its uses, with those of the model that used it. */
  readonly classes: readonly TallyKey[];
}

/** Hosted tools, which OpenAI bills apart from the models that use them. */
export const TOOLS = {
  web_search: { lineItem: /web search/i, classes: ['web_search', 'web_search_preview'] },
  file_search: { lineItem: /file search(?!.*storage)/i, classes: ['file_search'] },
  code_interpreter: {
    lineItem: /code interpreter|container/i,
    classes: ['container_1g', 'container_4g', 'container_16g', 'container_64g'],
  },
} as const satisfies Readonly<Record<string, ToolBilling>>;
export type Tool = keyof typeof TOOLS;
export const TOOL_NAMES: readonly Tool[] = ['web_search', 'file_search', 'code_interpreter'];

/** A service tier in front (`priority | `), then the model, as far as the first comma or space. */
const MODEL_IN_LINE_ITEM = /^(?:[\w ]+ \| )?([\w.:/-]+)/;

/**
 * What a line of the invoice is compared with in the books: `gpt-4o-2024-08-06, cached input`, `gpt-audio-mini audio,
 * input` and `priority | gpt-5, output, long context` name a model by its exact id, `web search tool calls` a tool. What
 * the price table does not know stays a line of its own.
 *
 * @param at an instant in the day that it was billed on, in milliseconds
 */
export function itemOf(lineItem: string, prices: PriceTable, at: number): Item {
  const tool = TOOL_NAMES.find((name) => TOOLS[name].lineItem.test(lineItem));
  if (tool !== undefined) return { kind: 'tool', name: tool };
  const model = MODEL_IN_LINE_ITEM.exec(lineItem)?.[1] ?? '';
  const family = familyOf(model, prices, at);
  return family === undefined ? { kind: 'line_item', name: lineItem } : { kind: 'model', name: family };
}

/** What usage is compared with; a model that the price table does not know keeps its id. */
export function itemOfUsage({ of }: BilledUsage, prices: PriceTable, at: number): Item {
  if ('tool' in of) return { kind: 'tool', name: of.tool };
  return { kind: 'model', name: familyOf(of.model, prices, at) ?? of.model };
}

/** The name of a model in the books; its own id where it has no price there, `undefined` where it is no known model. */
function familyOf(model: string, prices: PriceTable, at: number): string | undefined {
  const found = prices.find(model, at);
  if (found.kind === 'priced') return found.price.family;
  return found.kind === 'refused' ? model : undefined;
}

const INPUT: readonly TallyKey[] = ['input', 'cache_write', 'cache_write_12h', 'audio_input', 'image_input'];
const CACHED: readonly TallyKey[] = ['cached_input', 'cached_audio_input', 'cached_image_input'];
const OUTPUT: readonly TallyKey[] = ['output', 'audio_output', 'image_output'];

/** The books' count of what a model did, in OpenAI's terms: input includes what was cached; a hit reached nobody. */
export function measuredOfModel(tally: Tally): Measured {
  const cached = sum(tally, CACHED);
  return {
    requests: (tally.calls ?? 0) - (tally.hits ?? 0),
    input: sum(tally, INPUT) + cached,
    cached_input: cached,
    output: sum(tally, OUTPUT),
    characters: tally.characters ?? 0,
    seconds: tally.audio_seconds ?? 0,
  };
}

/** How often a tool was used, by the books' count; nothing of containers, whose sessions the books do not count. */
export function measuredOfTool(tally: Tally, tool: Tool): Measured {
  return tool === 'code_interpreter' ? {} : { requests: sum(tally, TOOLS[tool].classes) };
}

/**
 * The part of what calls cost that a hosted tool made.
 *
 * @param family whose calls they are; a tool costs the same with every snapshot of it
 */
export function toolCost(
  tally: Tally,
  tool: Tool,
  family: string,
  prices: PriceTable,
  at: number,
): Picodollars {
  const found = prices.find(family, at);
  const rates = found.kind === 'priced' ? found.price.rates.default : undefined;
  return TOOLS[tool].classes.reduce(
    (cost, unit) => cost + BigInt(tally[unit] ?? 0) * (rates?.[unit] ?? 0n),
    0n,
  );
}

function sum(tally: Tally, keys: readonly TallyKey[]): number {
  return keys.reduce((total, key) => total + (tally[key] ?? 0), 0);
}
