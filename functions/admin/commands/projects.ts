import * as z from 'zod';
import { CACHINGS, MAX_CACHE_SECONDS } from '../../../shared/core/cache-control.ts';
import type { JsonObject } from '../../../shared/core/json.ts';
import { invalidRequest, isRefusal, type Refusal } from '../../../shared/core/refusal.ts';
import type { Project, ProjectChange } from '../../../shared/ports/directory.ts';
import { defineCommand } from '../command.ts';
import type { AdminDeps } from '../deps.ts';
import { pageSize, patterns, projectName } from '../fields.ts';
import { nameWarning } from '../name-warning.ts';
import { nextPage, takePage } from '../paging.ts';
import { newProject } from '../projects.ts';
import { unknownProject } from '../resolve.ts';

const settings = {
  principals: patterns.optional(),
  models: patterns.optional(),
  on_disconnect: z.enum(['drain', 'cancel'], { error: 'must be "drain" or "cancel"' }).optional(),
  caching: z.enum(CACHINGS, { error: `must be one of ${CACHINGS.join(', ')}` }).optional(),
  cache_seconds: z.int().min(0).max(MAX_CACHE_SECONDS).optional(),
};

type Settings = z.output<z.ZodObject<typeof settings>>;

export const createProjectCommand = defineCommand({
  name: 'create-project',
  changes: true,
  summary:
    'Creates a project. principals and models are patterns (* is anything) of who may use it and what it may use; ' +
    'without them, everyone and everything. It can be used once a limit bounds it.',
  example: { project: 'demo', principals: ['user/*'], models: ['gpt-4o-mini'], on_disconnect: 'drain' },
  schema: z.strictObject({ project: projectName, ...settings }),
  async run({ project: name, ...fields }, deps) {
    const change = changeOf(fields, deps);
    if (isRefusal(change)) return change;
    const { cacheSeconds, ...rest } = change;
    const project = { ...newProject(name, deps), ...rest, ...(cacheSeconds ? { cacheSeconds } : {}) };
    if ((await deps.directory.createProject(project)) === 'exists') return projectExists(name);
    return { ...projectView(project), ...nameWarning(fields.principals ?? [], deps) };
  },
});

export const changeProjectCommand = defineCommand({
  name: 'change-project',
  changes: true,
  summary:
    'Changes what is named of a project and leaves the rest; an empty list admits everyone or every model. caching is ' +
    'on, off or temperature_0 (only such requests are answered from the cache); cache_seconds says how long answers ' +
    'are kept, 0 for as long as the stage says.',
  example: { project: 'demo', principals: ['user/*', 'role/deploy'], models: [] },
  schema: z.strictObject({ project: projectName, ...settings }),
  async run({ project: name, ...fields }, deps) {
    const change = changeOf(fields, deps);
    if (isRefusal(change)) return change;
    if (Object.keys(change).length === 0) return nothingToChange();
    const project = await deps.directory.changeProject(name, change);
    if (project === undefined) return unknownProject(name);
    return { ...projectView(project), ...nameWarning(fields.principals ?? [], deps) };
  },
});

export const listProjectsCommand = defineCommand({
  name: 'list-projects',
  summary: 'Lists the projects by name.',
  example: {},
  schema: z.strictObject({ page_size: pageSize, after: z.string().optional() }),
  async run({ page_size, after }, { directory }) {
    const page = await takePage(directory.projects(), {
      size: page_size,
      after,
      position: ({ name }) => encodeURIComponent(name),
      keep: () => true,
    });
    return { projects: page.values.map(projectView), ...nextPage(page) };
  },
});

function changeOf(fields: Settings, deps: AdminDeps): ProjectChange | Refusal {
  const principals = fields.principals?.map((pattern) => principalOf(pattern, deps));
  const refused = [
    ...(principals ?? []).filter((found) => typeof found === 'object'),
    ...modelProblems(fields, deps),
  ];
  if (refused[0] !== undefined) return refused[0];
  return {
    ...(principals === undefined
      ? {}
      : { principals: [...new Set(principals.filter((found) => typeof found === 'string'))] }),
    ...(fields.models === undefined ? {} : { models: [...new Set(fields.models)] }),
    ...(fields.on_disconnect === undefined ? {} : { onDisconnect: fields.on_disconnect }),
    ...(fields.caching === undefined ? {} : { caching: fields.caching }),
    ...(fields.cache_seconds === undefined ? {} : { cacheSeconds: fields.cache_seconds }),
  };
}

/** Callers are matched by the names that they are booked on, never by their ARNs: a pattern of ARNs admits nobody. */
function principalOf(pattern: string, { userOfArn }: AdminDeps): string | Refusal {
  if (!pattern.startsWith('arn:')) return pattern;
  return (
    userOfArn(pattern) ??
    invalidRequest(
      'unknown_principal',
      `No caller has the ARN ${JSON.stringify(pattern)}. Name callers as calls are booked, such as "user/alice", ` +
        '"user/*", "role/deploy" or "sso/*@example.com".',
      { param: 'principals' },
    )
  );
}

/** A model that the price table has never heard of is a slip of the pen, and would close the project in silence. */
function modelProblems({ models = [] }: Settings, { prices, clock }: AdminDeps): Refusal[] {
  const unknown = models.filter(
    (model) => !model.includes('*') && prices.find(model, clock.now()).kind === 'unknown',
  );
  if (unknown.length === 0) return [];
  const names = unknown.map((model) => JSON.stringify(model)).join(', ');
  const message = `No model has the id ${names}. Give exact ids of prices/table.json, or patterns such as "gpt-4o*".`;
  return [invalidRequest('unknown_model', message, { param: 'models' })];
}

function projectView(project: Project): JsonObject {
  return {
    project: project.name,
    principals: project.principals,
    models: project.models,
    on_disconnect: project.onDisconnect,
    ...(project.caching !== undefined && { caching: project.caching }),
    ...(project.cacheSeconds !== undefined && { cache_seconds: project.cacheSeconds }),
    created_at: new Date(project.createdAt).toISOString(),
  };
}

function projectExists(name: string): Refusal {
  const change = JSON.stringify({ command: 'change-project', project: name, on_disconnect: 'drain' });
  const message = `There is a project ${JSON.stringify(name)} already. Change it with a command such as ${change}.`;
  return invalidRequest('project_exists', message, { param: 'project' });
}

function nothingToChange(): Refusal {
  const message = `change-project: name what is to change: ${Object.keys(settings).join(', ')}.`;
  return invalidRequest('nothing_to_change', message);
}
