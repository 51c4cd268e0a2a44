import { countedModel } from '../../shared/core/unpriced.ts';
import type { Call, Identified } from './call.ts';
import type { AppDeps } from './deps.ts';
import { nameOf } from './settle.ts';

/**
 * Counts a call that was refused since its model has no price, and tells who can give it one. It never throws: the
 * caller has been answered, and a count that cannot be written is not worth a fault.
 */
export async function noteUnpriced(
  model: string,
  { id, user, projectName: project, at }: Pick<Call, 'id' | 'at'> & Partial<Identified>,
  { unpricedCalls, log }: Pick<AppDeps, 'unpricedCalls' | 'log'>,
): Promise<void> {
  const named = countedModel(model);
  const facts = { call: id, user, project };
  try {
    log.alarm('model_unpriced', facts, { model: await unpricedCalls.count(named, at) });
  } catch (error) {
    // Only who has written the count down knows whether the name has a place among the metrics.
    log.alarm('model_unpriced', { ...facts, asked: named, fault: nameOf(error) });
  }
}
