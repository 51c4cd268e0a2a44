import * as z from 'zod';
import { periodKey } from '../../../shared/core/period.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../../shared/core/refusal.ts';
import { defineCommand } from '../command.ts';
import { day, modelName } from '../fields.ts';
import { actor, priceFields } from '../price-fields.ts';
import { rowOf } from '../price-row.ts';
import { priceView, setPriceView } from '../price-view.ts';

/** A running function reads the prices again within this time, in seconds. */
const IN_FORCE_WITHIN_SECONDS = 60;

export const setPriceCommand = defineCommand({
  name: 'set-price',
  changes: true,
  summary:
    'Sets what a model costs in this stage from a day on (today when none is named), in place of what the proxy was ' +
    'built with. rates: USD for a million tokens, characters or seconds, by tier and class; calls: USD for one call ' +
    'or minute of a tool. A price is given whole; what is no rate is taken from the model as it is, or from the one ' +
    'that it is like.',
  example: {
    model: 'gpt-6.2-luna',
    like: 'gpt-6-luna',
    source: 'https://developers.openai.com/api/docs/models/gpt-6.2-luna',
    by: 'alice',
    rates: { default: { input: '0.2', cached_input: '0.02', output: '1' } },
    allow_missing: true,
  },
  schema: priceFields,
  async run(fields, { listPrices, stagePrices, clock }) {
    const now = clock.now();
    const today = periodKey('day', now);
    const known = listPrices.find(fields.like ?? fields.model, now);
    if (fields.like !== undefined && known.kind !== 'priced') return unknownModel(fields.like);
    const row = rowOf(fields, known.kind === 'priced' ? known.price : undefined, today);
    if (isRefusal(row)) return row;
    const from = row.from ?? today;
    const price = { model: fields.model, from, row, setBy: fields.by, setAt: now };
    await stagePrices.put(price);
    return { ...setPriceView(price), in_force_within_seconds: IN_FORCE_WITHIN_SECONDS };
  },
});

export const pricesCommand = defineCommand({
  name: 'prices',
  summary:
    'Shows what a model costs in this stage today, and what admins set for it; without a model, all that admins set.',
  example: { model: 'gpt-6.2-luna' },
  schema: z.strictObject({ model: modelName.optional() }),
  async run({ model }, { listPrices, stagePrices, clock }) {
    const all = await stagePrices.all();
    if (model === undefined) return { set: all.map(setPriceView) };
    const found = listPrices.find(model, clock.now());
    return {
      model,
      in_force: found.kind === 'priced' ? priceView(found.price) : null,
      ...(found.kind === 'refused' ? { refused: found.reason } : {}),
      set: all.filter((price) => price.model === model).map(setPriceView),
    };
  },
});

export const removePriceCommand = defineCommand({
  name: 'remove-price',
  changes: true,
  summary:
    'Removes the price that was set for a model from exactly this day on; what holds then is what was there before.',
  example: { model: 'gpt-6.2-luna', from: '2026-11-21', by: 'alice' },
  schema: z.strictObject({ model: modelName, from: day, by: actor }),
  async run({ model, from }, { stagePrices }) {
    const removed = await stagePrices.remove(model, from);
    if (removed === undefined) return unknownPrice(model, from);
    return { removed: setPriceView(removed), in_force_within_seconds: IN_FORCE_WITHIN_SECONDS };
  },
});

function unknownModel(model: string): Refusal {
  const message = `set-price: no model ${JSON.stringify(model)} has a price, so nothing can be like it.`;
  return invalidRequest('unknown_model', message, { param: 'like' });
}

function unknownPrice(model: string, from: string): Refusal {
  const message =
    `No price was set for ${JSON.stringify(model)} from ${from} on. {"command":"prices"} shows those that were; ` +
    'the others belong to the release, and are corrected with set-price.';
  return invalidRequest('unknown_price', message, { status: 404 });
}
