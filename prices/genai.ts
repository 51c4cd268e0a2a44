import { readFileSync } from 'node:fs';
import { type ConditionalPrice, calcPrice, findProvider, type ModelPrice } from '@pydantic/genai-prices';
import { formatUsd, parseUsd } from '../shared/core/money.ts';
import type { BilledClass } from '../shared/core/usage.ts';
import type { Period } from './overlay/types.ts';

/** USD for a thousand calls of a hosted tool. The table has them from the overlay, which knows more tools. */
export interface Fees {
  readonly web_search?: string;
  readonly file_search?: string;
}

export interface BasePeriod extends Period {
  readonly fees: Fees;
  /** The input tokens from which on the long-context rates hold, as the base has them; the overlay has the word. */
  readonly longOver?: number;
}

/** What the base says of prices; all else in it is not used. */
export interface Base {
  /** Name and version of the package. */
  readonly name: string;
  /** The ids of its entries. */
  readonly entries: readonly string[];
  /** The default rates of an entry, the oldest period first. Throws where there is no such entry. */
  periods(entry: string): readonly BasePeriod[];
  /** The entry that the base itself prices a model id with. */
  entryOf(model: string): string | undefined;
}

const CLASSES: Readonly<Record<string, BilledClass>> = {
  input_mtok: 'input',
  cache_read_mtok: 'cached_input',
  cache_write_mtok: 'cache_write',
  input_audio_mtok: 'audio_input',
  cache_audio_read_mtok: 'cached_audio_input',
  input_image_mtok: 'image_input',
  cache_image_read_mtok: 'cached_image_input',
  output_mtok: 'output',
  output_audio_mtok: 'audio_output',
  output_image_mtok: 'image_output',
};

/** The classes that the base can speak of. */
export const BASE_CLASSES: readonly BilledClass[] = [...Object.values(CLASSES), 'audio_seconds'];

/** Audio billed by its duration; the second name says the same of the same audio. */
const HOURLY: ReadonlySet<string> = new Set(['audio_hours', 'input_audio_hours']);
const SECONDS_IN_AN_HOUR = 3_600n;

/** Fees of hosted tools, for a thousand calls. */
const FEES: Readonly<Record<string, keyof Fees>> = {
  web_searches_kcount: 'web_search',
  storage_searches_kcount: 'file_search',
};

/**
 * Reads OpenAI's prices in the installed `@pydantic/genai-prices`, offline. Only its data is used: its own
 * arithmetic is in floats, and knows no tiers of service.
 */
export function readBase(): Base {
  const models = findProvider({ providerId: 'openai' })?.models ?? [];
  const byId = new Map(models.map((model) => [model.id, model]));
  return {
    name: packageName(),
    entries: [...byId.keys()],
    periods(entry) {
      const model = byId.get(entry);
      if (model === undefined) throw new Error(`the base has no entry ${entry}`);
      return Array.isArray(model.prices) ? model.prices.map(datedPeriod) : [toPeriod(model.prices)];
    },
    entryOf: (model) => calcPrice({ input_tokens: 1 }, model, { providerId: 'openai' })?.model.id,
  };
}

function datedPeriod({ constraint, prices }: ConditionalPrice): BasePeriod {
  if (constraint === undefined) return toPeriod(prices);
  if (constraint.type !== 'start_date') throw new Error(`the updater knows no price by ${constraint.type}`);
  return { from: constraint.start_date, ...toPeriod(prices) };
}

function toPeriod(prices: ModelPrice): BasePeriod {
  const rates: Partial<Record<BilledClass, string>> = {};
  const long: Partial<Record<BilledClass, string>> = {};
  const fees: Partial<Record<keyof Fees, string>> = {};
  let longOver: number | undefined;
  for (const [key, price] of Object.entries(prices)) {
    if (price === undefined) continue;
    const fee = FEES[key];
    if (fee !== undefined) {
      fees[fee] = String(price);
      continue;
    }
    if (HOURLY.has(key) && typeof price === 'number') {
      rates.audio_seconds = perMillionSeconds(price);
      continue;
    }
    const unit = CLASSES[key];
    if (unit === undefined) throw new Error(`the updater knows no price by ${key}`);
    if (typeof price === 'number') {
      rates[unit] = String(price);
      continue;
    }
    const [tier, ...more] = price.tiers;
    if (tier === undefined || more.length > 0)
      throw new Error('the updater knows just one long-context price');
    rates[unit] = String(price.base);
    long[unit] = String(tier.price);
    longOver = tier.start;
  }
  return longOver === undefined ? { rates, fees } : { rates, fees, long, longOver };
}

/** USD for an hour as USD for a million seconds. */
function perMillionSeconds(hour: number): string {
  const amount = (parseUsd(hour) ?? 0n) * 1_000_000n;
  if (amount % SECONDS_IN_AN_HOUR !== 0n) throw new Error(`$${hour} for an hour is not exact for a second`);
  return formatUsd(amount / SECONDS_IN_AN_HOUR);
}

function packageName(): string {
  const manifest = new URL('../package.json', import.meta.resolve('@pydantic/genai-prices'));
  const { name, version }: { name: string; version: string } = JSON.parse(readFileSync(manifest, 'utf8'));
  return `${name} ${version}`;
}
