import { periodKey } from '../core/period.ts';
import { MOST_UNPRICED_MODELS, OTHER_MODELS } from '../core/unpriced.ts';
import type { UnpricedCalls, UnpricedModel } from '../ports/unpriced-calls.ts';

/** Refused calls in memory: for tests, and for trying things out. */
export function createMemoryUnpricedCalls(): UnpricedCalls {
  const months = new Map<string, Map<string, UnpricedModel>>();
  return {
    async count(model, at) {
      const month = periodKey('month', at);
      const models = months.get(month) ?? new Map<string, UnpricedModel>();
      months.set(month, models);
      const named = [...models.keys()].filter((name) => name !== OTHER_MODELS).length;
      const name = models.has(model) || named < MOST_UNPRICED_MODELS ? model : OTHER_MODELS;
      const { calls } = models.get(name) ?? { calls: 0 };
      models.set(name, { model: name, calls: calls + 1, lastAt: at });
      return name;
    },
    inMonth: async (month) => [...(months.get(month)?.values() ?? [])],
  };
}
