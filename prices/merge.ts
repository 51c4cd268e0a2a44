import type { Picodollars } from '../shared/core/money.ts';
import type { Tier } from '../shared/core/price.ts';
import type { BilledClass } from '../shared/core/usage.ts';
import { perMillion, perUnit, times, toNumber } from '../shared/core/usd.ts';
import { mostPictureTokens } from '../shared/core/vision.ts';
import type { PriceRow, RateNumbers, TierNumbers } from '../shared/pricing/row.ts';
import type { Base } from './genai.ts';
import type { Group, Period, TierRule, Usd } from './overlay/types.ts';
import type { Overlay } from './overlay.ts';
import type { Table } from './schema.ts';

type Amounts = Partial<Record<BilledClass, Picodollars>>;
type Factor = Extract<TierRule, { readonly factor: string }>;

/**
 * Makes the price table of a base and the overlay: one row for each exact model id and period, sorted, with the
 * rates of every tier worked out, so that nothing is multiplied at run time.
 *
 * @throws Error that names the model, where the two do not fit or a price is not exact
 */
export function mergeTable(base: Base, overlay: Overlay): Table {
  const prices = overlay.groups.flatMap((group) => {
    try {
      return rowsOf(base, group);
    } catch (error) {
      throw new Error(`${group.models[0]}: ${error instanceof Error ? error.message : error}`);
    }
  });
  const refused = overlay.refused.flatMap(({ models, ...why }) => models.map((model) => ({ model, ...why })));
  return {
    base: base.name,
    prices: prices.sort((a, b) => compare(a.model, b.model) || compare(a.from ?? '', b.from ?? '')),
    refused: refused.sort((a, b) => compare(a.model, b.model)),
  };
}

function rowsOf(base: Base, group: Group): PriceRow[] {
  const fromBase = group.base === undefined ? [] : base.periods(group.base);
  const own = group.periods ?? [];
  const baseSource = `${base.name} (${group.base}); ${group.source}`;
  return group.models.flatMap((model) => [
    ...fromBase.map((period) => rowOf(model, group, period, baseSource)),
    ...own.map((period) => rowOf(model, group, period, group.source)),
  ]);
}

function rowOf(model: string, ofModels: Group, period: Period, source: string): PriceRow {
  const group = { ...ofModels, tiers: { ...ofModels.tiers, ...period.tiers } };
  const usd = { ...period.rates, ...group.rates };
  const normal = defaultRates(usd, group);
  const long = period.long === undefined ? undefined : defaultRates({ ...usd, ...period.long }, group);
  if ((long === undefined) !== (group.longContextOver === undefined))
    throw new Error('a long-context price needs its threshold, and the other way round');
  return {
    model,
    family: group.family,
    ...(period.from === undefined ? {} : { from: period.from }),
    source,
    sourceDate: group.sourceDate,
    contextWindow: group.contextWindow,
    maxOutputTokens: group.maxOutputTokens,
    ...pictures(group),
    ...(group.searchPerCall === undefined ? {} : { searchPerCall: group.searchPerCall }),
    ...(group.reasons === undefined ? {} : { reasons: group.reasons }),
    ...(group.imageOutput === undefined ? {} : { imageOutput: group.imageOutput }),
    ...(group.imageToolDefault === model ? { imageToolDefault: true } : {}),
    ...(group.regional === undefined ? {} : { regional: group.regional }),
    rates: withSearchBlocks(tiersOf(group, normal), group),
    ...(Object.keys(group.tools ?? {}).length === 0 ? {} : { calls: numbers(amounts(group.tools, perUnit)) }),
    ...(long === undefined || group.longContextOver === undefined
      ? {}
      : { longContext: { over: group.longContextOver, rates: longTiersOf(group, long) } }),
  };
}

function pictures({ vision }: Group): Pick<PriceRow, 'maxImageTokens' | 'vision'> {
  return typeof vision === 'number'
    ? { maxImageTokens: vision }
    : { maxImageTokens: mostPictureTokens(vision), vision };
}

function defaultRates(usd: Usd, group: Group): Amounts {
  const rates = amounts(usd, perMillion);
  if (group.cacheWrite12h === undefined) return rates;
  return { ...rates, cache_write_12h: times(rates.input ?? 0n, group.cacheWrite12h) };
}

function tiersOf(group: Group, rates: Amounts): TierNumbers {
  const tiers: Partial<Record<Tier, RateNumbers>> = { default: numbers(rates) };
  for (const [tier, rule] of rulesOf(group)) {
    tiers[tier] = numbers('factor' in rule ? scaled(rates, rule) : amounts(rule.rates, perMillion));
  }
  return tiers;
}

function longTiersOf(group: Group, rates: Amounts): TierNumbers {
  const tiers: Partial<Record<Tier, RateNumbers>> = { default: numbers(rates) };
  for (const [tier, rule] of rulesOf(group)) {
    if ('factor' in rule && rule.long) tiers[tier] = numbers(scaled(rates, rule));
  }
  return tiers;
}

/** Adds the block of input tokens that a search is billed beside its fee to that fee, at the rate of each tier. */
function withSearchBlocks(tiers: TierNumbers, group: Group): TierNumbers {
  const { searchContentTokens: tokens, tools } = group;
  if (tokens === undefined) return tiers;
  const fee = perUnit(tools?.web_search ?? '');
  return Object.fromEntries(
    Object.entries(tiers).map(([tier, rates]) => [
      tier,
      { ...rates, web_search: toNumber(fee + BigInt(tokens) * BigInt(rates.input ?? 0)) },
    ]),
  );
}

function rulesOf(group: Group) {
  return (['flex', 'priority', 'ultrafast', 'batch'] as const).flatMap((tier) => {
    const rule = group.tiers?.[tier];
    return rule === undefined ? [] : [[tier, rule] as const];
  });
}

function amounts(usd: Usd | undefined, read: (usd: string) => Picodollars): Amounts {
  return Object.fromEntries(Object.entries(usd ?? {}).map(([unit, price]) => [unit, read(price)]));
}

function scaled(rates: Amounts, { factor, only }: Factor): Amounts {
  const entries = Object.entries(rates) as [BilledClass, Picodollars][];
  const taken = entries.filter(([unit]) => only === undefined || only.includes(unit));
  return Object.fromEntries(taken.map(([unit, rate]) => [unit, times(rate, factor)]));
}

function numbers(rates: Amounts): RateNumbers {
  return Object.fromEntries(Object.entries(rates).map(([unit, rate]) => [unit, toNumber(rate)]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
