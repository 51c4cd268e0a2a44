import * as z from 'zod';
import { defineCommand } from '../command.ts';
import { projectName } from '../fields.ts';
import { unknownProject } from '../resolve.ts';

export const flushCacheCommand = defineCommand({
  name: 'flush-cache',
  changes: true,
  summary:
    'Makes the cache forget the answers of a project, or without one of the whole stage; no other stage is touched.',
  example: { project: 'demo' },
  schema: z.strictObject({ project: projectName.optional() }),
  async run({ project }, { directory }) {
    if (await directory.flush(project))
      return { flushed: project === undefined ? 'stage' : 'project', project: project ?? null };
    return unknownProject(project ?? '');
  },
});
