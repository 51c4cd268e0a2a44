import type { Picodollars } from './money.ts';
import type { BilledClass } from './usage.ts';
import type { Vision } from './vision.ts';

/** Picodollars for one unit of a class. A class that is absent cannot be billed by this price. */
export type Rates = Readonly<Partial<Record<BilledClass, Picodollars>>>;

/** Service tiers that have rates of their own; `default` is OpenAI's standard processing. */
export const TIERS = ['default', 'flex', 'priority', 'ultrafast', 'batch'] as const;
export type Tier = (typeof TIERS)[number];

/**
 * How many tokens one image that a model makes comes to. `sizes`: by its quality and then by its size, of the few sizes
 * that there are. `units`: of any size, by how many units the quality puts on its longer edge.
 */
export type ImageOutput =
  | { readonly sizes: Readonly<Record<string, Readonly<Record<string, number>>>> }
  | { readonly units: Readonly<Record<string, number>> };

/** What one exact model id costs from a date on. */
export interface Price {
  readonly model: string;
  /** The name under which limits and books count this model: `gpt-4o` for all its dated snapshots. */
  readonly family: string;
  /** First UTC day on which it holds, `YYYY-MM-DD`; absent: from the beginning. */
  readonly from?: string;
  readonly source: string;
  readonly rates: Readonly<Partial<Record<Tier, Rates>>>;
  /** Rates of the whole request once its input is more than `over` tokens. */
  readonly longContext?: { readonly over: number; readonly rates: Readonly<Partial<Record<Tier, Rates>>> };
  /** The most tokens that one model turn can take in. */
  readonly contextWindow: number;
  /** The most tokens that it can put out; 0 for embeddings. */
  readonly maxOutputTokens: number;
  /** The most input tokens that one image can become. */
  readonly maxImageTokens: number;
  /** What it makes of a picture by its size and detail; absent: up to `maxImageTokens`, whatever it is. */
  readonly vision?: Vision;
  /** It searches the web in every call, and its `usage` does not say so: each choice owes one `web_search`. */
  readonly searchPerCall?: true;
  /** Its answers show all that it puts out. Absent: it may reason, which is billed as output and not shown. */
  readonly reasons?: false;
  /** Absent: nothing but `maxOutputTokens` bounds what an image comes to. */
  readonly imageOutput?: ImageOutput;
  /** OpenAI's image tool makes its images with this model where a request names none. */
  readonly imageToolDefault?: true;
  /** OpenAI's regional endpoints charge more for it; the rates say what this stage pays. */
  readonly regional?: true;
}

/**
 * `refused`: known, and deliberately not served, for this reason; `unpriced` if that is the want of a price. `unknown`:
 * the table has never heard of it.
 */
export type PriceLookup =
  | { readonly kind: 'priced'; readonly price: Price }
  | { readonly kind: 'refused'; readonly reason: string; readonly unpriced?: true }
  | { readonly kind: 'unknown' };

/** Why a model is not served that has no price; completes "The model X is not served: …". */
export function whyUnserved(lookup: Exclude<PriceLookup, { kind: 'priced' }>): string {
  return lookup.kind === 'refused'
    ? lookup.reason
    : 'the price table does not have it, and what has no price is not forwarded';
}

/** Whether a price alone is missing for a model to be served. */
export function wantsPrice(lookup: PriceLookup): boolean {
  return lookup.kind === 'unknown' || (lookup.kind === 'refused' && lookup.unpriced === true);
}

export interface PriceTable {
  /** @param at milliseconds since the epoch; the price that holds on that UTC day */
  find(model: string, at: number): PriceLookup;
  /** The model whose price says `imageToolDefault` on that UTC day; the latest of several. */
  defaultImageModel(at: number): string | undefined;
  /** What a minute of each container costs on that UTC day: the dearest of all models. */
  containerRates(at: number): Rates;
}
