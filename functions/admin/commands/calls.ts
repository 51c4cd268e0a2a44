import * as z from 'zod';
import { callTime } from '../../../shared/core/call-id.ts';
import type { JsonObject } from '../../../shared/core/json.ts';
import type { CallEntry } from '../../../shared/core/ledger.ts';
import { formatUsd } from '../../../shared/core/money.ts';
import { daysBetween, periodStart } from '../../../shared/core/period.ts';
import { defineCommand } from '../command.ts';
import { day, projectName } from '../fields.ts';
import { unknownProject } from '../resolve.ts';
import { tallyView } from '../tally-view.ts';

const DAY_MS = 86_400_000;
/** How far back to look for calls when there are few. */
const LOOK_BACK_DAYS = 31;

export const callsCommand = defineCommand({
  name: 'calls',
  summary:
    `Shows the latest calls of a project, the newest first: of one day, or of the last ${LOOK_BACK_DAYS} days. ` +
    'Calls that came to nothing (void) are left out unless asked for.',
  example: { project: 'demo', limit: 5 },
  schema: z.strictObject({
    project: projectName,
    day: day.optional(),
    limit: z.int().min(1).max(1000).default(20),
    include_void: z.boolean().default(false),
  }),
  async run(fields, { directory, store, clock }) {
    const project = await directory.project(fields.project);
    if (project === undefined) return unknownProject(fields.project);
    const now = clock.now();
    const oldest = Math.max(project.createdAt, periodStart('day', now) - (LOOK_BACK_DAYS - 1) * DAY_MS);
    const days = fields.day === undefined ? daysBetween(oldest, now).reverse() : [fields.day];
    const calls: JsonObject[] = [];
    for (const on of days) {
      for await (const call of store.calls(project.name, on)) {
        if (call.outcome?.state === 'void' && !fields.include_void) continue;
        if (calls.length === fields.limit) return { calls };
        calls.push(callView(call));
      }
      if (calls.length === fields.limit) break;
    }
    return { calls };
  },
});

/** A call as admins see it. `state`: `open` while it runs, then how it ended. */
function callView(call: CallEntry): JsonObject {
  const { outcome } = call;
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
    cost: outcome === undefined ? null : formatUsd(outcome.cost),
    saved: outcome === undefined ? null : formatUsd(outcome.saved),
    ...tallyView(outcome?.tally ?? {}),
    hit: (outcome?.tally.hits ?? 0) > 0,
    flags: outcome?.flags ?? [],
  };
}
