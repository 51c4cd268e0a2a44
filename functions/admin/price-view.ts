import type { JsonObject } from '../../shared/core/json.ts';
import { formatUsd, type Picodollars } from '../../shared/core/money.ts';
import type { Price, Rates } from '../../shared/core/price.ts';
import { type BilledClass, UNITS } from '../../shared/core/usage.ts';
import type { StagePrice } from '../../shared/ports/stage-prices.ts';
import { priceRow, toPrice } from '../../shared/pricing/row.ts';

const MILLION = 1_000_000n;

/** A price as admins give it: USD for a million tokens, characters or seconds, and for one call or minute of a tool. */
export function priceView(price: Price): JsonObject {
  const { longContext } = price;
  return {
    model: price.model,
    family: price.family,
    from: price.from ?? null,
    source: price.source,
    rates: tiersView(price.rates),
    ...(longContext === undefined
      ? {}
      : { long_context: { over: longContext.over, rates: tiersView(longContext.rates) } }),
    calls: classesView(price.rates.default ?? {}, isTool),
    context_window: price.contextWindow,
    max_output_tokens: price.maxOutputTokens,
    max_image_tokens: price.maxImageTokens,
    ...(price.vision === undefined ? {} : { vision: price.vision }),
    ...(price.searchPerCall === undefined ? {} : { search_per_call: true }),
    reasons: price.reasons !== false,
    ...(price.imageOutput === undefined ? {} : { image_output: price.imageOutput }),
    ...(price.imageToolDefault === undefined ? {} : { image_tool_default: true }),
    regional: price.regional === true,
  };
}

/** A price that an admin set, with who set it and when. */
export function setPriceView({ model, from, row, setBy, setAt }: StagePrice): JsonObject {
  const parsed = priceRow.safeParse(row);
  const view = parsed.success ? priceView(toPrice(parsed.data, 'global')) : { model, from, unreadable: true };
  return { ...view, set_by: setBy, set_at: new Date(setAt).toISOString() };
}

function tiersView(tiers: Price['rates']): JsonObject {
  return Object.fromEntries(
    Object.entries(tiers).map(([tier, rates]) => [tier, classesView(rates, (unit) => !isTool(unit))]),
  );
}

function classesView(rates: Rates, keep: (unit: BilledClass) => boolean): JsonObject {
  const shown = (Object.entries(rates) as [BilledClass, Picodollars][]).filter(([unit]) => keep(unit));
  return Object.fromEntries(
    shown.map(([unit, rate]) => [unit, formatUsd(isTool(unit) ? rate : rate * MILLION)]),
  );
}

function isTool(unit: BilledClass): boolean {
  return UNITS[unit] === 'call' || UNITS[unit] === 'minute';
}
