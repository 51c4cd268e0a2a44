import type { ImageOutput, Tier } from '../../shared/core/price.ts';
import type { BilledClass } from '../../shared/core/usage.ts';
import type { Vision } from '../../shared/core/vision.ts';

/** US dollars as decimal strings: for a million tokens of a class, or for one unit of anything else. */
export type Usd = Readonly<Partial<Record<BilledClass, string>>>;

/** Rates from a UTC day on; the first period of a group has no `from`. */
export interface Period {
  readonly from?: string;
  /** USD for a million tokens. */
  readonly rates: Usd;
  /** The same, once the input is over the group's `longContextOver`. */
  readonly long?: Usd;
  /** Tiers that differ from the group's in this period. */
  readonly tiers?: Tiers;
}

/**
 * A tier as a factor on the default rates, or on those of some classes, which may hold for long contexts too; or with
 * rates of its own.
 */
export type TierRule =
  | { readonly factor: string; readonly long: boolean; readonly only?: readonly BilledClass[] }
  | { readonly rates: Usd };

/** What a tier costs beside the default one. */
export type Tiers = Readonly<Partial<Record<Exclude<Tier, 'default'>, TierRule>>>;

/** Models that cost the same, and all that the base does not know, or knows wrong, about them. */
export interface Group {
  readonly family: string;
  /** Exact model ids: what a request may name, and what an answer may name. */
  readonly models: readonly string[];
  /** The entry of `@pydantic/genai-prices` that the default rates come from; absent: they all stand in `periods`. */
  readonly base?: string;
  /** Our own periods; beside a base, those after the base's. */
  readonly periods?: readonly Period[];
  /** Rates of the default tier to add to every period, or to correct. USD for a million tokens. */
  readonly rates?: Usd;
  readonly tiers?: Tiers;
  /** The most input tokens at the normal rates. */
  readonly longContextOver?: number;
  /** The 12-hour cache write as a factor on the plain input rate. */
  readonly cacheWrite12h?: string;
  /** USD for one call of a hosted tool, or one minute of a container. */
  readonly tools?: Usd;
  /** Input tokens that each web search is billed beside its fee, and that `usage` does not count. */
  readonly searchContentTokens?: number;
  readonly searchPerCall?: true;
  /** OpenAI's page of it lists no reasoning tokens: all that it puts out is in its answers. */
  readonly reasons?: false;
  /** How many tokens an image that it makes comes to; absent where no page says. */
  readonly imageOutput?: ImageOutput;
  /** The one of its models that the image tool of `/responses` uses where a request names none. */
  readonly imageToolDefault?: string;
  /** OpenAI's regional endpoints charge 10% more for it. */
  readonly regional?: true;
  readonly contextWindow: number;
  readonly maxOutputTokens: number;
  /** What it makes of pictures; where no rule is published, the most tokens of one. */
  readonly vision: Vision | number;
  /** Where the additions of this overlay come from, and the day on which that was read. */
  readonly source: string;
  readonly sourceDate: string;
}

/** Models that are known and not served. */
export interface RefusedGroup {
  readonly models: readonly string[];
  /** Completes "The model X is not served: …". */
  readonly reason: string;
  /** A price alone is missing for them to be served: calls that ask for them are counted. */
  readonly unpriced?: true;
  readonly source: string;
  readonly sourceDate: string;
}

/** Why the table says something else than the base, on points that are the same for several models. */
export interface Explanation {
  readonly models: readonly string[];
  /** Each point, with what the base says and what the table says: when either moves, the reason no longer holds. */
  readonly differs: Readonly<Record<string, readonly [base: string, ours: string]>>;
  /** Why ours stands. */
  readonly reason: string;
}
