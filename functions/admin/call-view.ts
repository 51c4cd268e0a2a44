import { callTime } from '../../shared/core/call-id.ts';
import { bookedCost } from '../../shared/core/corrections.ts';
import type { JsonObject } from '../../shared/core/json.ts';
import type { CallEntry } from '../../shared/core/ledger.ts';
import { formatUsd } from '../../shared/core/money.ts';
import { tallyView } from './tally-view.ts';

/** A call as admins see it. `state`: `open` while it runs, then how it ended. `cost`: what is booked for it by now. */
export function callView(call: CallEntry): JsonObject {
  const { outcome } = call;
  const cost = bookedCost(call);
  return {
    id: call.id,
    at: new Date(callTime(call.id)).toISOString(),
    user: call.user,
    endpoint: call.endpoint,
    requested_model: call.requestedModel,
    served_model: outcome?.servedModel ?? null,
    service_tier: outcome?.serviceTier ?? null,
    stream: call.stream,
    state: outcome?.state ?? 'open',
    status: outcome?.status ?? null,
    held: formatUsd(call.held),
    cost: cost === undefined ? null : formatUsd(cost),
    saved: outcome === undefined ? null : formatUsd(outcome.saved),
    ...tallyView(outcome?.tally ?? {}),
    hit: (outcome?.tally.hits ?? 0) > 0,
    flags: outcome?.flags ?? [],
    ...correctionView(call),
  };
}

function correctionView({ outcome, correction }: CallEntry): JsonObject {
  if (outcome === undefined || correction === undefined) return {};
  const { reason, by, at } = correction;
  return {
    correction: { booked: formatUsd(outcome.cost), reason, by: by ?? null, at: new Date(at).toISOString() },
  };
}
