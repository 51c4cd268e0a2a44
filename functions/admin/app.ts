import type { JsonObject } from '../../shared/core/json.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import { Unavailable } from '../../shared/ports/ledger-store.ts';
import { stageTable } from '../../shared/pricing/stage-table.ts';
import { asPayload } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import type { AdminDeps } from './deps.ts';
import { isLegacy, legacyError, runLegacy } from './legacy.ts';
import { actor } from './price-fields.ts';
import { type AdminReply, refusalReply, unavailableReply } from './reply.ts';
import { type Change, changeIds, trailed } from './trailed.ts';

/**
 * Makes the admin function of a stage: payload in, reply out. Whoever may invoke it may do everything; IAM decides
 * who that is. What it refuses, and a ledger that cannot be reached, it answers as `{ error }`; it throws on faults
 * of its own alone.
 */
export function createAdmin(deps: AdminDeps): (payload: unknown, request?: string) => Promise<AdminReply> {
  const nextId = changeIds();
  return async (payload, request) => {
    const asked = asPayload(payload);
    if (isRefusal(asked)) return refusalReply(asked);
    const legacy = isLegacy(asked);
    const run = legacy ? legacyCommand(asked) : knownCommand(asked);
    if (isRefusal(run)) return refusalReply(run);
    const at = deps.clock.now();
    const invocation = { id: nextId(at), at, request: request ?? null };
    const reply = await answer(async () => run(await withStagePrices(deps), invocation));
    return legacy ? legacyError(reply) : reply;
  };
}

/** What admins set counts for their own commands at once. */
async function withStagePrices(deps: AdminDeps): Promise<AdminDeps> {
  const set = await deps.stagePrices.all();
  return {
    ...deps,
    prices: stageTable(deps.prices, set, deps.endpoint),
    listPrices: stageTable(deps.listPrices, set, 'global'),
  };
}

type Invocation = Pick<Change, 'id' | 'at' | 'request'>;
type Run = (deps: AdminDeps, invocation: Invocation) => Promise<JsonObject | Refusal>;

function legacyCommand(payload: JsonObject): Run {
  const command = 'flush_cache' in payload ? 'flush-cache' : 'set-limit';
  const change = { command, fields: payload, by: null };
  return (deps, invocation) => trailed({ ...change, ...invocation }, deps, () => runLegacy(payload, deps));
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

function knownCommand(payload: JsonObject): Run | Refusal {
  const { command: name, ...given } = payload;
  const command = COMMANDS.find((known) => known.name === name);
  if (command === undefined) return unknownCommand(name);
  if (!command.changes) return (deps) => command.run(given, deps);
  const { by, ...rest } = given;
  const fields = command.fields.includes('by') ? given : rest;
  const named = by === undefined ? undefined : actor.safeParse(by);
  if (named?.success === false) return invalidActor(command.name);
  const change = { command: command.name, fields, by: named?.data ?? null };
  return (deps, invocation) => trailed({ ...change, ...invocation }, deps, () => command.run(fields, deps));
}

function invalidActor(command: string): Refusal {
  const message = `${command}: "by": must be who makes the change, 1 to 128 printable ASCII characters.`;
  return invalidRequest('invalid_field', message, { param: 'by' });
}

function unknownCommand(name: unknown): Refusal {
  const problem =
    name === undefined ? 'The payload has no "command"' : `There is no command ${JSON.stringify(name)}`;
  const known = COMMANDS.map((command) => command.name).join(', ');
  const message = `${problem}. Commands: ${known}. {"command":"help"} shows each with an example.`;
  return invalidRequest('unknown_command', message, { param: 'command' });
}
