import type { Picodollars } from '../../shared/core/money.ts';
import { periodKey } from '../../shared/core/period.ts';
import type { Price, PriceTable, Rates } from '../../shared/core/price.ts';
import type { BilledClass } from '../../shared/core/usage.ts';
import type { ServedTier } from './models.ts';

/*
 * What the simulated account owes OpenAI: counted from what the simulator answered, by nothing that Farebox counted.
 */

/** The kinds of usage that the simulator can have: each the last part of a path of the organization API. */
export const USAGE_KINDS = [
  'audio_speeches',
  'audio_transcriptions',
  'completions',
  'decisions',
  'embeddings',
  'images',
  'moderations',
  'code_interpreter_sessions',
  'file_search_calls',
  'web_search_calls',
] as const;
export type UsageKind = (typeof USAGE_KINDS)[number];

/** What one answer is billed for. */
export interface Served {
  readonly kind: UsageKind;
  /** The exact model that answered. */
  readonly model: string;
  readonly tier?: ServedTier | 'batch';
  /** How much of what has a price of its own: each unit is in one class only. */
  readonly units: Readonly<Partial<Record<BilledClass, number>>>;
  /** All input tokens, cached ones included: they decide whether the context is long. */
  readonly inputTokens: number;
}

interface Sums {
  readonly day: string;
  readonly project: string;
}

/** What was billed on one day under one line of the invoice. */
export interface CostSum extends Sums {
  readonly lineItem: string;
  amount: Picodollars;
  quantity: number;
}

/** What was counted on one day of one kind of usage. */
export interface UsageSum extends Sums {
  readonly kind: UsageKind;
  readonly model: string;
  readonly tier: string;
  requests: number;
  /** By class; of a tool's usage, its calls. */
  readonly units: Partial<Record<BilledClass, number>>;
}

/** The account of the simulated organization, with all its projects. */
export interface Account {
  /** @param at seconds since the epoch */
  add(served: Served, project: string, at: number): void;
  readonly costs: () => Iterable<CostSum>;
  readonly usage: () => Iterable<UsageSum>;
}

/** Hosted tools: how the invoice names them, and the kind of usage they are. */
const TOOLS: Readonly<Partial<Record<BilledClass, { lineItem: string; kind: UsageKind }>>> = {
  web_search: { lineItem: 'web search tool calls', kind: 'web_search_calls' },
  web_search_preview: { lineItem: 'web search tool calls', kind: 'web_search_calls' },
  file_search: { lineItem: 'file search tool calls', kind: 'file_search_calls' },
  container_1g: { lineItem: 'code interpreter sessions', kind: 'code_interpreter_sessions' },
  container_4g: { lineItem: 'code interpreter sessions', kind: 'code_interpreter_sessions' },
  container_16g: { lineItem: 'code interpreter sessions', kind: 'code_interpreter_sessions' },
  container_64g: { lineItem: 'code interpreter sessions', kind: 'code_interpreter_sessions' },
};

/** What the invoice calls a class of a model: `MODEL, input`, `MODEL audio, output`. */
const NAMES: Readonly<Partial<Record<BilledClass, string>>> = {
  input: ', input',
  cached_input: ', cached input',
  cache_write: ', cache writes',
  output: ', output',
  audio_input: ' audio, input',
  cached_audio_input: ' audio, cached input',
  audio_output: ' audio, output',
  image_input: ' image, input',
  cached_image_input: ' image, cached input',
  image_output: ' image, output',
};

/**
 * An account that is empty, priced by the published prices.
 *
 * @param prices where a model has none, its usage is counted and costs nothing
 */
export function createAccount(prices: PriceTable): Account {
  const costs = new Map<string, CostSum>();
  const usage = new Map<string, UsageSum>();
  return {
    costs: () => costs.values(),
    usage: () => usage.values(),
    add(served, project, at) {
      const day = periodKey('day', at * 1_000);
      const tier = served.tier ?? 'default';
      const count = (kind: UsageKind) => {
        const key = JSON.stringify([day, project, kind, served.model, tier]);
        const found = usage.get(key) ?? {
          day,
          project,
          kind,
          model: served.model,
          tier,
          requests: 0,
          units: {},
        };
        usage.set(key, found);
        return found;
      };
      count(served.kind).requests += 1;
      for (const { unit, quantity } of unitsOf(served)) {
        const sum = count(TOOLS[unit]?.kind ?? served.kind);
        sum.units[unit] = (sum.units[unit] ?? 0) + quantity;
        const { lineItem, rate } = lineOf(unit, served, prices, at);
        const key = JSON.stringify([day, project, lineItem]);
        const cost = costs.get(key) ?? { day, project, lineItem, amount: 0n, quantity: 0 };
        costs.set(key, cost);
        cost.amount += rate * BigInt(quantity);
        cost.quantity += quantity;
      }
    },
  };
}

function unitsOf({ units }: Served): { unit: BilledClass; quantity: number }[] {
  return Object.entries(units)
    .map(([unit, quantity]) => ({ unit: unit as BilledClass, quantity }))
    .filter(({ quantity }) => quantity > 0);
}

/** The line of the invoice that a unit stands in, and what one of it costs, in picodollars. */
function lineOf(
  unit: BilledClass,
  { model, tier = 'default', inputTokens }: Served,
  prices: PriceTable,
  at: number,
): { lineItem: string; rate: Picodollars } {
  const found = prices.find(model, at * 1_000);
  const price = found.kind === 'priced' ? found.price : undefined;
  const long = price?.longContext !== undefined && inputTokens > price.longContext.over;
  const rates = price === undefined ? {} : ratesOf(price, tier, long);
  const rate = rates[unit] ?? (unit.endsWith('input') ? rates.input : undefined) ?? 0n;
  const tool = TOOLS[unit];
  if (tool !== undefined) return { lineItem: tool.lineItem, rate };
  const name = NAMES[unit] ?? `, ${unit.replaceAll('_', ' ')}`;
  const prefix = tier === 'default' ? '' : `${tier} | `;
  return { lineItem: `${prefix}${model}${name}${long ? ', long context' : ''}`, rate };
}

/** GPT-6 calls `fast` what the price list calls priority. */
function ratesOf(price: Price, tier: NonNullable<Served['tier']>, long: boolean): Rates {
  const table = (long ? price.longContext?.rates : undefined) ?? price.rates;
  return table[tier === 'fast' ? 'priority' : tier] ?? table.default ?? {};
}
