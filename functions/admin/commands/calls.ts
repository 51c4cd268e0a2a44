import * as z from 'zod';
import type { JsonObject } from '../../../shared/core/json.ts';
import { daysBetween, periodStart } from '../../../shared/core/period.ts';
import { callView } from '../call-view.ts';
import { defineCommand } from '../command.ts';
import { day, projectName } from '../fields.ts';
import { unknownProject } from '../resolve.ts';

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
