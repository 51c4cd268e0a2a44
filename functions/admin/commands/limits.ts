import * as z from 'zod';
import { foldedName } from '../../../shared/core/identity.ts';
import type { JsonObject } from '../../../shared/core/json.ts';
import type { Picodollars } from '../../../shared/core/money.ts';
import { PERIODS, type Period } from '../../../shared/core/period.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../../shared/core/refusal.ts';
import { describeScope, type Limit, type Scope, scopeId } from '../../../shared/core/scope.ts';
import { defineCommand } from '../command.ts';
import type { AdminDeps } from '../deps.ts';
import { modelName, pageSize, period, projectName, shards, usd, userName } from '../fields.ts';
import { limitView, scopeView } from '../limit-view.ts';
import { nameWarning } from '../name-warning.ts';
import { nextPage, takePage } from '../paging.ts';
import { mapParallel } from '../parallel.ts';
import { newProject } from '../projects.ts';
import { exactScope, modelProblem, projectProblem, type ScopeFields, scopeOf } from '../resolve.ts';

const scopeFields = {
  project: projectName.optional(),
  user: userName.optional(),
  model: modelName.optional(),
};

export interface LimitFields extends ScopeFields {
  readonly period: Period;
  readonly limit: Picodollars;
  readonly shards?: number | undefined;
}

/**
 * Sets a limit, on a model that has a price or on all. The reply carries a `warning` when the user's name may
 * not mean what it seems to.
 *
 * @param whenNoProject what to do when the limit names a project that does not exist
 */
export async function setLimit(
  fields: LimitFields,
  deps: AdminDeps,
  whenNoProject: 'refuse' | 'create',
): Promise<JsonObject | Refusal> {
  const { project, model } = fields;
  const wrongModel = model === undefined ? undefined : modelProblem(model, deps);
  if (wrongModel !== undefined) return wrongModel;
  const scope = scopeOf(fields, deps);
  if (isRefusal(scope)) return scope;
  if (project !== undefined && whenNoProject === 'create')
    await deps.directory.createProject(newProject(project, deps));
  const wrongProject = await projectProblem(project, deps);
  if (wrongProject !== undefined) return wrongProject;
  const limit = await deps.limits.set(scope, fields.period, fields.limit, fields.shards);
  await removeUnfolded(fields, scope, deps);
  const view = await limitView(limit, deps);
  return { ...view, ...userWarning(fields, deps) };
}

function userWarning({ user }: ScopeFields, deps: AdminDeps): JsonObject {
  return user === undefined ? {} : nameWarning([user], deps);
}

/**
 * Removes what a limit replaces that was set for the same user, written in the same way, before names were folded.
 *
 * @returns what it was; `undefined` if there was none
 */
async function removeUnfolded(
  fields: ScopeFields & { readonly period: Period },
  scope: Scope,
  deps: AdminDeps,
): Promise<Limit | undefined> {
  const exact = exactScope(fields, deps);
  if (isRefusal(exact) || exact.user === scope.user) return undefined;
  return deps.limits.remove(exact, fields.period);
}

export const setLimitCommand = defineCommand({
  name: 'set-limit',
  changes: true,
  summary:
    'Sets the limit in USD of a scope (any of project, user, model; none: the whole stage) in each period: ' +
    'day, week, month (when none is named) or total. With shards, its account is spread over as many items, for ' +
    'hundreds of calls in flight.',
  example: { project: 'demo', user: 'user/alice', period: 'day', limit: '2.50' },
  schema: z.strictObject({
    ...scopeFields,
    period: period.default('month'),
    limit: usd,
    shards: shards.optional(),
  }),
  run: (fields, deps) => setLimit(fields, deps, 'refuse'),
});

export const removeLimitCommand = defineCommand({
  name: 'remove-limit',
  changes: true,
  summary: 'Removes the limit of exactly this scope and period; month when no period is named.',
  example: { project: 'demo', user: 'user/alice', period: 'day' },
  schema: z.strictObject({ ...scopeFields, period: period.default('month') }),
  async run(fields, deps) {
    const scope = scopeOf(fields, deps);
    if (isRefusal(scope)) return scope;
    const unfolded = await removeUnfolded(fields, scope, deps);
    const removed = (await deps.limits.remove(scope, fields.period)) ?? unfolded;
    if (removed === undefined) return noSuchLimit(scope, fields.period);
    return { removed: scopeView(removed), ...userWarning(fields, deps) };
  },
});

export const listLimitsCommand = defineCommand({
  name: 'list-limits',
  summary:
    'Lists the limits that name this project, user or model, with what is spent, held and left in the running period.',
  example: { project: 'demo' },
  schema: z.strictObject({
    ...scopeFields,
    period: period.optional(),
    page_size: pageSize,
    after: z.string().optional(),
  }),
  async run(fields, deps) {
    const filter = scopeOf(fields, deps);
    if (isRefusal(filter)) return filter;
    const page = await takePage(deps.directory.limits(), {
      size: fields.page_size,
      after: fields.after,
      position: positionOf,
      keep: (limit) =>
        includes(limit.scope, filter) && (fields.period === undefined || limit.period === fields.period),
    });
    return { limits: await mapParallel(page.values, (limit) => limitView(limit, deps)), ...nextPage(page) };
  },
});

/** A space sorts before all that a scope's id is made of, so that this follows the order of the list. */
function positionOf({ scope, period: name }: Limit): string {
  return `${scopeId(scope)} ${PERIODS.indexOf(name)}`;
}

function includes(scope: Scope, filter: Scope): boolean {
  const has = (part: 'project' | 'model') => filter[part] === undefined || filter[part] === scope[part];
  const hasUser =
    filter.user === undefined || (scope.user !== undefined && foldedName(scope.user) === filter.user);
  return has('project') && has('model') && hasUser;
}

function noSuchLimit(scope: Scope, name: Period): Refusal {
  return invalidRequest(
    'unknown_limit',
    `There is no limit for ${describeScope(scope)} per ${name}. {"command":"list-limits"} shows those there are.`,
    { status: 404 },
  );
}
