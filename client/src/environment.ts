/** What the environment says. Read anew each time: programs set it after they have imported this. */
export interface Environment {
  readonly project: string | undefined;
  readonly staging: string | undefined;
  readonly caching: boolean | undefined;
  /** `OPENAI_API_KEY`: with this client the id of a stage's URL, never OpenAI's own key. */
  readonly apiKey: string | undefined;
  readonly baseURL: string | undefined;
  readonly lambdaEndpoint: string | undefined;
  /** What the deployment put before its functions' names (Terraform's `name_prefix`). */
  readonly namePrefix: string | undefined;
  readonly stsEndpoint: string | undefined;
  readonly region: string | undefined;
  readonly profile: string | undefined;
  /** The URL of a stage: `FAREBOX_URL_<STAGE>`, else `FAREBOX_URL`. */
  readonly stageUrl: (staging: string) => string | undefined;
}

/** Reads the environment; an empty variable is one that is not set. */
export function readEnvironment(): Environment {
  const read = (name: string) => process.env[name]?.trim() || undefined;
  const caching = read('OPENAI_DEFAULT_CACHING');
  return {
    project: read('OPENAI_DEFAULT_PROJECT'),
    staging: read('OPENAI_DEFAULT_STAGING'),
    caching: caching === undefined ? undefined : !/^(0|false|no|off)$/i.test(caching),
    apiKey: read('OPENAI_API_KEY'),
    baseURL: read('OPENAI_BASE_URL'),
    lambdaEndpoint: read('AWS_ENDPOINT_URL_LAMBDA') ?? read('AWS_ENDPOINT_URL'),
    namePrefix: read('FAREBOX_NAME_PREFIX'),
    stsEndpoint: read('AWS_ENDPOINT_URL_STS'),
    profile: read('AWS_PROFILE'),
    region: read('AWS_REGION') ?? read('AWS_DEFAULT_REGION'),
    stageUrl: (staging) => read(stageVariable(staging)) ?? read('FAREBOX_URL'),
  };
}

/** The name of the variable that holds a stage's URL, such as `FAREBOX_URL_DEV`. */
export function stageVariable(staging: string): string {
  return `FAREBOX_URL_${staging.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}
