import { hasContainers } from './endpoints/response-tools.ts';
import type { JsonObject } from './json.ts';
import { invalidRequest, type Refusal } from './refusal.ts';
import { type Check, isGiven } from './request-checks.ts';

/** What names of service tiers mean nothing in a batch, which is a tier of its own. */
const NO_TIER = new Set(['auto', 'default', 'batch']);

/** What a request may not have in a batch, whatever its endpoint. */
export const BATCH_CHECKS: readonly Check[] = [answersWhole, hasNoTier, hasNoContainer];

function answersWhole(body: JsonObject): Refusal | undefined {
  const asked = ['stream', 'background'].find((name) => body[name] === true);
  return asked === undefined ? undefined : refuseBatch(`A request of a batch has no ${asked}.`, asked);
}

function hasNoTier(body: JsonObject): Refusal | undefined {
  return isGiven(body, 'service_tier') && !NO_TIER.has(String(body['service_tier']))
    ? refuseBatch('A batch is a service tier of its own: leave service_tier out.', 'service_tier')
    : undefined;
}

function hasNoContainer(body: JsonObject): Refusal | undefined {
  return hasContainers(body)
    ? refuseBatch(
        'A request of a batch may not run code in a container, which is billed for as long as it lasts.',
        'tools',
      )
    : undefined;
}

/** Refuses a batch for what is in its input file. */
export function refuseBatch(message: string, param?: string): Refusal {
  return invalidRequest('invalid_batch', message, { param: param ?? 'input_file_id' });
}
