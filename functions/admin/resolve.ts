import { foldedName } from '../../shared/core/identity.ts';
import { userNameProblem } from '../../shared/core/names.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../shared/core/refusal.ts';
import type { Scope } from '../../shared/core/scope.ts';
import type { AdminDeps } from './deps.ts';

export interface ScopeFields {
  readonly project?: string | undefined;
  readonly user?: string | undefined;
  readonly model?: string | undefined;
}

/**
 * The scope that a payload names: users by the name that limits know them by, models by their family. A model that
 * the price table does not know is taken as it is, for what was booked or limited before it left the table.
 */
export function scopeOf(fields: ScopeFields, deps: AdminDeps): Scope | Refusal {
  const exact = exactScope(fields, deps);
  if (isRefusal(exact) || exact.user === undefined) return exact;
  return { ...exact, user: foldedName(exact.user) };
}

/** The same, with the user as it is written: a limit that was set before names were folded may be under that. */
export function exactScope(fields: ScopeFields, deps: AdminDeps): Scope | Refusal {
  const user = fields.user === undefined ? undefined : userOf(fields.user, deps);
  if (typeof user === 'object') return user;
  return {
    ...(fields.project === undefined ? {} : { project: fields.project }),
    ...(user === undefined ? {} : { user }),
    ...(fields.model === undefined ? {} : { model: familyOf(fields.model, deps) }),
  };
}

/** A caller is never booked on an ARN: a limit on one would bind nobody. */
function userOf(name: string, deps: AdminDeps): string | Refusal {
  if (!name.startsWith('arn:')) return name;
  const user = deps.userOfArn(name);
  if (user === undefined) {
    return invalidRequest(
      'unknown_user',
      `No caller has the ARN ${JSON.stringify(name)}. Name the user as calls are booked, such as "user/alice", ` +
        '"role/deploy" or "sso/alice@example.com".',
      { param: 'user' },
    );
  }
  const problem = userNameProblem(user);
  if (problem === undefined) return user;
  const message = `The ARN ${JSON.stringify(name)} stands for ${JSON.stringify(user)}: ${problem}.`;
  return invalidRequest('invalid_field', message, { param: 'user' });
}

function familyOf(model: string, { prices, clock }: AdminDeps): string {
  const found = prices.find(model, clock.now());
  return found.kind === 'priced' ? found.price.family : model;
}

/** Why no limit can be set on this model, and what to do; `undefined` when one can. */
export function modelProblem(model: string, { prices, clock }: AdminDeps): Refusal | undefined {
  const found = prices.find(model, clock.now());
  if (found.kind === 'priced') return undefined;
  const message =
    found.kind === 'refused'
      ? `${model} is not served: ${found.reason}`
      : `${JSON.stringify(model)} has no price, so no call can use it. Give the exact id of a model in ` +
        'prices/table.json, or set its price with set-price.';
  return invalidRequest('unknown_model', message, { param: 'model' });
}

/** A refusal when the payload names a project that does not exist. */
export async function projectProblem(
  project: string | undefined,
  { directory }: AdminDeps,
): Promise<Refusal | undefined> {
  if (project === undefined || (await directory.project(project)) !== undefined) return undefined;
  return unknownProject(project);
}

/** The refusal of a project that does not exist: it says how to create it, and how to see those there are. */
export function unknownProject(project: string): Refusal {
  const create = JSON.stringify({ command: 'create-project', project });
  return invalidRequest(
    'unknown_project',
    `There is no project ${JSON.stringify(project)}. Create it with ${create}; {"command":"list-projects"} shows ` +
      'those there are.',
    { param: 'project', status: 404 },
  );
}
