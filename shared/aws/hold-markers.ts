import { callTime } from '../core/call-id.ts';
import type { AccountId, Hold } from '../core/ledger.ts';
import { bigint, type Item, itemOf, number, numberAttribute, text, textAttribute } from './attributes.ts';

const PREFIX = 'call_';

/**
 * The name under which an account holds for a call. Every write of an account costs by the size of its item, and its
 * holds are nearly all of it: so the id is packed, 14 bytes in 19 characters.
 */
export function holdName(callId: string): string {
  return Buffer.from(callId.slice(PREFIX.length), 'hex').toString('base64url');
}

/** The call that an account holds for under a name. */
export function callHeld(name: string): string {
  return `${PREFIX}${Buffer.from(name, 'base64url').toString('hex')}`;
}

/** A hold, without what the account's name and the call's id tell: its project, and when it was taken. */
export function holdAttribute(id: AccountId, callId: string, { amount, at, project }: Hold) {
  const M = itemOf({
    a: numberAttribute(amount),
    t: at === callTime(callId) ? undefined : numberAttribute(at - callTime(callId)),
    p: project === projectOf(id) ? undefined : textAttribute(project),
  });
  return { M };
}

/** Reads a hold. Throws when it is none. */
export function holdOf(id: AccountId, callId: string, value: Item = {}): Hold {
  return {
    amount: bigint(value, 'a'),
    at: callTime(callId) + (value['t'] === undefined ? 0 : number(value, 't')),
    project: value['p'] === undefined ? (projectOf(id) ?? text(value, 'p')) : text(value, 'p'),
  };
}

function projectOf(id: AccountId): string | undefined {
  return id.kind === 'limit' ? id.scope.project : id.project;
}
