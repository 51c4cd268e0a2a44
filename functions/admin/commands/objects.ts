import * as z from 'zod';
import { OBJECT_KINDS, type StoredObject } from '../../../shared/core/objects.ts';
import { invalidRequest, type Refusal } from '../../../shared/core/refusal.ts';
import { defineCommand } from '../command.ts';
import { projectName } from '../fields.ts';
import { unknownProject } from '../resolve.ts';

/** Whom an object is written down for that no caller made. */
const BY_ADMIN = 'admin';

const objectId = z.string().regex(/^[\w-]{1,256}$/, 'must be the id of an object, such as "vs_abc123"');

export const giveObjectCommand = defineCommand({
  name: 'give-object',
  changes: true,
  summary:
    "Gives a project something that OpenAI keeps in the stage's account and no caller made, such as a vector store " +
    'made in the dashboard. Its callers can use it from then on, as they can use what they made themselves.',
  example: { object: 'vs_abc123', kind: 'vector_store', project: 'demo' },
  schema: z.strictObject({
    object: objectId,
    kind: z.enum(OBJECT_KINDS, { error: `must be one of ${OBJECT_KINDS.join(', ')}` }),
    project: projectName,
  }),
  async run({ object: id, kind, project }, { directory, objects }) {
    if ((await directory.project(project)) === undefined) return unknownProject(project);
    await objects.own([{ id, kind, project, user: BY_ADMIN }]);
    const owner = (await objects.owners([id])).get(id);
    if (owner?.project !== project || owner.kind !== kind) return owned(id, owner);
    return { object: id, kind, project };
  },
});

export const takeObjectCommand = defineCommand({
  name: 'take-object',
  changes: true,
  summary: 'Takes an object away from its project, so that it can be given to another; OpenAI keeps it.',
  example: { object: 'vs_abc123' },
  schema: z.strictObject({ object: objectId }),
  async run({ object: id }, { objects }) {
    const owner = (await objects.owners([id])).get(id);
    if (owner === undefined)
      return invalidRequest('unknown_object', `No project has the object ${JSON.stringify(id)}.`, {
        param: 'object',
      });
    await objects.disown(id);
    return { object: id, kind: owner.kind, project: null, taken_from: owner.project };
  },
});

function owned(id: string, owner: StoredObject | undefined): Refusal {
  const whose =
    owner === undefined ? 'somebody else' : `project ${owner.project}, as a ${owner.kind.replace('_', ' ')}`;
  const take = JSON.stringify({ command: 'take-object', object: id });
  const message = `${JSON.stringify(id)} belongs to ${whose}. Take it away first, with ${take}.`;
  return invalidRequest('object_owned', message, { param: 'object' });
}
