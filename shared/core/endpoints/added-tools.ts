import { listOf } from '../json-members.ts';
import { type Check, refuseUnmetered } from '../request-checks.ts';
import { bringsHostedTools } from './response-tools.ts';

/**
 * Refuses hosted tools that arrive in a list of items, in those that add tools to a conversation: they would go on
 * counting in later requests, which do not show them.
 *
 * @param list the member that holds the items
 */
export function addsCallerTools(list: 'input' | 'items'): Check {
  return (body) => {
    const index = listOf(body[list]).findIndex(bringsHostedTools);
    return index === -1
      ? undefined
      : refuseUnmetered(
          `${list}[${index}].tools`,
          `Only tools that the caller runs can be named in ${list}; hosted tools must be named in tools of POST /responses.`,
        );
  };
}
