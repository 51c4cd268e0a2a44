import type { Caching } from '../core/cache-control.ts';
import type { Picodollars } from '../core/money.ts';
import type { Period } from '../core/period.ts';
import type { Limit, Scope, Subject } from '../core/scope.ts';

/** A project: who may spend in its name, and on what. */
export interface Project {
  readonly name: string;
  /** Patterns (`*` stands for anything) of the users it admits; empty: everyone who may call the stage. */
  readonly principals: readonly string[];
  /** Patterns of the models it may use, exact ids or families; empty: all. */
  readonly models: readonly string[];
  /** What to do when a caller leaves in mid-stream: read on to the usage, or cancel and book an estimate. */
  readonly onDisconnect: 'drain' | 'cancel';
  /** When its answers are given again; absent: where they may be. */
  readonly caching?: Caching;
  /** How long an answer is kept and given, in seconds; absent: as long as the stage says. */
  readonly cacheSeconds?: number;
  /** Part of every cache key of the project: raising it flushes the project. */
  readonly cacheGeneration: number;
  readonly createdAt: number;
}

/** All that a call needs to know of the stage's rules, read at once. */
export interface Rules {
  /** Part of every cache key of the stage: raising it flushes the stage. */
  readonly cacheGeneration: number;
  /** Absent: there is no such project. */
  readonly project?: Project;
  /** The limits that bind this subject. */
  readonly limits: readonly Limit[];
}

/** With 0 for `cacheSeconds`, answers are kept as long as the stage says from then on. */
export type ProjectChange = Partial<
  Pick<Project, 'principals' | 'models' | 'onDisconnect' | 'caching' | 'cacheSeconds'>
>;

/**
 * The rules of one stage. Reads see every write that was acknowledged before; only the list of limits may miss,
 * for a moment, what was just set. Throws `Unavailable`.
 */
export interface Directory {
  rules(subject: Subject): Promise<Rules>;
  /** The limit of a scope and period as it stands; `undefined` when none is set. */
  limit(scope: Scope, period: Period): Promise<Limit | undefined>;
  /** Sets a limit, with the next version. It is spread over as many shards as it was, unless they are named. */
  putLimit(scope: Scope, period: Period, amount: Picodollars, shards?: number): Promise<Limit>;
  /** Removes a limit and returns what it was; `undefined` when none was set. */
  removeLimit(scope: Scope, period: Period): Promise<Limit | undefined>;
  /** Every limit, in the order of `scopeId`. */
  limits(): AsyncIterable<Limit>;

  project(name: string): Promise<Project | undefined>;
  createProject(project: Project): Promise<'created' | 'exists'>;
  changeProject(name: string, change: ProjectChange): Promise<Project | undefined>;
  /** Every project, in the order of their names as a URL encodes them. */
  projects(): AsyncIterable<Project>;

  /** Flushes a project's cached answers, or with no name the whole stage's. `false`: there is no such project. */
  flush(project?: string): Promise<boolean>;
}
