import type { JsonObject } from '../../shared/core/json.ts';
import type { Refusal } from '../../shared/core/refusal.ts';

/** What the admin function answers: the result of the command, or `{ error }` in the shape of OpenAI's errors. */
export type AdminReply = JsonObject;

export function refusalReply({ message, type, param, code }: Refusal): AdminReply {
  return { error: { message, type, param: param ?? null, code } };
}

/** The books could not be reached in time; what the command was about to change may or may not have changed. */
export function unavailableReply(): AdminReply {
  return {
    error: {
      message:
        'The ledger could not be reached in time. A change may or may not have been made: ' +
        'every command can be sent again.',
      type: 'ledger_unavailable',
      param: null,
      code: 'ledger_unavailable',
    },
  };
}
