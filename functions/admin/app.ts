import type { JsonObject } from '../../shared/core/json.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import { Unavailable } from '../../shared/ports/ledger-store.ts';
import { asPayload } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import type { AdminDeps } from './deps.ts';
import { isLegacy, legacyError, runLegacy } from './legacy.ts';
import { type AdminReply, refusalReply, unavailableReply } from './reply.ts';

/**
 * Makes the admin function of a stage: payload in, reply out. Whoever may invoke it may do everything; IAM decides
 * who that is. What it refuses, and a ledger that cannot be reached, it answers as `{ error }`; it throws on faults
 * of its own alone.
 */
export function createAdmin(deps: AdminDeps): (payload: unknown) => Promise<AdminReply> {
  return async (payload) => {
    const asked = asPayload(payload);
    if (isRefusal(asked)) return refusalReply(asked);
    const legacy = isLegacy(asked);
    const reply = await answer(() => (legacy ? runLegacy(asked, deps) : runCommand(asked, deps)));
    return legacy ? legacyError(reply) : reply;
  };
}

async function answer(run: () => Promise<JsonObject | Refusal>): Promise<AdminReply> {
  try {
    const result = await run();
    return isRefusal(result) ? refusalReply(result) : result;
  } catch (error) {
    if (error instanceof Unavailable) return unavailableReply();
    throw error;
  }
}

async function runCommand(payload: JsonObject, deps: AdminDeps): Promise<JsonObject | Refusal> {
  const { command: name, ...fields } = payload;
  const command = COMMANDS.find((known) => known.name === name);
  return command === undefined ? unknownCommand(name) : command.run(fields, deps);
}

function unknownCommand(name: unknown): Refusal {
  const problem =
    name === undefined ? 'The payload has no "command"' : `There is no command ${JSON.stringify(name)}`;
  const known = COMMANDS.map((command) => command.name).join(', ');
  const message = `${problem}. Commands: ${known}. {"command":"help"} shows each with an example.`;
  return invalidRequest('unknown_command', message, { param: 'command' });
}
