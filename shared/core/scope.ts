import { foldedName } from './identity.ts';
import type { Picodollars } from './money.ts';
import type { Period } from './period.ts';

/** What a limit binds; an absent part means any. `{}` is the whole stage. */
export interface Scope {
  readonly user?: string;
  readonly project?: string;
  /** A model family, as the price table names it: a limit on `gpt-4o` binds its dated snapshots too. */
  readonly model?: string;
}

/** A hard limit: no more than `amount` may be spent and held in `scope` in one `period`. */
export interface Limit {
  readonly scope: Scope;
  readonly period: Period;
  readonly amount: Picodollars;
  /** Grows with each change of this limit, a removal included, so that late news can be told from fresh. */
  readonly version: number;
  /**
   * Over how many items its account is spread, 1 to `MAX_SHARDS`; absent: one. More of them carry more calls in flight
   * than one item does.
   */
  readonly shards?: number;
}

/**
 * An account and all its shards are still read in one round trip, and a transfer with all of them is still one
 * expression of less than 4 KB.
 */
export const MAX_SHARDS = 64;

export function isShardCount(shards: number): boolean {
  return Number.isInteger(shards) && shards >= 1 && shards <= MAX_SHARDS;
}

/** Who and what a call is booked on; every part is known. */
export interface Subject {
  readonly user: string;
  readonly project: string;
  readonly model: string;
}

/**
 * Every scope that binds a call of this subject: all subsets of its parts, the narrowest first. A limit is set for a
 * user's folded name; one that was set before names were folded binds the caller whose name it has to the letter.
 */
export function scopesOf({ user: exact, project, model }: Subject): Scope[] {
  const names = [...new Set([foldedName(exact), exact])];
  const ofUser = (rest: Scope) => names.map((user) => ({ user, ...rest }));
  return [
    ...ofUser({ project, model }),
    ...ofUser({ project }),
    { project, model },
    ...ofUser({ model }),
    { project },
    ...ofUser({}),
    { model },
    {},
  ];
}

/** Whether what is booked on this subject counts in this scope. */
export function inScope(subject: Subject, scope: Scope): boolean {
  const isIn = (part: 'project' | 'model') => scope[part] === undefined || scope[part] === subject[part];
  const isUser = scope.user === undefined || foldedName(scope.user) === foldedName(subject.user);
  return isUser && isIn('project') && isIn('model');
}

/** Names a scope for machines: one text for each scope, in which no part can pose as another or as its absence. */
export function scopeId(scope: Scope): string {
  const parts = [scope.project, scope.user, scope.model];
  return parts.map((part) => (part === undefined ? '*' : `=${encodeURIComponent(part)}`)).join('#');
}

/** Names a scope for people: `project demo, user alice`, or `the whole stage`. */
export function describeScope(scope: Scope): string {
  const parts = (['project', 'user', 'model'] as const).flatMap((part) =>
    scope[part] === undefined ? [] : [`${part} ${scope[part]}`],
  );
  return parts.length === 0 ? 'the whole stage' : parts.join(', ');
}
