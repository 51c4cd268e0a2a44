import * as z from 'zod';
import { type Command, defineCommand } from '../command.ts';
import { auditCommand } from './audit.ts';
import { flushCacheCommand } from './cache.ts';
import { callsCommand } from './calls.ts';
import { correctCallCommand } from './correct.ts';
import { listLimitsCommand, removeLimitCommand, setLimitCommand } from './limits.ts';
import { giveObjectCommand, takeObjectCommand } from './objects.ts';
import { pricesCommand, removePriceCommand, setPriceCommand } from './prices.ts';
import { changeProjectCommand, createProjectCommand, listProjectsCommand } from './projects.ts';
import { reconcileCommand } from './reconcile.ts';
import { trailCommand } from './trail.ts';
import { unpricedCommand } from './unpriced.ts';
import { usageCommand } from './usage.ts';

const helpCommand = defineCommand({
  name: 'help',
  summary: 'Lists the commands, each with its fields, as names and as a JSON Schema, and an example.',
  example: {},
  schema: z.strictObject({}),
  async run() {
    return {
      commands: COMMANDS.map(({ name, summary, fields, parameters, example }) => ({
        name,
        summary,
        fields,
        parameters: parameters(),
        example,
      })),
    };
  },
});

/** Every command of the admin function, in the order in which a new stage needs them. */
export const COMMANDS: readonly Command[] = [
  createProjectCommand,
  changeProjectCommand,
  listProjectsCommand,
  setLimitCommand,
  removeLimitCommand,
  listLimitsCommand,
  usageCommand,
  callsCommand,
  correctCallCommand,
  flushCacheCommand,
  giveObjectCommand,
  takeObjectCommand,
  setPriceCommand,
  pricesCommand,
  removePriceCommand,
  unpricedCommand,
  trailCommand,
  auditCommand,
  reconcileCommand,
  helpCommand,
];
