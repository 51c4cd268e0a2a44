import * as z from 'zod';
import { periodKey } from '../../../shared/core/period.ts';
import type { PriceTable } from '../../../shared/core/price.ts';
import type { UnpricedModel } from '../../../shared/ports/unpriced-calls.ts';
import { defineCommand } from '../command.ts';
import { month } from '../fields.ts';

export const unpricedCommand = defineCommand({
  name: 'unpriced',
  summary:
    'Shows the models that calls asked for and were refused, since they have no price, in a UTC month (the running one ' +
    'when none is named), the most wanted first. set-price gives a model a price, and it is served within a minute.',
  example: { month: '2026-11' },
  schema: z.strictObject({ month: month.optional() }),
  async run(fields, { unpricedCalls, listPrices, clock }) {
    const now = clock.now();
    const asked = fields.month ?? periodKey('month', now);
    const models = await unpricedCalls.inMonth(asked);
    return {
      month: asked,
      models: [...models].sort(byDemand).map((each) => viewOf(each, listPrices, now)),
    };
  },
});

function byDemand(a: UnpricedModel, b: UnpricedModel): number {
  return b.calls - a.calls || (a.model < b.model ? -1 : 1);
}

function viewOf({ model, calls, lastAt }: UnpricedModel, prices: PriceTable, now: number) {
  const found = prices.find(model, now);
  return {
    model,
    calls,
    last_at: new Date(lastAt).toISOString(),
    priced: found.kind === 'priced',
    ...(found.kind === 'refused' ? { refused: found.reason } : {}),
  };
}
