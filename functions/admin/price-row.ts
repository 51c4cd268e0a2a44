import type { JsonObject } from '../../shared/core/json.ts';
import type { Price, Rates } from '../../shared/core/price.ts';
import { highest } from '../../shared/core/rates.ts';
import { invalidRequest, type Refusal } from '../../shared/core/refusal.ts';
import { type BilledClass, UNITS } from '../../shared/core/usage.ts';
import { mostPictureTokens } from '../../shared/core/vision.ts';
import { type PriceRow, priceRow, type RateNumbers, toPrice } from '../../shared/pricing/row.ts';
import type { PriceFields } from './price-fields.ts';

type Tiers = Price['rates'];

/**
 * Makes the row of a price that an admin gives.
 *
 * @param model the price of the model that it corrects, or is like: what is no rate is taken from it
 * @param today the UTC day, from which it holds unless another is named
 * @returns a refusal when it would leave out something that the other price has, or make something free, and the
 *   admin did not say that this is meant
 */
export function rowOf(fields: PriceFields, model: Price | undefined, today: string): PriceRow | Refusal {
  const parsed = priceRow.safeParse(draft(fields, model, today));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim());
    return wrong('invalid_price', `the price ${problems.join('; ')}`);
  }
  const price = toPrice(parsed.data, 'global');
  const free =
    model === undefined ? zeros(price) : zeros(price).filter((rate) => !zeros(model).includes(rate));
  if (free.length > 0 && !fields.allow_free)
    return wrong('free_price', `${free.join(', ')} would be free. Send "allow_free": true if that is meant`);
  const missing = model === undefined ? missingTools(price) : lacking(price, model);
  if (missing.length > 0 && !fields.allow_missing) {
    const what = `it has no price for ${missing.join(', ')}`;
    return wrong(
      'missing_price',
      `${what}. Name them, or send "allow_missing": true if OpenAI has none either`,
    );
  }
  return parsed.data;
}

function draft(fields: PriceFields, model: Price | undefined, today: string): JsonObject {
  const calls = fields.calls ?? (model === undefined ? undefined : toolsOf(model));
  const { long_context: long } = fields;
  return {
    model: fields.model,
    family: fields.family ?? (fields.like === undefined ? model?.family : undefined) ?? fields.model,
    from: fields.from ?? today,
    source: fields.source,
    sourceDate: fields.source_date ?? today,
    ...pick('contextWindow', fields.context_window ?? model?.contextWindow),
    ...pick('maxOutputTokens', fields.max_output_tokens ?? model?.maxOutputTokens),
    ...picturesOf(fields, model),
    ...factsOf(fields, model),
    rates: numbersOf(fields.rates),
    ...(calls === undefined || Object.keys(calls).length === 0 ? {} : { calls: numbers(calls) }),
    ...(long === undefined ? {} : { longContext: { over: long.over, rates: numbersOf(long.rates) } }),
  };
}

/** Who names the most tokens of a picture, and no rules for pictures, has that held for each of them. */
function picturesOf({ max_image_tokens: most, vision }: PriceFields, model: Price | undefined): JsonObject {
  const rules = vision === undefined && most === undefined ? model?.vision : (vision ?? undefined);
  return {
    ...pick(
      'maxImageTokens',
      most ?? (rules === undefined ? model?.maxImageTokens : mostPictureTokens(rules)),
    ),
    ...(rules === undefined ? {} : { vision: rules }),
  };
}

/** What is said of a model beside its rates: by the admin, else by the other price, else what is held for most. */
function factsOf(fields: PriceFields, model: Price | undefined): JsonObject {
  const image = fields.image_output === undefined ? model?.imageOutput : fields.image_output;
  // Only one model can be what OpenAI chooses by itself: that is never taken from another one.
  const own = fields.like === undefined || fields.like === fields.model ? model : undefined;
  return {
    ...flag('searchPerCall', fields.search_per_call ?? model?.searchPerCall === true),
    ...((fields.reasons ?? model?.reasons !== false) ? {} : { reasons: false }),
    ...(image === undefined || image === null ? {} : { imageOutput: image }),
    ...flag('imageToolDefault', fields.image_tool_default ?? own?.imageToolDefault === true),
    // A model that is new here was released since regional endpoints began to charge more.
    ...flag('regional', fields.regional ?? (model === undefined || model.regional === true)),
  };
}

/** What a price of a model that is known bills, and this one does not, tier by tier. */
function lacking(price: Price, model: Price): string[] {
  const long = model.longContext?.rates ?? {};
  return [
    ...unlisted(price.rates, model.rates, ''),
    ...unlisted(price.longContext?.rates ?? {}, long, 'long_context.'),
  ];
}

function unlisted(has: Tiers, wants: Tiers, where: string): string[] {
  return entries(wants).flatMap(([tier, rates]) => {
    const listed = has[tier];
    if (listed === undefined) return [`${where}${tier}`];
    return entries(rates)
      .filter(([unit]) => listed[unit] === undefined)
      .map(([unit]) => `${where}${tier}.${unit}`);
  });
}

/** A model that puts out text may be asked to use any tool: without a fee nothing would be held for it. */
function missingTools(price: Price): string[] {
  const rates = price.rates.default ?? {};
  if (rates.output === undefined) return [];
  return entries(UNITS)
    .filter(([unit, kind]) => isTool(kind) && rates[unit] === undefined)
    .map(([unit]) => `calls.${unit}`);
}

function zeros(price: Price): string[] {
  const of = (tiers: Tiers, where: string) =>
    entries(tiers).flatMap(([tier, rates]) =>
      entries(rates).flatMap(([unit, rate]) => (rate === 0n ? [`${where}${tier}.${unit}`] : [])),
    );
  return [...of(price.rates, ''), ...of(price.longContext?.rates ?? {}, 'long_context.')];
}

/** The fees of a model's tools; the dearest, where a tier has fees of its own. */
function toolsOf({ rates }: Price): Rates {
  const tools = entries(highest(Object.values(rates))).filter(([unit]) => isTool(UNITS[unit]));
  const listed = ([unit]: [BilledClass, unknown]) => rates.default?.[unit] !== undefined;
  return Object.fromEntries(tools.filter(listed));
}

function isTool(unit: (typeof UNITS)[BilledClass]): boolean {
  return unit === 'call' || unit === 'minute';
}

function numbersOf(tiers: Tiers): Readonly<Record<string, RateNumbers>> {
  return Object.fromEntries(entries(tiers).map(([tier, rates]) => [tier, numbers(rates)]));
}

/** A number that is past what JSON holds exactly is refused by the row's schema. */
function numbers(rates: Rates): RateNumbers {
  return Object.fromEntries(entries(rates).map(([unit, rate]) => [unit, Number(rate)]));
}

function flag(name: string, value: boolean): JsonObject {
  return value ? { [name]: true } : {};
}

function pick(name: string, value: number | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value };
}

function entries<K extends string, V>(record: Readonly<Partial<Record<K, V>>>): [K, V][] {
  return Object.entries(record) as [K, V][];
}

function wrong(code: string, what: string): Refusal {
  return invalidRequest(code, `set-price: ${what}.`, { param: 'rates' });
}
