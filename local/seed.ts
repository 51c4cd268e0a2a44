import * as z from 'zod';
import type { InvocationResult } from './invocation.ts';

/** Projects that a new stage starts with: the one of the printed examples, and the one of calls that name none. */
const PROJECTS = ['demo', 'default'];
/** Their limit, in USD a month. */
export const SEED_LIMIT = '5';

const REPLY = z.object({ error: z.object({ code: z.string(), message: z.string() }).optional() });

/**
 * Creates the projects of a new stage, each with a limit, by the admin function's own commands. Leaves those alone
 * that are there.
 *
 * @throws Error when the admin function refuses or fails
 */
export async function seed(invokeAdmin: (payload: string) => Promise<InvocationResult>): Promise<void> {
  const command = async (fields: Record<string, string>): Promise<string | undefined> => {
    const result = await invokeAdmin(JSON.stringify(fields));
    if (result.kind === 'threw') throw new Error(`${fields['command']}: ${result.error.errorMessage}`);
    const { error } = REPLY.parse(JSON.parse(result.payload));
    if (error !== undefined && error.code !== 'project_exists')
      throw new Error(`${fields['command']}: ${error.message}`);
    return error?.code;
  };
  for (const project of PROJECTS) {
    const problem = await command({ command: 'create-project', project });
    if (problem === undefined) await command({ command: 'set-limit', project, limit: SEED_LIMIT });
  }
}
