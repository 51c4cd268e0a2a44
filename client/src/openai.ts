import Base, { type ClientOptions as BaseOptions } from 'openai';
import { readEnvironment } from './environment.ts';
import { createLiveFetch, OPENAI_ORIGIN } from './fetch.ts';
import type { CallSettings } from './settings.ts';
import type { StageOptions } from './stage.ts';

/** Of OpenAI's own accounts and other providers: through a stage there is nothing for them to do. */
type NotHere =
  | 'adminAPIKey'
  | 'credential'
  | 'dataResidency'
  | 'organization'
  | 'provider'
  | 'workloadIdentity'
  | 'x509Transport';

/** The options of the `openai` package's client, and those of a caller of Farebox. */
export interface ClientOptions
  extends Omit<BaseOptions, NotHere | 'apiKey' | 'fetch' | 'project'>,
    CallSettings,
    Omit<StageOptions, 'apiKey' | 'url'> {
  /** `sk-<id>`, where `<id>` is that of the stage's Lambda URL. OpenAI's own key is not needed, and is not sent. */
  apiKey?: string | null | undefined;
}

/** The base class wants one. What is sent carries the caller's AWS signature in its place. */
const NO_KEY = 'none: AWS signs';

/**
 * The client of the `openai` package, in front of a stage of Farebox: same resources, streams, helpers, retries and
 * errors. Calls are signed with the caller's AWS credentials.
 */
export class OpenAI extends Base {
  static override OpenAI: typeof OpenAI = OpenAI;

  /** Whom it calls, and as whom: what the base class does not hand on to its copies. */
  readonly #connection: Pick<ClientOptions, Exclude<keyof StageOptions, 'url'>>;
  readonly #settings: { -readonly [Name in keyof CallSettings]: CallSettings[Name] };

  constructor(options: ClientOptions = {}) {
    const { project, staging, caching, ...rest } = options;
    const { credentials, profile, region, endpointUrl, namePrefix, urls, fetch, apiKey, ...others } = rest;
    const settings = { project, staging, caching };
    const connection = { credentials, profile, region, endpointUrl, namePrefix, urls, fetch, apiKey };
    const baseURL = others.baseURL ?? readEnvironment().baseURL;
    const url = baseURL?.startsWith(OPENAI_ORIGIN) ? undefined : baseURL;
    super({
      ...others,
      apiKey: NO_KEY,
      adminAPIKey: null,
      organization: null,
      project: null,
      baseURL: url ?? `${OPENAI_ORIGIN}/v1`,
      fetch: createLiveFetch({ ...connection, apiKey: apiKey ?? undefined, url }, () => settings),
    });
    this.#connection = connection;
    this.#settings = settings;
  }

  /** Sets the project that pays for what this client asks for from now on. */
  setProject(project: string): void {
    this.#settings.project = project;
  }

  /** Sets the stage that this client calls from now on. A `baseURL` that was given stays: the stage must be its own. */
  setStaging(staging: string): void {
    this.#settings.staging = staging;
  }

  /** Says whether answers may come from the cache from now on. */
  setCaching(caching: boolean): void {
    this.#settings.caching = caching;
  }

  override withOptions(options: Partial<ClientOptions>): this {
    // They come back to the constructor above, which takes more than the base class says.
    const own: ClientOptions = { ...this.#connection, ...this.#settings };
    return super.withOptions({ ...own, ...options } as Partial<BaseOptions>);
  }
}
