import type { Period } from '../core/period.ts';
import { PERIODS } from '../core/period.ts';
import type { Limit, Scope } from '../core/scope.ts';
import { scopeId, scopesOf } from '../core/scope.ts';
import type { Directory, Project } from '../ports/directory.ts';

/** A scope's limits; the version of a period outlives its removal, so that a limit set again is newer than any before. */
interface ScopeEntry {
  readonly scope: Scope;
  readonly limits: Map<Period, Limit>;
  readonly versions: Map<Period, number>;
}

/** The rules of a stage in memory: for tests, and for trying things out. It forgets everything when it ends. */
export function createMemoryDirectory(): Directory {
  const scopes = new Map<string, ScopeEntry>();
  const projects = new Map<string, Project>();
  let cacheGeneration = 0;

  function entryOf(scope: Scope): ScopeEntry {
    const id = scopeId(scope);
    const entry = scopes.get(id) ?? { scope: { ...scope }, limits: new Map(), versions: new Map() };
    scopes.set(id, entry);
    return entry;
  }

  function nextVersion(entry: ScopeEntry, period: Period): number {
    const version = (entry.versions.get(period) ?? 0) + 1;
    entry.versions.set(period, version);
    return version;
  }

  function changed(name: string, change: Partial<Project>): Project | undefined {
    const project = projects.get(name);
    if (project === undefined) return undefined;
    const next = { ...project, ...change };
    projects.set(name, next);
    return next;
  }

  return {
    async rules(subject) {
      const project = projects.get(subject.project);
      const limits = scopesOf(subject).flatMap((scope) => limitsOf(scopes.get(scopeId(scope))));
      return { cacheGeneration, limits, ...(project === undefined ? {} : { project }) };
    },
    async limit(scope, period) {
      return scopes.get(scopeId(scope))?.limits.get(period);
    },
    async putLimit(scope, period, amount, shards) {
      const entry = entryOf(scope);
      const spread = shards ?? entry.limits.get(period)?.shards;
      const version = nextVersion(entry, period);
      const limit = {
        scope: entry.scope,
        period,
        amount,
        version,
        ...(spread !== undefined && { shards: spread }),
      };
      entry.limits.set(period, limit);
      return limit;
    },
    async removeLimit(scope, period) {
      const entry = scopes.get(scopeId(scope));
      const limit = entry?.limits.get(period);
      if (entry === undefined || limit === undefined) return undefined;
      nextVersion(entry, period);
      entry.limits.delete(period);
      return limit;
    },
    async *limits() {
      for (const entry of sorted(scopes.values(), ({ scope }) => scopeId(scope))) yield* limitsOf(entry);
    },
    async project(name) {
      return projects.get(name);
    },
    async createProject(project) {
      if (projects.has(project.name)) return 'exists';
      projects.set(project.name, { ...project });
      return 'created';
    },
    async changeProject(name, change) {
      const project = changed(name, change);
      if (project?.cacheSeconds !== 0) return project;
      const { cacheSeconds: _, ...rest } = project;
      projects.set(name, rest);
      return rest;
    },
    async *projects() {
      yield* sorted(projects.values(), ({ name }) => encodeURIComponent(name));
    },
    async flush(name) {
      if (name === undefined) {
        cacheGeneration += 1;
        return true;
      }
      const generation = projects.get(name)?.cacheGeneration ?? 0;
      return changed(name, { cacheGeneration: generation + 1 }) !== undefined;
    },
  };
}

function limitsOf(entry: ScopeEntry | undefined): Limit[] {
  if (entry === undefined) return [];
  return PERIODS.flatMap((period) => entry.limits.get(period) ?? []);
}

/** In the order in which the table's index lists them. */
function sorted<T>(values: Iterable<T>, indexKey: (value: T) => string): T[] {
  return [...values].sort((a, b) => (indexKey(a) < indexKey(b) ? -1 : 1));
}
