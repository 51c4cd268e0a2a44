import { readEnvironment } from './environment.ts';

/** What a call says of itself to the proxy. */
export interface CallSettings {
  /** The project that pays; `OPENAI_DEFAULT_PROJECT` where it is left out. */
  readonly project?: string | null | undefined;
  /** The stage, such as `dev` or `prod`; `OPENAI_DEFAULT_STAGING` where it is left out. */
  readonly staging?: string | undefined;
  /** Whether an answer may come from the cache; `OPENAI_DEFAULT_CACHING` (`1`, `0`) where it is left out. */
  readonly caching?: boolean | undefined;
}

const defaults: { project?: string; staging?: string; caching?: boolean } = {};

/** Sets the project of every client that has not been told another. */
export function setProject(project: string): void {
  defaults.project = project;
}

/** Sets the stage of every client that has not been told another. */
export function setStaging(staging: string): void {
  defaults.staging = staging;
}

/** Says for every client that has not been told otherwise whether answers may come from the cache. */
export function setCaching(caching: boolean): void {
  defaults.caching = caching;
}

/** What is given, else what was set for every client, else the environment. */
export function settled(given: CallSettings): CallSettings {
  const environment = readEnvironment();
  return {
    project: given.project ?? defaults.project ?? environment.project,
    staging: given.staging ?? defaults.staging ?? environment.staging,
    caching: given.caching ?? defaults.caching ?? environment.caching,
  };
}

/** Sets the headers of the proxy, except for those that the request has itself; the SDKs' own project counts as one. */
export function addHeaders(headers: Headers, { project, staging, caching }: CallSettings): void {
  const add = (name: string, value: string | null | undefined) => {
    if (value !== undefined && value !== null && !headers.has(name)) headers.set(name, value);
  };
  if (!headers.has('openai-project')) add('openai-proxy-project', project);
  add('openai-proxy-staging', staging);
  add('openai-proxy-caching', caching === undefined ? undefined : caching ? '1' : '0');
}
