import * as z from 'zod';
import type { JsonObject } from '../../../shared/core/json.ts';
import type { TrailEntry } from '../../../shared/ports/trail.ts';
import { defineCommand } from '../command.ts';

const MOST = 1_000;

export const trailCommand = defineCommand({
  name: 'trail',
  summary:
    'Lists what admins changed in this stage, the newest first: limit of them (20), before a time if one is named.',
  example: { limit: 20 },
  schema: z.strictObject({
    limit: z.int().min(1).max(MOST).default(20),
    before: z.iso.datetime({ error: 'must be a time in UTC such as "2026-11-21T12:00:00.000Z"' }).optional(),
  }),
  async run({ limit, before }, { trail }) {
    const until = before === undefined ? Number.POSITIVE_INFINITY : Date.parse(before);
    const changes: JsonObject[] = [];
    for await (const entry of trail.entries()) {
      if (entry.at >= until) continue;
      changes.push(view(entry));
      if (changes.length === limit) break;
    }
    return { changes };
  },
});

function view({ at, by, request, command, fields, outcome }: TrailEntry): JsonObject {
  return { at: new Date(at).toISOString(), by, request, command, fields, outcome };
}
